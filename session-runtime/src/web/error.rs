//! `Error` over HTTP: the status and the fixed body of each, and nothing else.

use std::io::Cursor;

use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder};
use rocket::{Request, Response};

use super::pending::{Change, Cleared, Pending};
use super::transport;
use crate::error::Error;

/// How long a client should wait before it tries again, in seconds.
const RETRY_AFTER: &str = "1";

impl Error {
    /// The error with which a session guard of this request failed, for the application's own catchers.
    ///
    /// ```
    /// # use rocket::{catch, Request};
    /// # use session_runtime::Error;
    /// #[catch(401)]
    /// fn unauthorised(request: &Request) -> String {
    ///     match Error::from_request(request) {
    ///         Some(Error::TryRefreshToken) => "refresh, then come back".into(),
    ///         _ => "please log in".into(),
    ///     }
    /// }
    /// ```
    pub fn from_request(request: &Request<'_>) -> Option<Self> {
        Pending::of(request).failure()
    }

    pub(super) fn status(&self) -> Status {
        match self {
            Self::Unauthorised { .. } | Self::TryRefreshToken | Self::TokenTheft { .. } => {
                Status::Unauthorized
            }
            Self::CrossSite => Status::Forbidden,
            Self::DuplicateCookies { cleared: true } => Status::Ok,
            Self::DuplicateCookies { cleared: false } => Status::BadRequest,
            Self::Unavailable => Status::ServiceUnavailable,
            Self::PayloadTooLarge { .. }
            | Self::ReservedClaim { .. }
            | Self::DuplicateClaim { .. }
            | Self::General(_) => Status::InternalServerError,
        }
    }

    fn body(&self) -> &'static str {
        match self {
            Self::Unauthorised { .. } => r#"{"message":"unauthorised"}"#,
            Self::TryRefreshToken => r#"{"message":"try refresh token"}"#,
            Self::TokenTheft { .. } => r#"{"message":"token theft detected"}"#,
            Self::CrossSite => r#"{"message":"cross-site request refused"}"#,
            Self::DuplicateCookies { cleared: true } => {
                r#"{"message":"The request contains multiple session cookies. The older ones are removed now: try again."}"#
            }
            Self::DuplicateCookies { cleared: false } => {
                r#"{"message":"The request contains multiple session cookies. If the cookie domain was changed, the older domain must be configured."}"#
            }
            Self::Unavailable => r#"{"message":"temporarily unavailable"}"#,
            Self::PayloadTooLarge { .. }
            | Self::ReservedClaim { .. }
            | Self::DuplicateClaim { .. }
            | Self::General(_) => r#"{"message":"internal error"}"#,
        }
    }

    /// Puts the protocol's body onto `response`, whose status is already this error's.
    pub(super) fn write_body(&self, response: &mut Response<'_>) {
        response.set_header(ContentType::JSON);
        response.set_sized_body(self.body().len(), Cursor::new(self.body()));
        transport::forbid_caching(response);
        if *self == Self::Unavailable {
            response.set_header(Header::new("Retry-After", RETRY_AFTER));
        }
    }
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        if self.status() == Status::InternalServerError {
            tracing::error!(error = %self, "a session operation failed");
        }
        if self.clears_tokens() {
            Pending::of(request).set(Change::Clear(Cleared::Everywhere));
        }
        let mut response = Response::build().status(self.status()).finalize();
        self.write_body(&mut response);
        Ok(response)
    }
}
