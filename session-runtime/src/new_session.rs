//! A session that a login is about to start.
//!
//! ```
//! # use serde::{Deserialize, Serialize};
//! use session_runtime::{JwtPayload, NewSession};
//!
//! #[derive(Serialize, Deserialize, JwtPayload)]
//! #[session(user_id = u64)]
//! struct Claims { name: String }
//!
//! let session = NewSession::new(7, Claims { name: "Ada".into() }, ());
//! # let _ = session;
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::panics::contained;
use crate::payload::types::PayloadType;
use crate::payload::{self, JwtPayload};
use crate::user_id::UserId;

/// A session to start: what a login returns to set more than user id, payload and data.
///
/// ```
/// # use std::time::Duration;
/// # use rocket::{post, form::{Form, FromForm}, response::Redirect};
/// # use serde::{Deserialize, Serialize};
/// # use session_runtime::{login, JwtPayload, NewSession};
/// # #[derive(Serialize, Deserialize, JwtPayload)]
/// # struct Claims { name: String }
/// # #[derive(FromForm)]
/// # struct Credentials { user: String, remember: bool }
/// #[login]
/// #[post("/login", data = "<form>")]
/// fn log_in(form: Form<Credentials>) -> NewSession<Redirect> {
///     let days = if form.remember { 90 } else { 1 };
///     NewSession::new(form.user.clone(), Claims { name: form.user.clone() }, ())
///         .valid_for(Duration::from_secs(days * 24 * 60 * 60))
///         .answer(Redirect::to("/"))
/// }
/// # let _ = rocket::routes![log_in];
/// ```
#[derive(Debug, Clone)]
#[must_use = "a session starts when a `#[login]` function returns it or `Login::start` takes it"]
pub struct NewSession<A = NoAnswer> {
    pub(crate) values: Result<Values, Error>,
    pub(crate) valid_for: Option<Duration>,
    pub(crate) hand_over: Option<HandOver>,
    pub(crate) answer: A,
}

/// What a login starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionKind {
    /// A session of a user.
    Whole,
    /// A session that awaits a second factor.
    Pending,
    /// A visitor's session.
    Anonymous,
}

/// Merges the data of the anonymous session into that of the new session, both as JSON.
#[derive(Clone)]
pub(crate) struct HandOver(Arc<Take>);

type Take = dyn Fn(&str, &str) -> Result<String, Error> + Send + Sync;

impl HandOver {
    pub(crate) fn new(
        take: impl Fn(&str, &str) -> Result<String, Error> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(take))
    }

    /// Called by a writer, in its transaction.
    pub(crate) fn run(&self, before: &str, own: &str) -> Result<String, Error> {
        contained(|| (self.0)(before, own))
    }

    /// The same, for data of at most `limit` bytes.
    pub(crate) fn limited(self, limit: usize) -> Self {
        let take = self.0;
        Self::new(move |before, own| {
            let data = take(before, own)?;
            payload::require_size(&data, limit)?;
            Ok(data)
        })
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandOver")
    }
}

/// A [`NewSession`] without an answer of its own, which answers 200 `{"status":"OK"}`.
#[derive(Debug, Clone, Copy)]
pub struct NoAnswer(());

/// Ties the types of a user id and session data to a payload; `#[derive(JwtPayload)]` implements
/// it.
#[diagnostic::on_unimplemented(
    message = "a login with payload `{P}` cannot return user id and session data `{Self}`",
    label = "`{P}` does not derive `JwtPayload`, or declares another user id or other session data",
    note = "a login returns `(user_id, payload, session_data)`, in this order",
    note = "put `#[derive(JwtPayload)]` on the payload, and `#[session(user_id = .., data = ..)]` below it; \
            what you leave out is `user_id = String` and `data = ()`"
)]
pub trait GoesWith<P> {
    #[doc(hidden)]
    fn into_new_session(self, payload: P) -> NewSession;
}

/// What a login says, in the form in which it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// `None` for an anonymous session, whose handle is its user id.
    pub(crate) user_id: Option<String>,
    /// Whether the token contains the time of the login.
    pub(crate) auth_time: bool,
    pub(crate) payload_type: PayloadType,
    pub(crate) payload: Map<String, Value>,
    pub(crate) data: String,
}

impl NewSession {
    /// The length of the longest user id in bytes, which an indexed column can hold on every
    /// database.
    pub const MAX_USER_ID: usize = 128;

    /// A session of the user `user_id`.
    ///
    /// A value that cannot be stored is reported when the session is started.
    ///
    /// ```
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { name: String }
    /// use session_runtime::NewSession;
    ///
    /// let session = NewSession::new("ada".to_owned(), Claims { name: "Ada".into() }, ());
    /// # let _ = session;
    /// ```
    pub fn new<U, P, D>(user_id: U, payload: P, data: D) -> Self
    where
        (U, D): GoesWith<P>,
    {
        (user_id, data).into_new_session(payload)
    }

    /// [`new`](Self::new), from references.
    pub(crate) fn serialise<P: JwtPayload>(
        user_id: &P::UserId,
        payload: &P,
        data: &P::Data,
    ) -> Self {
        Self::of(Values::check(user_id, payload, data))
    }

