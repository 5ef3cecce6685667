//! Sessions on Rocket. The only folder that names it.

mod answer;
mod caller;
mod config;
mod cross_site;
mod csrf;
mod error;
mod fairing;
mod guard;
mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
mod pending;
mod routes;
mod tasks;
mod transport;

pub use cross_site::CrossSite;
pub use fairing::SessionFairing;
pub use guard::{LiveSession, MaybeSession, Session};
pub use login::Login;
pub use logout::Logout;
