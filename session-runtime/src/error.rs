//! `Error`: the decisions a caller can take. Causes go to the log once, where they are mapped;
//! clients get fixed bodies.

use crate::handle::SessionHandle;
use crate::unmet::Unmet;

/// Why a session could not be created, read, refreshed or changed.
///
/// As a Rocket responder it answers with the status and the fixed body of the protocol, and removes
/// the session's cookies where the protocol does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The session has ended: log in. Answers 401 `unauthorised`.
    #[doc(alias = "UNAUTHORISED")]
    #[error("unauthorised")]
    Unauthorised,

    /// The request presents no token of this application: log in. Answers 401 `unauthorised`.
    #[error("no session was presented")]
    NoToken,

    /// The access token does not hold, a refresh may help. Answers 401 `try refresh token`.
    #[doc(alias = "TRY_REFRESH_TOKEN")]
    #[error("try refresh token")]
    TryRefreshToken,

    /// A superseded refresh token was used; the session has been ended. Answers 401 `token theft detected`.
    #[doc(alias = "TOKEN_THEFT_DETECTED")]
    #[error("token theft detected")]
    TokenTheft {
        /// The session that was ended.
        handle: SessionHandle,
        /// Whose session it was.
        user_id: String,
    },

    /// A page of another site made the browser send this request; nothing changed. Answers 403
    /// `cross-site request refused`.
    #[error("cross-site request refused")]
    CrossSite,

    /// A later session of the same browser took the place of this one while the request was under way;
    /// the browser has the later one's tokens, or is about to. Answers 409 with `Retry-After`.
    #[error("the session was replaced by a later one of the same browser")]
    Replaced,

    /// The request presents live sessions of different users; the next login ends both. Answers 403 `sign in
    /// again`, and removes nothing.
    #[error("the request presents sessions of different users")]
    SeveralUsers,

    /// The session does not meet what the route asks for. Answers 403 with every requirement that is not met.
    #[doc(alias = "INVALID_CLAIMS")]
    #[error("the session does not meet {} requirements of the route", .0.len())]
    InvalidClaims(Vec<Unmet>),

    /// The session is of another payload type than what asks for it, or was begun by a version of the
    /// application whose payload no longer fits; nothing is removed. Answers 403 `sign in again`.
    #[error("the session is of another payload type, or its payload no longer fits: sign in again")]
    SignInAgain,

    /// The session awaits a second factor, and the route is not the one that asks for it; nothing is
    /// removed. Answers 403 `second factor required`.
    #[error("the session awaits a second factor")]
    SecondFactorRequired {
        /// The page that asks for it: `#[session(pending, page = "..")]` of the session's payload; `None` if
        /// this process has not used that type yet.
        page: Option<&'static str>,
    },

    /// The user has as many sessions as `max_sessions_per_user` allows; nothing was stored. Answers 403.
    #[error("the user has as many sessions as allowed")]
    TooManySessions,

    /// Somebody else changed the data since it was read; nothing was stored. Answers 409.
    #[error("the session data was changed meanwhile")]
    Conflict,

    /// A transaction of the application hides what others commit meanwhile, so a session could be
    /// missed; nothing was changed. Answers 500.
    #[error(
        "the transaction is at the isolation level `{found}`, at which a session that another transaction \
         has just started would be missed: begin it as `READ COMMITTED`"
    )]
    IsolationLevel {
        /// The level of the transaction.
        found: String,
    },

    /// The access token would not fit into a cookie; nothing was stored. Answers 500.
    #[error(
        "the access token cookie would take {bytes} bytes and browsers drop cookies over {limit}: \
         move what the front end need not read from the payload to the session data"
    )]
    PayloadTooLarge {
        /// Bytes of the cookie's name and value.
        bytes: usize,
        /// The most a browser keeps.
        limit: usize,
    },

    /// The payload nests deeper than tokens may, so that we would refuse it ourselves; nothing was stored.
    /// Answers 500.
    #[error(
        "the payload nests deeper than {limit} levels: flatten it, or move what the front end need not \
         read to the session data"
    )]
    PayloadTooDeep {
        /// Objects and arrays within each other, the payload itself included.
        limit: usize,
    },

    /// A payload or session data would not come back from the database as it is, `NaN` for example: JSON
    /// cannot hold it, or its type reads something else than it writes. Nothing was stored. Answers 500.
    #[error(
        "`{field}` would not come back from the database as it is ({reason}): use a type that JSON can hold, \
         and see that it reads what it writes"
    )]
    Unstorable {
        /// The place, such as `data.items[3].price`; a map's own key is written `*`, for it may be private.
        field: String,
        /// What is wrong with it, without its value.
        reason: String,
    },

    /// What is stored no longer fits the type of the session data: a version of the application that had
    /// another type wrote it. Answers 500, since no login mends it.
    ///
    /// See [`Session::data`](crate::Session::data) for how to read the old form, or to start anew.
    #[error(
        "the stored session data does not fit its type at `{field}` ({reason}): let the type read the old form, or \
         overwrite it with `set_data`"
    )]
    DataMismatch {
        /// The place, such as `data.items[3]`; keys that are not fields of the type are written `*`.
        field: String,
        /// What is wrong with it, without its value.
        reason: String,
    },

    /// Session data is larger than `max_data_size` allows; nothing was stored. Answers 500.
    #[error(
        "the session data takes {bytes} bytes of JSON and `sessions.max_data_size` allows {limit}: keep what is \
         large in a table of the application, or raise the setting"
    )]
    DataTooLarge {
        /// Bytes of the JSON.
        bytes: usize,
        /// The setting.
        limit: usize,
    },

    /// A payload key that only run time could see is reserved; nothing was stored. Answers 500.
    #[error("the payload key `{name}` is reserved by the session protocol: rename it")]
    ReservedClaim {
        /// The offending key.
        name: String,
    },

    /// A flattened map holds a key that the payload has as well; nothing was stored. Answers 500.
    #[error("the payload has the key `{name}` twice: a flattened map must not repeat a field")]
    DuplicateClaim {
        /// The offending key.
        name: String,
    },

    /// The store cannot answer now; nothing changed, try again. Answers 503 with `Retry-After`.
    #[error("the session store cannot answer now")]
    Unavailable,

    /// Anything else that only the developer can mend. Answers 500.
    #[doc(alias = "GENERAL_ERROR")]
    #[error("{0}")]
    General(String),
}

impl Error {
    /// The session has ended.
    pub(crate) const GONE: Self = Self::Unauthorised;

    /// No session was presented.
    pub(crate) const NONE: Self = Self::NoToken;
}

/// Says which page of the documentation explains what is wrong.
pub(crate) fn see(page: &'static str) -> impl Fn(String) -> String {
    move |sentence| format!("{sentence} (`session_runtime::{page}` says more)")
}
