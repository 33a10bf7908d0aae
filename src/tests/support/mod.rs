//! What the tests stand on: a fresh database, the program with a clock moved by hand, and the
//! simulator in a process of its own.
pub mod api;
pub mod app;
pub mod database;
pub mod mail;
pub mod process;
pub mod providers;
pub mod receiver;
pub mod rows;
pub mod simulator;

pub use api::Api;
pub use app::{Setup, TestApp};
pub use database::TestDb;
pub use mail::MailServer;
pub use simulator::Simulator;

/// A random word for names that must not meet.
pub fn word() -> String {
    malipo::clock::random_hex::<6>()
}
