//! The routes that front ends call: refresh and sign-out; and all routes together.

use rocket::http::Status;
use rocket::request::{self, FromRequest};
use rocket::response::content::RawJson;
use rocket::{Build, Request, Responder, Rocket, Route, post, routes};

use super::pending::{Change, Pending};
use super::transport::{self, Presented};
use super::{guard, jwks};
use crate::error::Error;
use crate::sessions::Sessions;

/// The path of the refresh route, which is also the path of its cookie.
pub(super) fn refresh_path(api_base_path: &str) -> String {
    format!("{api_base_path}/session/refresh")
}

/// All routes, to be mounted at the API's base path.
pub(super) fn all() -> Vec<Route> {
    let mut all = routes![refresh, sign_out];
    all.extend(jwks::all());
    all
}

/// Whether the paths are free: Rocket would stop the launch too, but could not say what to do about it.
pub(super) fn check_free(rocket: &Rocket<Build>, api_base_path: &str) -> Result<(), String> {
    for ours in all() {
        let path = format!("{api_base_path}{}", ours.uri.path());
        let taken = rocket
            .routes()
            .find(|route| route.method == ours.method && route.uri.path() == path);
        if let Some(route) = taken {
            let name = route.name.as_deref().unwrap_or("unnamed");
            return Err(format!(
                "`{} {path}` is mounted by `Sessions::fairing()`, and by the application as `{name}`: remove that \
                 route, or set `sessions.api_base_path` to another path",
                ours.method
            ));
        }
    }
    Ok(())
}

/// The tokens of a request, unjudged but for where it comes from.
struct Tokens {
    access: Presented,
    refresh: Presented,
    pending: Pending,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Tokens {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let tokens = Self {
            access: transport::access_token(request),
            refresh: transport::refresh_token(request),
            pending: Pending::of(request).clone(),
        };
        let nothing = tokens.access == Presented::Nothing && tokens.refresh == Presented::Nothing;
        let judged = match guard::managed(request) {
            Ok(_) if nothing => Ok(tokens),
            Ok(_) => guard::csrf(request).check_cookie(request).map(|()| tokens),
            Err(error) => Err(error),
        };
        guard::outcome(request, judged)
    }
}

/// How a refresh fails.
#[derive(Debug, Responder)]
enum Refused {
    Session(Error),
    Input((Status, RawJson<&'static str>)),
}

const MULTIPLE_COOKIES: &str = r#"{"message":"The request contains multiple session cookies. Remove the ones of the older cookie domain."}"#;

#[post("/session/refresh")]
async fn refresh(sessions: Sessions, tokens: Tokens) -> Result<RawJson<&'static str>, Refused> {
    let refresh_token = match &tokens.refresh {
        _ if tokens.access == Presented::Twice => Err(multiple_cookies()),
        Presented::Twice => Err(multiple_cookies()),
        // Also when an access cookie is left over: it would make the front end try for ever.
        Presented::Nothing => Err(Refused::Session(Error::GONE)),
        Presented::Token(token) => Ok(token),
    }?;
    let fresh = sessions
        .refresh_beside(refresh_token, tokens.access.token())
        .await
        .map_err(Refused::Session)?;
    tokens.pending.set(Change::Attach(fresh));
    Ok(RawJson("{}"))
}

fn multiple_cookies() -> Refused {
    Refused::Input((Status::BadRequest, RawJson(MULTIPLE_COOKIES)))
}

/// Signs out; also when the session was ended before, as long as the access token itself is good.
#[post("/signout")]
async fn sign_out(sessions: Sessions, tokens: Tokens) -> Result<RawJson<&'static str>, Error> {
    let verified = match &tokens.access {
        Presented::Nothing => Err(Error::NONE),
        Presented::Twice => Err(Error::TryRefreshToken),
        Presented::Token(token) => sessions.check(token),
    }?;
    sessions.revoke(verified.handle).await?;
    tokens.pending.set(Change::Clear);
    Ok(RawJson(r#"{"status":"OK"}"#))
}
