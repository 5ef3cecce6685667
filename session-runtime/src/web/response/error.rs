//! `Error` over HTTP: status and fixed body of each error, unless the application answers itself.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder};
use rocket::{Request, Response};
use serde_json::json;

use crate::config::SessionConfig;
use crate::error::Error;
use crate::panics::caught;
use crate::web::request::wants_html::wants_html;
use crate::web::request_state::RequestState;
use crate::web::response::headers;
use crate::web::state;

/// The application's own answer to a session error: see
/// [`SessionFairing::on_error`](crate::SessionFairing::on_error).
///
/// ```
/// # use rocket::http::{ContentType, Status};
/// # use session_runtime::fairing::ErrorAnswer;
/// let answer = ErrorAnswer::new(Status::Unauthorized, ContentType::Text, "please log in");
/// assert_eq!(answer.body, "please log in");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ErrorAnswer {
    /// The status. Front ends refresh when it is `session_expired_status`.
    pub status: Status,
    /// The content type of the body.
    pub content_type: ContentType,
    /// The body.
    pub body: String,
}

impl ErrorAnswer {
    /// An answer with this status, content type and body.
    pub fn new(status: Status, content_type: ContentType, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type,
            body: body.into(),
        }
    }
}

/// The status with which an error is answered.
#[derive(Clone, Copy)]
enum ErrorStatus {
    /// `session_expired_status`: a front end refreshes, or forgets the session.
    Expired,
    /// `invalid_claim_status`.
    InvalidClaim,
    /// A status that is not a setting.
    Other(Status),
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

    /// The application's answer; a handler that panics gives none.
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
    /// The error with which a session guard failed in this request, for your own catchers.
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
        RequestState::of(request).failure()
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

    /// The status with which this error is answered, by the settings.
    pub fn status(&self, request: &Request<'_>) -> Status {
        let configured = |code: fn(&SessionConfig) -> u16, default: Status| {
            let sessions = state::managed(request).ok();
            sessions.map_or(default, |sessions| Status::new(code(sessions.config())))
        };
        match self.on_the_wire().0 {
            ErrorStatus::Expired => {
                configured(|config| config.session_expired_status, Status::Unauthorized)
            }
            ErrorStatus::InvalidClaim => {
                configured(|config| config.invalid_claim_status, Status::Forbidden)
            }
            ErrorStatus::Other(status) => status,
        }
    }

    /// The body of the protocol.
    pub(in crate::web) fn body(&self) -> String {
        let message = self.on_the_wire().1;
        match self {
            Self::InvalidClaims(unmet) => {
                json!({ "message": message, "claimValidationErrors": unmet }).to_string()
            }
            _ => json!({ "message": message }).to_string(),
        }
    }

    /// What a client learns about this error: its kind and the message.
    fn on_the_wire(&self) -> (ErrorStatus, &'static str) {
        let forbidden = ErrorStatus::Other(Status::Forbidden);
        let conflict = ErrorStatus::Other(Status::Conflict);
        match self {
            Self::Unauthorised | Self::NoToken => (ErrorStatus::Expired, "unauthorised"),
            Self::TryRefreshToken => (ErrorStatus::Expired, "try refresh token"),
            Self::TokenTheft { .. } => (ErrorStatus::Expired, "token theft detected"),
            Self::InvalidClaims(_) => (ErrorStatus::InvalidClaim, "invalid claim"),
            Self::CrossSite => (forbidden, "cross-site request refused"),
            Self::SignInAgain | Self::SeveralUsers => (forbidden, "sign in again"),
            Self::SecondFactorRequired { .. } => (forbidden, "second factor required"),
            Self::TooManySessions => (forbidden, "too many sessions"),
            Self::Conflict => (conflict, "changed meanwhile"),
            Self::Replaced => (conflict, "session replaced"),
            Self::Unavailable => (
                ErrorStatus::Other(Status::ServiceUnavailable),
                "temporarily unavailable",
            ),
            Self::PayloadTooLarge { .. }
            | Self::PayloadTooDeep { .. }
            | Self::Unstorable { .. }
            | Self::DataMismatch { .. }
            | Self::DataTooLarge { .. }
            | Self::IsolationLevel { .. }
            | Self::WrongDatabase { .. }
            | Self::ReservedClaim { .. }
            | Self::DuplicateClaim { .. }
            | Self::General(_) => (
                ErrorStatus::Other(Status::InternalServerError),
                "internal error",
            ),
        }
    }

    /// Writes the application's answer, or else the protocol's, onto `response`.
    pub(in crate::web) fn write(&self, request: &Request<'_>, response: &mut Response<'_>) {
        let handler = request.rocket().state::<ErrorHandler>();
        let own = handler.and_then(|handler| handler.answer(self, request));
        let ErrorAnswer {
            status,
            content_type,
            body,
        } = own.unwrap_or_else(|| {
            ErrorAnswer::new(self.status(request), ContentType::JSON, self.body())
        });
        response.set_status(status);
        response.set_header(content_type);
        response.set_sized_body(body.len(), Cursor::new(body));
        headers::forbid_caching(response);
        if matches!(self, Self::Unavailable | Self::Replaced) {
            headers::ask_to_retry(response);
        }
    }
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        if self.status(request) == Status::InternalServerError {
            state::report(request, &self);
        }
        if matches!(self, Self::Unauthorised | Self::TokenTheft { .. }) {
            RequestState::of(request).withdraw();
        }
        let status = self.status(request);
        // A person gets the page of the application's catcher, as if a guard had failed; the
        // catcher may answer with this same error.
        if RequestState::of(request).failure().is_none()
            && (status.class().is_client_error() || status.class().is_server_error())
            && wants_html(request)
            && state::is_caught(status, request)
        {
            RequestState::of(request).park(self);
            return Err(status);
        }
        let mut response = Response::new();
        self.write(request, &mut response);
        Ok(response)
    }
}
