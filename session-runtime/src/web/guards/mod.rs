//! What a route asks of its request: request guards in Rocket's sense, and what the macros call.

pub(crate) mod cross_site;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod refresh;
pub(crate) mod requirement;
pub(crate) mod second_factor;
pub(crate) mod session;
pub(crate) mod variants;
