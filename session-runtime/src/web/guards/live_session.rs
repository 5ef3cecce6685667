//! `LiveSession`: a session that is checked against the database.

use std::ops::{Deref, DerefMut};

use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket};

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::web::guards::admit::admit;
use crate::web::guards::requirement::Requirement;
use crate::web::guards::session::Session;
use crate::web::guards::{AnyOrigin, Guard, is_fairing_missing, is_name_taken, outcome, sentinel};
use crate::web::request::csrf::Check;
use crate::web::request::verify::verify;
use crate::web::request_state::RequestState;

/// A [`Session`] that is checked against the database, for routes where its delays are too long.
///
/// With `Session`, a revocation takes up to `revocation_bound`, and a changed payload arrives with
/// the next access token. `LiveSession` reads the session's row at every request, checks the
/// requirement against it, and gives that row's payload: a role that
/// [`Sessions::merge_payload`](crate::Sessions::merge_payload)
/// took away is gone at once, whatever the token says.
///
/// ```
/// use session_runtime::{JwtPayload, LiveSession};
/// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// # struct Claims {}
/// #[rocket::post("/payment")]
/// fn pay(session: LiveSession<Claims>) -> String {
///     format!("paid by {}", session.user_id())
/// }
/// # let _ = rocket::routes![pay];
/// ```
#[doc(alias = "checkDatabase")]
#[derive(Debug)]
pub struct LiveSession<P, R = ()>(Session<P, R>);

impl<P, R> LiveSession<P, R> {
    /// The session.
    pub fn into_inner(self) -> Session<P, R> {
        self.0
    }
}

impl<P, R> Deref for LiveSession<P, R> {
    type Target = Session<P, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<P, R> DerefMut for LiveSession<P, R> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for LiveSession<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request).await
    }
}

sentinel!(<P: JwtPayload, R: Requirement<P>> LiveSession<P, R>);

impl<P: JwtPayload, R: Requirement<P>> AnyOrigin for LiveSession<P, R> {}

impl<P: JwtPayload, R: Requirement<P>> Guard for LiveSession<P, R> {
    const NAME: &'static str = "LiveSession";

    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let (sessions, token) = verify(request, check).await?;
        let live = sessions.read_live(&token).await;
        if matches!(live, Err(Error::Unauthorised)) {
            let local = RequestState::of(request);
            local
                .remove_ended(sessions, token.handle, token.transport)
                .await;
        }
        admit(request, sessions, live?).await.map(Self)
    }

    fn aborts(rocket: &Rocket<Ignite>) -> bool {
        is_fairing_missing(rocket, Self::NAME) || is_name_taken::<P>(rocket, Self::NAME)
    }
}
