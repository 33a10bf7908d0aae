//! Money from end to end: the API and the hooks over HTTP, the simulator as the provider. A name
//! begins with the rule of money that it holds to.
mod deaf;
mod hooks;
//X mod inputs;
//X mod keys;
mod late;
mod mismatch;
mod modes;
mod mpesa;
mod paystack;
//X mod processes;
//X mod proofs;
mod refund_trouble;
mod refunds;
//X mod secrets;
mod tenants;
mod unknown;
