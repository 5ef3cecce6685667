//! `NewSession`: a login in the making, checked and serialised.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::Error;
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
    pub(crate) answer: A,
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
    pub(crate) user_id: String,
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
        Self {
            values: Values::check(user_id, payload, data),
            valid_for: None,
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

    /// What the login answers with: any responder.
    pub fn answer<R>(self, answer: R) -> NewSession<R> {
        NewSession {
            values: self.values,
            valid_for: self.valid_for,
            answer,
        }
    }

    pub(crate) fn split(self) -> (NewSession, A) {
        let Self {
            values,
            valid_for,
            answer,
        } = self;
        (
            NewSession {
                values,
                valid_for,
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
            user_id,
            payload: payload::to_claims(payload)?,
            data: payload::to_json(data)?,
        })
    }
}
