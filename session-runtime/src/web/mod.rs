//! Sessions on Rocket. The only folder that names it.

mod answer;
mod caller;
pub mod catchers;
mod config;
mod cors;
mod cross_site;
mod csrf;
mod error;
mod fairing;
mod guard;
mod jwks;
mod local_url;
pub(crate) mod login;
pub(crate) mod logout;
mod misfits;
mod origin;
mod pages;
mod pending;
mod presented;
mod refresh;
pub(crate) mod requirement;
mod routes;
mod session;
mod state;
mod tasks;
#[cfg(feature = "testing")]
pub(crate) mod testing;
mod transport;
mod verdict;

pub use cors::CorsFairing;
pub use cross_site::{CrossSite, SameOrigin};
pub use error::ErrorAnswer;
pub use fairing::SessionFairing;
pub use guard::{LiveSession, MaybeSession};
pub use local_url::LocalUrl;
pub use login::Login;
pub use logout::Logout;
pub use refresh::Refresh;
pub use requirement::{Fetch, Fresh, Registered, Requirement};
pub use session::Session;
