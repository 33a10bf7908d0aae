//! Money from end to end: the API and the hooks over HTTP, the simulator as the provider. A name
//! begins with the rule of money that it holds to.
mod checkout;
mod choices;
mod customers;
mod dashboard;
mod deaf;
mod hooks;
mod imports;
mod inputs;
mod keys;
mod late;
mod links;
mod mismatch;
mod modes;
mod mpesa;
mod paybill;
mod payme;
mod paystack;
mod plans;
mod processes;
mod proofs;
mod refund_trouble;
mod refunds;
mod reversals;
mod secrets;
mod tenants;
mod unknown;
