//! `Error` over HTTP: the status and the fixed body of each, unless the application answers itself.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder};
use rocket::{Request, Response};
use serde_json::json;

use crate::config::SessionConfig;
use crate::error::Error;
use crate::panics::caught;
use crate::web::request::people;
use crate::web::response::pending::Pending;
use crate::web::response::wire;
use crate::web::state;

/// How long a client should wait before it tries again, in seconds.
const RETRY_AFTER: &str = "1";

/// What the application answers in the place of the protocol's body: see
/// [`SessionFairing::on_error`](crate::SessionFairing::on_error).
#[derive(Debug, Clone)]
pub struct ErrorAnswer {
    /// The status; front ends refresh at `session_expired_status`.
    pub status: Status,
    /// What the body is.
    pub content_type: ContentType,
    /// The body.
    pub body: String,
}

type Handler = dyn Fn(&Error, &Request<'_>) -> Option<ErrorAnswer> + Send + Sync;

/// The application's own answers to errors.
#[derive(Clone, Default)]
pub(in crate::web) struct ErrorHandler(Option<Arc<Handler>>);

impl ErrorHandler {
    pub(in crate::web) fn new(
        handler: impl Fn(&Error, &Request<'_>) -> Option<ErrorAnswer> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(handler)))
    }

    /// What the application answers; a handler that panics answers nothing.
    fn answer(&self, error: &Error, request: &Request<'_>) -> Option<ErrorAnswer> {
        let handler = self.0.as_ref()?;
        caught(|| handler(error, request)).unwrap_or_else(|cause| {
            let cause = format!("the error handler panicked: {cause}");
            state::report(request, &Error::General(cause));
            None
        })
    }
}

impl fmt::Debug for ErrorHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorHandler")
    }
}

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

    /// The statuses that errors answer with.
    pub(in crate::web) fn statuses(config: &SessionConfig) -> BTreeSet<u16> {
        [
            config.session_expired_status,
            config.invalid_claim_status,
            Status::Forbidden.code,
            Status::Conflict.code,
            Status::ServiceUnavailable.code,
            Status::InternalServerError.code,
        ]
        .into()
    }

    /// The status that this error answers with.
    pub fn status(&self, request: &Request<'_>) -> Status {
        let configured = |code: fn(&crate::SessionConfig) -> u16, default: Status| {
            let sessions = state::managed(request).ok();
            sessions.map_or(default, |sessions| Status::new(code(sessions.config())))
        };
        match self {
            Self::Unauthorised
            | Self::NoToken
            | Self::TryRefreshToken
            | Self::TokenTheft { .. } => {
                configured(|config| config.session_expired_status, Status::Unauthorized)
            }
            Self::InvalidClaims(_) => {
                configured(|config| config.invalid_claim_status, Status::Forbidden)
            }
            Self::CrossSite
            | Self::SignInAgain
            | Self::SecondFactorRequired { .. }
            | Self::TooManySessions
            | Self::SeveralUsers => Status::Forbidden,
            Self::Conflict | Self::Replaced => Status::Conflict,
            Self::Unavailable => Status::ServiceUnavailable,
            Self::PayloadTooLarge { .. }
            | Self::PayloadTooDeep { .. }
            | Self::Unstorable { .. }
            | Self::DataMismatch { .. }
            | Self::DataTooLarge { .. }
            | Self::IsolationLevel { .. }
            | Self::ReservedClaim { .. }
            | Self::DuplicateClaim { .. }
            | Self::General(_) => Status::InternalServerError,
        }
    }

    /// The body of the protocol.
    pub(in crate::web) fn body(&self) -> Cow<'static, str> {
        let fixed = match self {
            Self::InvalidClaims(unmet) => {
                let body = json!({ "message": "invalid claim", "claimValidationErrors": unmet });
                return body.to_string().into();
            }
            Self::Unauthorised | Self::NoToken => r#"{"message":"unauthorised"}"#,
            Self::TryRefreshToken => r#"{"message":"try refresh token"}"#,
            Self::TokenTheft { .. } => r#"{"message":"token theft detected"}"#,
            Self::CrossSite => r#"{"message":"cross-site request refused"}"#,
            Self::SignInAgain | Self::SeveralUsers => r#"{"message":"sign in again"}"#,
            Self::SecondFactorRequired { .. } => r#"{"message":"second factor required"}"#,
            Self::TooManySessions => r#"{"message":"too many sessions"}"#,
            Self::Conflict => r#"{"message":"changed meanwhile"}"#,
            Self::Replaced => r#"{"message":"session replaced"}"#,
            Self::Unavailable => r#"{"message":"temporarily unavailable"}"#,
            Self::PayloadTooLarge { .. }
            | Self::PayloadTooDeep { .. }
            | Self::Unstorable { .. }
            | Self::DataMismatch { .. }
            | Self::DataTooLarge { .. }
            | Self::IsolationLevel { .. }
            | Self::ReservedClaim { .. }
            | Self::DuplicateClaim { .. }
            | Self::General(_) => r#"{"message":"internal error"}"#,
        };
        fixed.into()
    }

    /// Puts the answer of the application, or else of the protocol, onto `response`.
    pub(in crate::web) fn write(&self, request: &Request<'_>, response: &mut Response<'_>) {
        let handler = request.rocket().state::<ErrorHandler>();
        let own = handler.and_then(|handler| handler.answer(self, request));
        let ErrorAnswer {
            status,
            content_type,
            body,
        } = own.unwrap_or_else(|| ErrorAnswer {
            status: self.status(request),
            content_type: ContentType::JSON,
            body: self.body().into_owned(),
        });
        response.set_status(status);
        response.set_header(content_type);
        response.set_sized_body(body.len(), Cursor::new(body));
        wire::forbid_caching(response);
        if matches!(self, Self::Unavailable | Self::Replaced) {
            response.set_header(Header::new("Retry-After", RETRY_AFTER));
        }
    }
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        if self.status(request) == Status::InternalServerError {
            state::report(request, &self);
        }
        if matches!(self, Self::Unauthorised | Self::TokenTheft { .. }) {
            Pending::of(request).withdraw();
        }
        let status = self.status(request);
        // A person gets the page of the application's catcher, as when a guard fails; that catcher may
        // answer with this very error.
        if Pending::of(request).failure().is_none()
            && (status.class().is_client_error() || status.class().is_server_error())
            && people::is_for_people(request)
            && state::is_caught(status, request)
        {
            Pending::of(request).park(self);
            return Err(status);
        }
        let mut response = Response::new();
        self.write(request, &mut response);
        Ok(response)
    }
}
