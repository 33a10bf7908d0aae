//! The pages as pure functions from what they show to markup. They ask nobody and decide nothing.
pub mod alerts;
pub mod api_keys;
pub mod api_requests;
pub mod customers;
pub mod door;
pub mod endpoints;
pub mod events;
pub mod exports;
pub mod hooks;
pub mod imports;
pub mod links;
pub mod messages;
pub mod order;
pub mod orders;
pub mod overview;
pub mod payment;
pub mod payments;
pub mod plans;
pub mod proof_decision;
pub mod proofs;
pub mod provider;
pub mod providers;
pub mod refund_forms;
pub mod refunds;
pub mod start;
pub mod team;
pub mod unmatched;

#[cfg(test)]
mod sample_asks;
#[cfg(test)]
mod sample_pages;
#[cfg(test)]
mod sample_plans;
#[cfg(test)]
mod sample_reports;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
