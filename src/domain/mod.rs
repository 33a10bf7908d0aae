//! Plain data and the rules of money. No I/O, no async, no clock: both builds share it.
pub mod account;
pub mod bill;
pub mod currency;
pub mod endpoint;
pub mod event;
pub mod fee;
pub mod hook;
pub mod ids;
pub mod input;
pub mod job;
pub mod method;
pub mod money;
pub mod order;
pub mod payment;
pub mod proof;
pub mod refund;
pub mod role;
mod states;
pub mod time;

pub use currency::Currency;
pub use fee::Fee;
pub use input::InputProblem;
pub use money::Money;
pub use states::TransitionError;
pub use time::Timestamp;
