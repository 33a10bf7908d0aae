//! Malipo: a self-hosted payment hub. See ARCHITECTURE.md for the map.
//!
//! The package compiles twice. The browser build (`hydrate`) holds `domain` and `ui` alone; every
//! server module is behind `ssr`, and this file is the only place that says so.
pub mod domain;
pub mod ui;

#[cfg(feature = "ssr")]
pub mod clock;
#[cfg(feature = "ssr")]
pub mod config;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod providers;
#[cfg(feature = "ssr")]
pub mod services;
#[cfg(feature = "ssr")]
pub mod simulator;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod telemetry;
#[cfg(feature = "ssr")]
pub mod web;

/// Starts the islands of a page. Called once by the page's loader, before the islands' functions.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
