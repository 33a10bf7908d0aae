//! The integration tests, one binary: they start the real program, or the real router with a
//! database of its own, against the simulator in a process of its own. On SQLite; on PostgreSQL
//! where `TEST_DATABASE_URL` is set. Time moves by hand, so nothing here sleeps.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, in its helpers too"
)]
mod api;
mod commands;
mod conformance;
mod dashboard;
#[expect(dead_code, reason = "its own tests are all that is wanted of it here")]
#[path = "../commands/demo/tables.rs"]
mod demo_tables;
mod faults;
mod flows;
mod layers;
mod store;
mod support;
mod web;
