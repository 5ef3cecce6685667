//! Sessions on Rocket. The only folder that names it.

mod config;
mod error;
mod fairing;
mod guard;
pub(crate) mod login;
mod pending;
mod routes;
mod transport;

pub use fairing::SessionFairing;
pub use guard::{LiveSession, MaybeSession, Session};
