//! Views that move in the browser. Their properties are small and ready to show: no texts, no
//! money, no secrets reach the browser's program.
mod live_status;

pub use live_status::LiveStatus;
