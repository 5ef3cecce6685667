//! `CrossSite` and `SameOrigin`: guards that check the origin of a request less, or more, strictly.

use std::ops::{Deref, DerefMut};

use rocket::{Ignite, Request, Rocket};

use crate::error::Error;
use crate::web::guards::{AnyOrigin, Guard, guard};
use crate::web::request::csrf::Check;

/// A guard wrapper that accepts requests which other sites caused.
///
/// `#[login(cross_site)]` uses `CrossSite<Login>`, for a callback that checks its own state, as in
/// OAuth, SAML or a magic link. `CrossSite<Session<P>>` is for a route without side effects that a
/// cross-site request could abuse.
///
/// ```
/// use session_runtime::{CrossSite, JwtPayload, Session};
/// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// # struct Claims { name: String }
/// #[rocket::post("/preview")]
/// fn preview(session: CrossSite<Session<Claims>>) -> String {
///     format!("hello {}", session.payload().name)
/// }
/// # let _ = rocket::routes![preview];
/// ```
#[doc(alias = "csrf")]
#[doc(alias = "OAuth")]
#[derive(Debug)]
pub struct CrossSite<G>(G);

/// A guard wrapper that refuses cross-site requests with every method, including GET.
///
/// ```
/// use session_runtime::{JwtPayload, SameOrigin, Session};
/// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// # struct Claims { name: String }
/// #[rocket::get("/export")]
/// fn export(session: SameOrigin<Session<Claims>>) -> String {
///     format!("the data of {}", session.payload().name)
/// }
/// # let _ = rocket::routes![export];
/// ```
#[doc(alias = "csrf")]
#[doc(alias = "antiCsrfCheck")]
#[derive(Debug)]
pub struct SameOrigin<G>(G);

macro_rules! wrapper {
    ($Wrapper:ident, $check:expr) => {
        impl<G> $Wrapper<G> {
            /// The guard inside.
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

        impl<G> DerefMut for $Wrapper<G> {
            fn deref_mut(&mut self) -> &mut G {
                &mut self.0
            }
        }

        impl<G: AnyOrigin> Guard for $Wrapper<G> {
            const NAME: &'static str = G::NAME;

            async fn load(request: &Request<'_>, _: Check) -> Result<Self, Error> {
                G::load(request, $check).await.map(Self)
            }

            fn aborts(rocket: &Rocket<Ignite>) -> bool {
                G::aborts(rocket)
            }
        }

        guard!(<G: AnyOrigin> $Wrapper<G>);
    };
}

wrapper!(CrossSite, Check::Nothing);
wrapper!(SameOrigin, Check::AllMethods);
