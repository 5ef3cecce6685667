#![doc = include_str!("../docs/front_door.md")]

// Leaves: values and small services, which know nobody below this group.
mod arrival;
mod clock;
mod config;
mod device;
mod error;
mod event;
mod handle;
mod keys;
mod panics;
mod payload;
mod random;
mod record;
mod rules;
mod token;
mod unmet;
mod user_id;

// The story of a session, without HTTP and SQL; and what it keeps in memory.
mod cache;
mod new_session;
mod requirement;
mod revocation;
mod sessions;

// The two surroundings: the database (Diesel) and the web framework (Rocket).
mod store;
pub mod transfer;
mod web;

#[cfg(feature = "testing")]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock};
pub use config::{
    Auto, CookiePrefix, Csrf, FrontToken, KeptIp, OnStall, Revocation, SameSite, Secret,
    SessionConfig, SessionLimit, SigningAlgorithm, Transfer,
};
pub use device::Device;
pub use error::Error;
pub use event::{Event, RevokedBy};
pub use handle::{InvalidHandle, SessionHandle};
pub use keys::OwnKey;
pub use new_session::{GoesWith, NewSession, NoAnswer};
pub use payload::public_claim::PublicClaim;
pub use payload::{HasAuthTime, JwtPayload, RESERVED_CLAIMS};
pub use random::{OsRandom, Random};
pub use requirement::{ClaimValue, Facts};
pub use rules::rotation;
#[doc(hidden)] // the model checker runs it
pub use rules::selection;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub use sessions::testing;
pub use sessions::{
    SessionInfo, Sessions, SigningKeyInfo, Uncommitted, VerifiedSession, Versioned, Within,
};
pub use store::SessionConnection;
pub use token::{SessionTokens, Transport};
pub use unmet::Unmet;
pub use user_id::UserId;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub use web::testing::{configuration, cookie_pairs};
pub use web::{
    CorsFairing, CrossSite, ErrorAnswer, Fetch, Fresh, LiveSession, LocalUrl, Login, Logout,
    MaybeSession, Refresh, Registered, Requirement, SameOrigin, Session, SessionFairing, catchers,
};

#[doc = include_str!("../docs/pages.md")]
pub mod pages {}

#[doc = include_str!("../docs/supertokens.md")]
pub mod supertokens {}

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

#[cfg(doc)]
#[doc = include_str!("../docs/databases.md")]
pub mod databases {}

#[cfg(doc)]
#[doc = include_str!("../docs/deployment.md")]
pub mod deployment {}

#[cfg(doc)]
#[doc = include_str!("../docs/troubleshooting.md")]
pub mod troubleshooting {}

/// What the macros' output names; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::payload::members::{Members, Place, require_room};
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
