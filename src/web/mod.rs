//! What people see: pages and their forms. Parses, calls one service, answers; owns no rule of
//! money and no SQL. Everything a page shows is loaded before it is rendered.
//!
//! **Forms.** A form posts to a server function, which every browser can do without a script:
//! `#[server(prefix = "/do", endpoint = "checkout/start")]`, served under `/do/{*fn}` with the
//! services' `App` in context ([`server::router`]). Server functions live in server modules alone
//! and have no browser stub. One that takes the input ends in [`forms::see_other`]. One that
//! refuses it puts codes and the typed values into a [`flash::Flash`] and goes back with
//! [`forms::refuse`]: POST, 303, GET. The page then reads the flash, clears it, and says each code
//! in the reader's language. Nothing from the address is ever shown. Uploads are plain axum
//! handlers that end in [`flash::Flash::redirect`].
//!
//! **Typed text.** Leptos escapes text everywhere but in `<textarea>`, `<noscript>`, `<script>` and
//! `<style>`: a textarea gets its text as `inner_html=render::escape(..)`.
pub mod admin;
pub mod api;
pub mod assets;
mod body;
pub mod checkout;
mod client;
mod docs;
pub mod flash;
pub mod forms;
pub mod health;
pub mod hooks;
pub mod problem;
mod refusals;
pub mod render;
pub mod server;
pub mod texts;
