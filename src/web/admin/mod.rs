//! The dashboard: pages for a tenant's staff, complete without JavaScript. English only.
//! What a role may see is settled by `auth`; every rule of money stays in the services.
pub mod parts;
pub mod sentences;
pub mod views;
