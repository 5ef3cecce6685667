#![doc = include_str!("../docs/front_door.md")]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

// Leaves: values and small services. None of them uses a group below.
mod claims;
pub mod clock;
pub mod config;
mod device;
mod error;
pub mod event;
mod handle;
pub mod keys;
mod launch_error;
pub mod new_session;
mod panics;
pub mod payload;
#[cfg_attr(
    not(feature = "internals"),
    expect(unreachable_pub, reason = "the tests of this repository see it")
)]
mod random;
mod record;
mod revocation;
#[cfg_attr(
    not(feature = "internals"),
    expect(unreachable_pub, reason = "the tests of this repository see it")
)]
#[allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "only the tests of this repository see it"
)]
mod rules;
pub mod token;
mod user_id;
mod wire_names;

// The life of a session, without HTTP and SQL.
pub mod sessions;

// The two surroundings: the database (Diesel) and the web framework (Rocket).
mod store;
mod web;

// What is only read, or only tested with.
pub mod guide;
#[cfg(feature = "testing")]
pub mod testing;

// The paved path. Everything else has one home, in a module.
pub use config::SessionConfig;
pub use error::Error;
pub use event::Event;
pub use handle::SessionHandle;
pub use new_session::NewSession;
pub use payload::JwtPayload;
pub use payload::public_claim::PublicClaim;
pub use sessions::{SessionInfo, Sessions};
#[cfg(feature = "transfer")]
pub use store::transfer;
pub use user_id::UserId;
pub use web::{
    AccessToken, CrossSite, LiveSession, LocalUrl, Login, Logout, MaybeSession, Refresh,
    SameOrigin, Session, SessionFairing, catchers,
};

/// What a route may require of a session beyond being valid: a role, a second factor, a recent
/// login.
///
/// A requirement is a type of the application, and the second parameter of a guard.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// use session_runtime::requirement::{Facts, Requirement, Unmet};
/// use session_runtime::{JwtPayload, Session};
///
/// # #[derive(Serialize, Deserialize, JwtPayload)]
/// # struct Claims { role: String }
/// struct Admin;
///
/// impl Requirement<Claims> for Admin {
///     fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
///         match facts.payload().role.as_str() {
///             "admin" => Ok(()),
///             other => Err(Unmet::wrong_value("role", "admin", other)),
///         }
///     }
/// }
///
/// #[rocket::get("/admin")]
/// fn admin(session: Session<Claims, Admin>) -> &'static str { "welcome" }
/// # let _ = rocket::routes![admin];
/// ```
pub mod requirement {
    pub use crate::claims::{ClaimValue, Facts, Unmet};
    pub use crate::web::{DeviceBound, Fetch, Fresh, Registered, Requirement};
}

/// Types for [`Sessions::fairing`] and [`Sessions::cors`]: answers to errors, launch errors, CORS.
///
/// ```
/// use rocket::http::{ContentType, Status};
/// use session_runtime::fairing::ErrorAnswer;
/// use session_runtime::{Error, Sessions};
///
/// let sessions = Sessions::fairing().on_error(|error, _request| match error {
///     Error::TokenTheft { .. } => {
///         let body = r#"{"message":"ask the help desk"}"#;
///         Some(ErrorAnswer::new(Status::Unauthorized, ContentType::JSON, body))
///     }
///     _ => None,
/// });
/// # let _ = rocket::build().attach(sessions).attach(Sessions::cors());
/// ```
pub mod fairing {
    pub use crate::launch_error::LaunchError;
    pub use crate::web::{CorsFairing, ErrorAnswer};
}

#[doc = include_str!("../docs/jwt_payload.md")]
pub use session_macros::JwtPayload;
#[doc = include_str!("../docs/public_claim.md")]
pub use session_macros::PublicClaim;
#[doc = include_str!("../docs/user_id.md")]
pub use session_macros::UserId;
#[doc = include_str!("../docs/login.md")]
pub use session_macros::login;
#[doc = include_str!("../docs/logout.md")]
pub use session_macros::logout;

/// What only the tests of this repository may use. Any release may change it.
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals {
    pub use crate::random::{OsRandom, Random};
    pub use crate::rules::{rotation, selection};
    pub use crate::sessions::testing::*;
    pub use crate::web::testing::{configuration, cookie_pairs};
}

/// What the macros' output uses; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::payload::members::{Level, Members, require_room};
    pub use crate::web::Answers;
    pub use crate::web::guards::login::{LoginOutcome, LoginResponse};
    pub use crate::web::guards::logout::{
        KeepLayer, Layer, LogoutDecision, LogoutResponse, PeelLayer,
    };
    pub use crate::{CrossSite, Login, Logout};

    pub use serde::Serialize;
    pub use serde::de::DeserializeOwned;

    use crate::{JwtPayload, NewSession};

    /// What `#[derive(JwtPayload)]` calls once it has tied the three types together.
    pub fn new_session<P: JwtPayload>(
        user_id: &P::UserId,
        payload: &P,
        data: &P::Data,
    ) -> NewSession {
        NewSession::serialise(user_id, payload, data)
    }

    pub use rocket::Route;
}
