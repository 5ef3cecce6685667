//! Sessions on Rocket. The only folder that names it.

mod answer;
mod config;
mod error;
mod fairing;
mod guard;
pub(crate) mod login;
pub(crate) mod logout;
mod pending;
mod routes;
mod tasks;
mod transport;

pub use fairing::SessionFairing;
pub use guard::{LiveSession, MaybeSession, Session};
pub use login::Login;
pub use logout::Logout;
