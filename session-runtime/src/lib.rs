#![doc = include_str!("../docs/front_door.md")]

mod cache;
mod clock;
mod config;
mod error;
mod handle;
mod keys;
mod payload;
mod random;
mod revocation;
pub mod rotation;
mod sessions;
mod store;
mod token;
mod web;

#[cfg(feature = "testing")]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock};
pub use config::{Auto, OnStall, SameSite, SessionConfig};
pub use error::Error;
pub use handle::{InvalidHandle, SessionHandle};
pub use payload::{GoesWith, JwtPayload, NewSession, RESERVED_CLAIMS, UserId};
pub use random::{OsRandom, Random};
pub use sessions::{SessionInfo, Sessions};
pub use token::SessionTokens;
pub use web::{LiveSession, MaybeSession, Session, SessionFairing};

#[doc = include_str!("../docs/jwt_payload.md")]
pub use session_macros::JwtPayload;
#[doc = include_str!("../docs/login.md")]
pub use session_macros::login;

/// What the macros' output names; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::web::login::{Login, LoginOutcome, LoginResponse};
    pub use rocket::Route;
}
