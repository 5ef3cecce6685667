//! What a requirement can check about a session, and why it is not met.

pub(crate) mod age;
mod facts;
mod unmet;
mod value;

pub use facts::Facts;
pub use unmet::Unmet;
pub use value::ClaimValue;
