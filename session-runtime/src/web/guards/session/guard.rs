//! `Session` as a request guard.

use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket};

use super::Session;
use crate::error::Error;
use crate::payload::JwtPayload;
use crate::web::guards::admit::admit;
use crate::web::guards::requirement::Requirement;
use crate::web::guards::{AnyOrigin, Guard, is_fairing_missing, is_name_taken, outcome, sentinel};
use crate::web::request::csrf::Check;
use crate::web::request::verify::verify;

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for Session<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request).await
    }
}

sentinel!(<P: JwtPayload, R: Requirement<P>> Session<P, R>);

impl<P: JwtPayload, R: Requirement<P>> AnyOrigin for Session<P, R> {}

impl<P: JwtPayload, R: Requirement<P>> Guard for Session<P, R> {
    const NAME: &'static str = "Session";

    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let (sessions, verified) = verify(request, check).await?;
        admit(request, sessions, verified).await
    }

    fn aborts(rocket: &Rocket<Ignite>) -> bool {
        is_fairing_missing(rocket, Self::NAME) || is_name_taken::<P>(rocket, Self::NAME)
    }
}
