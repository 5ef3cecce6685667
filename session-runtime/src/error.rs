//! `Error`: one variant for each decision that a caller can take. Causes are logged once, where
//! they are mapped; clients get fixed bodies.

use crate::claims::Unmet;
use crate::handle::SessionHandle;

/// Why an operation on a session failed: one variant for each decision that a caller can take.
///
/// As a Rocket responder, each variant answers with the status named below and the protocol's fixed
/// body `{"message":".."}`, and removes the session's cookies where the protocol does. The settings
/// `session_expired_status` and `invalid_claim_status` replace 401 and the 403 of
/// [`InvalidClaims`](Self::InvalidClaims). Every 500 has the body `internal error`; its cause is in
/// the log and in [`Event::RequestFailed`](crate::Event::RequestFailed).
///
/// An application with errors of its own wraps this one in its error type, so that `?` converts it
/// and its responder answers it:
///
/// ```
/// use rocket::http::Status;
/// use rocket::response::Responder;
/// use rocket::{FromForm, form::Form, post, response::Redirect};
/// # use serde::{Deserialize, Serialize};
/// use session_runtime::{Error, JwtPayload, Session};
///
/// # #[derive(Serialize, Deserialize, JwtPayload)]
/// # #[session(data = Cart)]
/// # struct Claims {}
/// #[derive(Serialize, Deserialize)]
/// struct Cart { items: Vec<String> }
///
/// #[derive(Responder)]
/// enum ShopError {
///     /// The cart is full: a page that says so.
///     Full((Status, &'static str)),
///     /// The library answers these itself.
///     Session(Error),
/// }
///
/// impl From<Error> for ShopError {
///     fn from(error: Error) -> Self {
///         Self::Session(error)
///     }
/// }
///
/// #[derive(FromForm)]
/// struct Wish { item: String }
///
/// #[post("/cart", data = "<wish>")]
/// async fn add(session: Session<Claims>, wish: Form<Wish>) -> Result<Redirect, ShopError> {
///     if session.data().await?.items.len() == 20 {
///         return Err(ShopError::Full((Status::Conflict, "Your cart is full.")));
///     }
///     let item = wish.into_inner().item;
///     session.update_data(move |cart: &mut Cart| cart.items.push(item.clone())).await?;
///     Ok(Redirect::to("/cart"))
/// }
/// # let _ = rocket::routes![add];
/// ```
///
/// If a guard refuses a request, the route does not run: a catcher gets the error with
/// [`from_request`](Self::from_request).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The session has ended, so the user must log in. Answers 401 `unauthorised`.
    #[doc(alias = "UNAUTHORISED")]
    #[error("unauthorised")]
    Unauthorised,

    /// The request presents no token of this application, so the user must log in. Answers 401
    /// `unauthorised`.
    #[error("no session was presented")]
    NoToken,

    /// The access token is invalid or expired; a refresh may help. Answers 401 `try refresh token`.
    #[doc(alias = "TRY_REFRESH_TOKEN")]
    #[error("try refresh token")]
    TryRefreshToken,

    /// A superseded refresh token was used, or one that the browser was not given; the session was
    /// ended. Answers 401 `token theft detected`.
    #[doc(alias = "TOKEN_THEFT_DETECTED")]
    #[error("token theft detected")]
    #[non_exhaustive]
    TokenTheft {
        /// The session that was ended.
        handle: SessionHandle,
        /// The user of that session.
        user_id: String,
    },

    /// A page of another site made the browser send this request; nothing was changed. Answers 403
    /// `cross-site request refused`.
    #[doc(alias = "csrf")]
    #[error("cross-site request refused")]
    CrossSite,

    /// A later login of the same browser replaced this session during the request; the browser has
    /// the new tokens, or is about to get them. Answers 409 with `Retry-After`.
    #[error("the session was replaced by a later one of the same browser")]
    Replaced,

    /// The request presents live sessions of different users; the next login ends both. Answers 403
    /// `sign in again`; no cookie is removed.
    #[error("the request presents sessions of different users")]
    SeveralUsers,

    /// The session does not meet the route's requirements. Answers 403 with every requirement that
    /// is not met.
    #[doc(alias = "INVALID_CLAIMS")]
    #[error("the session does not meet {} requirements of the route", .0.len())]
    InvalidClaims(Vec<Unmet>),

    /// The session is of another payload type than the guard's, or its payload no longer
    /// deserializes as that type. Answers 403 `sign in again`; no cookie is removed.
    #[error("the session is of another payload type, or its payload no longer fits: sign in again")]
    SignInAgain,

    /// The session awaits a second factor, and the route is not the one that completes it. Answers
    /// 403 `second factor required`; no cookie is removed.
    #[error("the session awaits a second factor")]
    #[non_exhaustive]
    SecondFactorRequired {
        /// The page where the user enters the second factor, from
        /// `#[session(pending, page = "..")]`; `None` if this process has not used that payload
        /// type yet.
        page: Option<&'static str>,
    },

    /// The user has as many sessions as `max_sessions_per_user` allows; nothing was stored. Answers
    /// 403.
    #[error("the user has as many sessions as allowed")]
    TooManySessions,

    /// The data was changed by somebody else since it was read; nothing was stored. Answers 409.
    #[error("the session data was changed meanwhile")]
    Conflict,

    /// The application's transaction does not see what others commit meanwhile, so a session could
    /// be missed; nothing was changed. Answers 500.
    #[error(
        "the transaction is at the isolation level `{found}`, at which a session that another transaction \
         has just started would be missed: begin it as `READ COMMITTED`"
    )]
    IsolationLevel {
        /// The isolation level of the transaction.
        found: String,
    },

    /// The connection given to [`Sessions::within`](crate::Sessions::within) leads to another
    /// database than the sessions'; nothing was changed. Answers 500.
    #[error(
        "this connection does not lead to `sessions.database`, but to {found}: give the pool that it comes from the same \
         URL. After a move, the application's own pool moves too"
    )]
    WrongDatabase {
        /// The database that the connection leads to.
        found: String,
    },

    /// The access token would not fit into a cookie; nothing was stored. Answers 500.
    #[error(
        "the access token cookie would take {bytes} bytes and browsers drop cookies over {limit}: \
         move what the front end need not read from the payload to the session data"
    )]
    PayloadTooLarge {
        /// How many bytes the cookie's name and value take.
        bytes: usize,
        /// How many bytes browsers accept.
        limit: usize,
    },

    /// The payload nests deeper than tokens may; nothing was stored. Answers 500.
    #[error(
        "the payload nests deeper than {limit} levels: flatten it, or move what the front end need not \
         read to the session data"
    )]
    PayloadTooDeep {
        /// How many objects and arrays may be inside each other, including the payload itself.
        limit: usize,
    },

    /// A payload or session data could not be read back as it is; nothing was stored. Answers 500.
    ///
    /// JSON cannot represent it, as with `NaN`, or its type reads something else than it writes.
    #[error(
        "`{field}` would not come back from the database as it is ({reason}): use a type that JSON can hold, \
         and see that it reads what it writes"
    )]
    Unstorable {
        /// The field, such as `data.items[3].price`; keys of a map are written as `*`, because they
        /// may be private.
        field: String,
        /// What is wrong with it, without its value.
        reason: String,
    },

    /// The stored session data does not deserialize as its type, because an earlier version of the
    /// application wrote it. Answers 500: logging in again would not help.
    ///
    /// See [`Session::data`](crate::Session::data) for how to read the old form, or replace it.
    #[error(
        "the stored session data does not fit its type at `{field}` ({reason}): let the type read the old form, or \
         overwrite it with `set_data`"
    )]
    DataMismatch {
        /// The field, such as `data.items[3]`; keys that are not fields of the type are written as
        /// `*`.
        field: String,
        /// What is wrong with it, without its value.
        reason: String,
    },

    /// The session data is larger than `max_data_size`; nothing was stored. Answers 500.
    #[error(
        "the session data takes {bytes} bytes of JSON and `sessions.max_data_size` allows {limit}: keep what is \
         large in a table of the application, or raise the setting"
    )]
    DataTooLarge {
        /// How many bytes the data takes as JSON.
        bytes: usize,
        /// How many bytes `max_data_size` allows.
        limit: usize,
    },

    /// A flattened map in the payload contains a reserved key; nothing was stored. Answers 500.
    #[error("the payload key `{name}` is reserved by the session protocol: rename it")]
    ReservedClaim {
        /// The key.
        name: String,
    },

    /// A flattened map contains a key that is also a field of the payload; nothing was stored.
    /// Answers 500.
    #[error("the payload has the key `{name}` twice: a flattened map must not repeat a field")]
    DuplicateClaim {
        /// The key.
        name: String,
    },

    /// The database does not answer; nothing was changed, and the request can be repeated. Answers
    /// 503 with `Retry-After`.
    #[error("the session store cannot answer now")]
    Unavailable,

    /// Any other mistake that the developer has to fix. Answers 500.
    #[doc(alias = "GENERAL_ERROR")]
    #[error("{0}")]
    General(String),
}
