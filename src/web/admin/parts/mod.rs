//! What every page of the dashboard is put together from: plain functions from facts to markup.
//! They know nothing of requests or services.
pub mod chart;
pub mod chips;
pub mod form;
pub mod frame;
pub mod icons;
pub mod lists;
pub mod money;
pub mod notes;
pub mod shell;
pub mod time;
pub mod timeline;

pub use chips::{chip, flag, flags, light, monogram, states, tag, test_tag, via};
pub use form::{Input, Post, Typed};
pub use frame::Frame;
pub use icons::icon;
pub use money::{amt, amt_bare, money_text};
pub use notes::{Note, empty, note};
pub use time::{Zone, waited};
