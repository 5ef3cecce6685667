//! The routes that front ends call: refresh and sign-out; and all routes together.

pub mod catchers;
pub(in crate::web) mod jwks;
pub(in crate::web) mod pages;

use rocket::request::{self, FromRequest};
use rocket::response::content::RawJson;
use rocket::{Build, Request, Rocket, Route, post, routes};

use crate::config::SessionConfig;
use crate::error::Error;
use crate::event::RevokedBy;
use crate::web::guards::refresh::Refresh;
use crate::web::request::caller::Caller;
use crate::web::state;

/// The routes that the configuration asks for, to be mounted at the API's base path.
pub(in crate::web) fn all(config: &SessionConfig) -> Vec<Route> {
    let mut all = jwks::all();
    if config.refresh_route {
        all.extend(routes![refresh]);
        all.extend(pages::routes());
    }
    if config.sign_out_route {
        all.extend(routes![sign_out]);
    }
    all
}

/// Whether the paths are free: Rocket would stop the launch too, but could not say what to do about it.
pub(in crate::web) fn check_free(
    rocket: &Rocket<Build>,
    config: &SessionConfig,
) -> Result<(), String> {
    for ours in all(config) {
        let path = format!("{}{}", config.api_base_path, ours.uri.path());
        let taken = rocket
            .routes()
            .find(|route| route.method == ours.method && route.uri.path() == path);
        if let Some(route) = taken {
            let name = route.name.as_deref().unwrap_or("unnamed");
            return Err(format!(
                "`{} {path}` is mounted by `Sessions::fairing()`, and by the application as `{name}`: remove that \
                 route, set `sessions.refresh_route` or `sessions.sign_out_route` to false, or set \
                 `sessions.api_base_path` to another path",
                ours.method
            ));
        }
    }
    Ok(())
}

#[post("/session/refresh")]
async fn refresh(refresh: Refresh) -> Result<RawJson<&'static str>, Error> {
    refresh.exchange().await?;
    Ok(RawJson("{}"))
}

/// What a request signs out of: every session that it shows, also those that were ended before.
struct SigningOut(Caller);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SigningOut {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        state::outcome(request, Self::of(request).await)
    }
}

impl SigningOut {
    async fn of(request: &Request<'_>) -> Result<Self, Error> {
        let caller = Caller::of(request, |travel| !travel.in_headers).await?;
        let (csrf, sessions) = (state::csrf(request), &caller.sessions);
        if caller.has_nothing() {
            return Err(Error::NoToken);
        }
        if !caller.travel.in_headers {
            for shown in &caller.presented {
                csrf.check_sign_out(request, sessions, shown)?;
            }
        }
        if !caller
            .presented
            .iter()
            .any(|shown| sessions.may_hold(shown))
        {
            return Err(Error::TryRefreshToken);
        }
        Ok(Self(caller))
    }
}

#[post("/signout")]
async fn sign_out(signing_out: SigningOut) -> Result<RawJson<&'static str>, Error> {
    let SigningOut(caller) = signing_out;
    caller
        .sessions
        .end(caller.signed_out(), RevokedBy::SignOut)
        .await?;
    caller.remove_presented();
    caller.pending.forget();
    Ok(RawJson(r#"{"status":"OK"}"#))
}
