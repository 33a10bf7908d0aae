//! What both builds share of the pages: islands, which alone reach the browser's program.
pub mod islands;
