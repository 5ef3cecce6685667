//! `CrossSite`: a login or logout that other sites may trigger.

use std::ops::Deref;

use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel};

use super::guard;
use super::login::Login;
use super::logout::Logout;
use crate::error::Error;

/// [`Login`] or [`Logout`] for a callback that other sites send browsers to, and that checks its
/// own state: OAuth, SAML, a magic link.
///
/// It is what `#[login(cross_site)]` uses.
#[derive(Debug)]
pub struct CrossSite<G>(G);

impl<G> CrossSite<G> {
    /// The guard.
    pub fn into_inner(self) -> G {
        self.0
    }
}

impl<G> Deref for CrossSite<G> {
    type Target = G;

    fn deref(&self) -> &G {
        &self.0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CrossSite<Login> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        guard::outcome(request, Login::of(request).map(Self))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CrossSite<Logout> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        guard::outcome(request, Logout::of(request).map(Self))
    }
}

impl<G: Sentinel> Sentinel for CrossSite<G> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        G::abort(rocket)
    }
}