    /// A session of a visitor who has not logged in, for example to keep a shopping basket.
    ///
    /// Its user id is its handle, so the payload's `user_id` must be a type that can hold a UUID as
    /// a string.
    ///
    /// A login on the same browser replaces it, and may take over its data:
    /// [`merge_anonymous_data`](Self::merge_anonymous_data). Routes that need a login ask for
    /// [`Registered`](crate::requirement::Registered).
    ///
    /// ```
    /// use session_runtime::{Error, JwtPayload, Login, NewSession};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// #[session(data = Vec<u32>)]
    /// struct Visitor {}
    ///
    /// #[rocket::post("/basket/<article>")]
    /// async fn first_article(login: Login, article: u32) -> Result<(), Error> {
    ///     login.start(NewSession::anonymous(Visitor {}, vec![article])).await?;
    ///     Ok(())
    /// }
    /// # let _ = rocket::routes![first_article];
    /// ```
    #[doc(alias = "visitor")]
    #[doc(alias = "guest")]
    pub fn anonymous<P: JwtPayload>(payload: P, data: P::Data) -> Self {
        Self::of(Values::anonymous(&payload, &data))
    }

    fn of(values: Result<Values, Error>) -> Self {
        Self {
            values,
            valid_for: None,
            hand_over: None,
            answer: NoAnswer(()),
        }
    }
}

impl<A> NewSession<A> {
    /// Sets how long the session lives without a refresh, instead of `refresh_token_validity`.
    ///
    /// Each rotation restarts this time. Use it for a "remember me" checkbox, as in the example of
    /// [`NewSession`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims {}
    /// use session_runtime::NewSession;
    ///
    /// let session = NewSession::new("ada".to_owned(), Claims {}, ())
    ///     .valid_for(Duration::from_secs(90 * 24 * 60 * 60));
    /// # let _ = session;
    /// ```
    #[doc(alias = "keep me logged in")]
    #[doc(alias = "remember me")]
    pub fn valid_for(self, validity: Duration) -> Self {
        Self {
            valid_for: Some(validity),
            ..self
        }
    }

    /// Merges the data of the browser's anonymous session into the new session's data.
    ///
    /// `merge` runs in the transaction that replaces the anonymous session. If the browser had
    /// several, it runs once for each.
    ///
    /// ```
    /// # use session_runtime::NewSession;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, session_runtime::JwtPayload)]
    /// # #[session(data = Basket)]
    /// # struct Claims {}
    /// # #[derive(Default, Serialize, Deserialize)]
    /// # struct Basket { items: Vec<String> }
    /// NewSession::new("ada".to_owned(), Claims {}, Basket::default())
    ///     .merge_anonymous_data(|mut own: Basket, before: Basket| {
    ///         own.items.extend(before.items);
    ///         own
    ///     });
    /// ```
    pub fn merge_anonymous_data<D, B>(
        self,
        merge: impl Fn(D, B) -> D + Send + Sync + 'static,
    ) -> Self
    where
        D: Serialize + DeserializeOwned,
        B: DeserializeOwned,
    {
        let merge = move |before: &str, own: &str| {
            let (own, before) = (payload::read_data(own)?, payload::read_data(before)?);
            payload::to_json(&merge(own, before))
        };
        Self {
            hand_over: Some(HandOver::new(merge)),
            ..self
        }
    }

    pub(crate) fn kind(&self) -> SessionKind {
        match &self.values {
            Ok(values) if values.payload_type.pending.is_some() => SessionKind::Pending,
            Ok(values) if values.user_id.is_none() => SessionKind::Anonymous,
            Ok(_) | Err(_) => SessionKind::Whole,
        }
    }

    /// Sets what the login answers: any responder.
    ///
    /// ```
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims {}
    /// use rocket::response::Redirect;
    /// use session_runtime::NewSession;
    ///
    /// let session = NewSession::new("ada".to_owned(), Claims {}, ()).answer(Redirect::to("/"));
    /// # let _ = session;
    /// ```
    pub fn answer<R>(self, answer: R) -> NewSession<R> {
        NewSession {
            values: self.values,
            valid_for: self.valid_for,
            hand_over: self.hand_over,
            answer,
        }
    }

    pub(crate) fn split(self) -> (NewSession, A) {
        let Self {
            values,
            valid_for,
            hand_over,
            answer,
        } = self;
        (
            NewSession {
                values,
                valid_for,
                hand_over,
                answer: NoAnswer(()),
            },
            answer,
        )
    }
}

impl Values {
    /// Checks what is only known at run time.
    fn check<P: JwtPayload>(
        user_id: &P::UserId,
        payload: &P,
        data: &P::Data,
    ) -> Result<Self, Error> {
        let user_id = user_id.to_claim().into_owned();
        if user_id.is_empty() || user_id.len() > NewSession::MAX_USER_ID {
            return Err(Error::General(format!(
                "a user id has 1 to {} bytes, this one has {}",
                NewSession::MAX_USER_ID,
                user_id.len()
            )));
        }
        // PostgreSQL cannot store it in a string; the rule is the same for all databases.
        if user_id.contains('\0') {
            return Err(Error::General(
                "a user id must not contain the character U+0000".into(),
            ));
        }
        Ok(Self {
            user_id: Some(user_id),
            ..Self::anonymous_unchecked(payload, data)?
        })
    }

    fn anonymous<P: JwtPayload>(payload: &P, data: &P::Data) -> Result<Self, Error> {
        let any_handle = "01890a5d-ac96-774b-bcce-b302099a8057";
        if P::UserId::from_claim(any_handle).is_none() {
            return Err(Error::General(
                "an anonymous session is named by a UUID, which the payload's `user_id` type cannot hold: use `String` \
                 or `Uuid`"
                    .into(),
            ));
        }
        Self::anonymous_unchecked(payload, data)
    }

    fn anonymous_unchecked<P: JwtPayload>(payload: &P, data: &P::Data) -> Result<Self, Error> {
        Ok(Self {
            user_id: None,
            auth_time: P::AUTH_TIME,
            payload_type: PayloadType::of::<P>(),
            payload: payload::to_claims(payload)?,
            data: payload::to_json(data)?,
        })
    }
}
