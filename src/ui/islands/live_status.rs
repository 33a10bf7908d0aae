//! The waiting page's only script: asks for the payment's state and reloads when it changes.
//! Shows nothing by itself; without it the page is asked again by its `Refresh` header.
use leptos::prelude::*;

/// Watches a payment from the page that waits for it.
#[island]
pub fn LiveStatus(
    /// Our own route that answers `{"state": "…"}`.
    url: String,
    /// The state that the page shows.
    first: String,
) -> impl IntoView {
    watch(url, first);
}

#[cfg(not(feature = "hydrate"))]
fn watch(_: String, _: String) {}

#[cfg(feature = "hydrate")]
fn watch(url: String, first: String) {
    use std::time::Duration;
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::{JsFuture, spawn_local};

    async fn state(url: &str) -> Option<String> {
        let window = web_sys::window()?;
        let answer = JsFuture::from(window.fetch_with_str(url)).await.ok()?;
        let answer: web_sys::Response = answer.dyn_into().ok()?;
        let json = JsFuture::from(answer.json().ok()?).await.ok()?;
        js_sys::Reflect::get(&json, &"state".into())
            .ok()?
            .as_string()
    }

    set_interval(
        move || {
            let hidden = document().visibility_state() == web_sys::VisibilityState::Hidden;
            if hidden {
                return;
            }
            let (url, first) = (url.clone(), first.clone());
            spawn_local(async move {
                let changed = state(&url).await.is_some_and(|now| now != first);
                if let (true, Some(window)) = (changed, web_sys::window()) {
                    let _ = window.location().reload();
                }
            });
        },
        Duration::from_secs(3),
    );
}
