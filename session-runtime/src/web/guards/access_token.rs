//! `AccessToken`: the request's access token, for calls to other services.

use std::fmt;

use rocket::Request;

use crate::error::Error;
use crate::web::guards::{Guard, guard};
use crate::web::request::csrf::Check;
use crate::web::request::presented::Presented;
use crate::web::request::verify::verify;
use crate::web::state::wire;

/// A guard that gives the access token of the request's session, to pass it on to another service.
///
/// It accepts the same requests as [`Session`](crate::Session), with any payload type. If this
/// request changes the payload, only the next token contains the change.
///
/// ```
/// use session_runtime::AccessToken;
///
/// #[rocket::get("/report")]
/// fn report(token: AccessToken) -> String {
///     format!("Authorization: Bearer {}", token.as_str())
/// }
/// # let _ = rocket::routes![report];
/// ```
#[doc(alias = "bearer")]
#[doc(alias = "getAccessToken")]
#[doc(alias = "getAllSessionTokensDangerously")]
pub struct AccessToken(String);

impl AccessToken {
    /// The signed token (JWT).
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken")
    }
}

guard!(<> AccessToken);

impl Guard for AccessToken {
    const NAME: &'static str = "AccessToken";

    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let (sessions, verified) = verify(request, check).await?;
        if verified.pending {
            return Err(Error::SecondFactorRequired { page: None });
        }
        let presented = Presented::of(request, wire(request));
        // A bearer token takes precedence over cookies.
        let token = match presented.access_bearer(sessions) {
            Some(bearer) => Some(bearer.to_owned()),
            None => presented.access_cookie(sessions, &verified),
        };
        token.map(Self).ok_or(Error::TryRefreshToken)
    }
}
