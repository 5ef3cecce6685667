//! Rules: pure functions of plain values. Nothing here reads a clock, a database or a request.

pub(crate) mod attempts;
pub(crate) mod breaker;
pub(crate) mod client_ip;
pub(crate) mod database_url;
pub(crate) mod lifetimes;
pub(crate) mod limit;
pub(crate) mod login;
pub mod rotation;
pub mod selection;
pub(crate) mod shared_settings;
