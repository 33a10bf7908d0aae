//! The pages, the API and the hooks' addresses. Pages call services; no SQL here.
pub mod admin;
