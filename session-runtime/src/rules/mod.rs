//! The rules: pure functions over plain values. Nothing here reads a clock, a database or a request.

pub(crate) mod breaker;
pub(crate) mod lifetimes;
pub(crate) mod limit;
pub mod rotation;
pub mod selection;
