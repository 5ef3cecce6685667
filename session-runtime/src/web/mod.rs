//! Sessions on Rocket. Only this folder uses Rocket.

pub(crate) mod guards;
mod handle;
mod launch;
mod local_url;
pub(crate) mod paths;
mod request;
mod request_state;
mod response;
pub(crate) mod routes;
mod settings;
mod state;
#[cfg(feature = "internals")]
pub(crate) mod testing;

pub use guards::access_token::AccessToken;
pub use guards::cross_site::{CrossSite, SameOrigin};
pub use guards::live_session::LiveSession;
pub use guards::login::Login;
pub use guards::logout::Logout;
pub use guards::maybe_session::MaybeSession;
pub use guards::refresh::Refresh;
pub use guards::requirement::{DeviceBound, Fetch, Fresh, Registered, Requirement};
pub use guards::session::Session;
pub use launch::cors::CorsFairing;
pub use launch::fairing::SessionFairing;
pub use local_url::LocalUrl;
pub use response::answer::Answers;
pub use response::error::ErrorAnswer;
pub use routes::catchers;
