//! `CrossSite` and `SameOrigin`: guards that look less, or more, at where a request comes from.

use std::ops::Deref;

use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::web::guards::requirement::Requirement;
use crate::web::guards::session::Session;
use crate::web::guards::variants::{self, LiveSession, MaybeSession};
use crate::web::request::csrf::Check;
use crate::web::state;

/// A guard that can be told how strictly to look at where a request comes from.
#[rocket::async_trait]
pub trait Judged: Sized + Send {
    #[doc(hidden)]
    async fn judged(request: &Request<'_>, check: Check) -> Result<Self, Error>;
}

/// A guard for a request that other sites may cause.
///
/// `CrossSite<Login>` is what `#[login(cross_site)]` uses, for a callback that checks its own state:
/// OAuth, SAML, a magic link. `CrossSite<Session<P>>` is for a route that changes nothing a visitor
/// of another site must not change.
#[derive(Debug)]
pub struct CrossSite<G>(G);

/// A guard that demands a request of our own pages also where the method says that nothing changes.
#[doc(alias = "antiCsrfCheck")]
#[derive(Debug)]
pub struct SameOrigin<G>(G);

macro_rules! wrapper {
    ($Wrapper:ident, $check:expr) => {
        impl<G> $Wrapper<G> {
            /// The guard.
            pub fn into_inner(self) -> G {
                self.0
            }
        }

        impl<G> Deref for $Wrapper<G> {
            type Target = G;

            fn deref(&self) -> &G {
                &self.0
            }
        }

        #[rocket::async_trait]
        impl<'r, G: Judged> FromRequest<'r> for $Wrapper<G> {
            type Error = Error;

            async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
                state::outcome(request, G::judged(request, $check).await.map(Self))
            }
        }

        impl<G: Sentinel> Sentinel for $Wrapper<G> {
            fn abort(rocket: &Rocket<Ignite>) -> bool {
                G::abort(rocket)
            }
        }
    };
}

wrapper!(CrossSite, Check::Nothing);
wrapper!(SameOrigin, Check::AllMethods);

#[rocket::async_trait]
impl<P: JwtPayload, R: Requirement<P>> Judged for Session<P, R> {
    async fn judged(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        variants::load(request, check).await
    }
}

#[rocket::async_trait]
impl<P: JwtPayload, R: Requirement<P>> Judged for MaybeSession<P, R> {
    async fn judged(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        Self::load(request, check).await
    }
}

#[rocket::async_trait]
impl<P: JwtPayload, R: Requirement<P>> Judged for LiveSession<P, R> {
    async fn judged(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        Self::load(request, check).await
    }
}
