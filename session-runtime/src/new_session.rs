//! `NewSession`: a login in the making, checked and serialised.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::arrival::Arrival;
use crate::error::Error;
use crate::panics::contained;
use crate::payload::types::PayloadType;
use crate::payload::{self, JwtPayload};
use crate::user_id::UserId;

/// A session that is to start: what a login returns when the three values are not all it has to say.
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
    /// The login that it is marked as.
    pub(crate) mark: Option<Arrival>,
    pub(crate) answer: A,
}

/// What a login starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A session of a user.
    Whole,
    /// One that awaits a second factor.
    Pending,
    /// One of somebody who has not logged in.
    Visitor,
}

/// Makes the data of a new session out of that of the anonymous one before, both as JSON.
#[derive(Clone)]
pub(crate) struct HandOver(Arc<Take>);

type Take = dyn Fn(&str, &str) -> Result<String, Error> + Send + Sync;

impl HandOver {
    /// Called by a writer, in its transaction.
    pub(crate) fn run(&self, before: &str, own: &str) -> Result<String, Error> {
        contained(|| (self.0)(before, own))
    }

    /// The same, for data of at most `limit` bytes.
    pub(crate) fn limited(self, limit: usize) -> Self {
        let take = self.0;
        Self(Arc::new(move |before: &str, own: &str| {
            let data = take(before, own)?;
            payload::require_size(&data, limit)?;
            Ok(data)
        }))
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandOver")
    }
}

/// A [`NewSession`] without an answer of its own: 200 `{"status":"OK"}`.
#[derive(Debug, Clone, Copy)]
pub struct NoAnswer(());

/// Ties a user id and session data to the payload they log in with; `#[derive(JwtPayload)]` implements it.
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

/// The three values of a login, as they are stored.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// `None` for an anonymous session, which is named by its handle.
    pub(crate) user_id: Option<String>,
    /// Whether the token says when the user last proved who it is.
    pub(crate) auth_time: bool,
    pub(crate) payload_type: PayloadType,
    pub(crate) payload: Map<String, Value>,
    pub(crate) data: String,
}

impl NewSession {
    /// The longest user id, in bytes: what an indexed column holds on every database.
    pub const MAX_USER_ID: usize = 128;

    /// A session of `user_id`. A value that cannot be stored is reported when the session is started.
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

    /// A session of somebody who has not logged in: a visitor with a basket, say. Its user id is its
    /// handle, so the payload's `user_id` must be a type that holds a UUID as text.
    ///
    /// A login on the same browser replaces it, and may take its data over:
    /// [`hand_over`](Self::hand_over). Routes for members ask for
    /// [`Registered`](crate::Registered).
    pub fn anonymous<P: JwtPayload>(payload: P, data: P::Data) -> Self {
        Self::of(Values::anonymous(&payload, &data))
    }

    fn of(values: Result<Values, Error>) -> Self {
        Self {
            values,
            valid_for: None,
            hand_over: None,
            mark: None,
            answer: NoAnswer(()),
        }
    }
}

impl<A> NewSession<A> {
    /// How long this session lives without a refresh, instead of `refresh_token_validity`; each
    /// rotation starts it anew.
    #[doc(alias = "remember_me")]
    pub fn valid_for(self, validity: Duration) -> Self {
        Self {
            valid_for: Some(validity),
            ..self
        }
    }

    /// If the browser had an anonymous session, makes the data of the new one out of both, in the
    /// transaction that replaces it; if it had several, one after the other.
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
    ///     .hand_over(|mut own: Basket, before: Basket| {
    ///         own.items.extend(before.items);
    ///         own
    ///     });
    /// ```
    pub fn hand_over<D, B>(self, take: impl Fn(D, B) -> D + Send + Sync + 'static) -> Self
    where
        D: Serialize + DeserializeOwned,
        B: DeserializeOwned,
    {
        let take = move |before: &str, own: &str| {
            let (own, before) = (payload::read_data(own)?, payload::read_data(before)?);
            payload::to_json(&take(own, before))
        };
        Self {
            hand_over: Some(HandOver(Arc::new(take))),
            ..self
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match &self.values {
            Ok(values) if values.payload_type.pending.is_some() => Kind::Pending,
            Ok(values) if values.user_id.is_none() => Kind::Visitor,
            Ok(_) | Err(_) => Kind::Whole,
        }
    }

    /// What the login answers with: any responder.
    pub fn answer<R>(self, answer: R) -> NewSession<R> {
        NewSession {
            values: self.values,
            valid_for: self.valid_for,
            hand_over: self.hand_over,
            mark: self.mark,
            answer,
        }
    }

    pub(crate) fn split(self) -> (NewSession, A) {
        let Self {
            values,
            valid_for,
            hand_over,
            mark,
            answer,
        } = self;
        (
            NewSession {
                values,
                valid_for,
                hand_over,
                mark,
                answer: NoAnswer(()),
            },
            answer,
        )
    }
}

impl Values {
    /// Checks what only run time can know.
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
        // PostgreSQL has no texts with it; one rule for all databases.
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
