//! The hosted checkout: from the choice of a method to the receipt. Views are pure functions of
//! small structs; what they show is loaded before by the handlers.
mod by_hand;
mod choose;
mod ends;
mod parts;
mod style;
mod waiting;

#[cfg(test)]
mod tests;
