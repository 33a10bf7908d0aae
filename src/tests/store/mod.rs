//! The store by itself, on whichever engine the tests run.
mod engine;
mod lists;
mod queue;
mod races;
mod rows;
