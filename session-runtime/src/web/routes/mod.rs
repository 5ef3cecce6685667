//! The routes that front ends call: refresh and sign-out; and all routes together.

pub mod catchers;
pub(in crate::web) mod device;
pub(in crate::web) mod jwks;
pub(in crate::web) mod pages;

use rocket::http::Header;
use rocket::response::Redirect;
use rocket::response::content::RawJson;
use rocket::{Build, Request, Responder, Rocket, Route, post, routes};

use crate::config::SessionConfig;
use crate::error::Error;
use crate::event::RevokedBy;
use crate::web::guards::refresh::{Attempted, Refresh};
use crate::web::guards::{Guard, guard};
use crate::web::local_url::LocalUrl;
use crate::web::request::caller::Caller;
use crate::web::request::csrf::Check;
use crate::web::response::wire::Wire;
use crate::web::state;

/// The routes that the configuration asks for, to be mounted at the API's base path.
pub(in crate::web) fn all(config: &SessionConfig, wire: &Wire) -> Vec<Route> {
    let mut all = jwks::all();
    // Also where no new session is bound: those that are stay so.
    if wire.device.is_some() {
        all.extend(device::all());
    }
    if config.refresh_route {
        all.extend(routes![refresh]);
        all.extend(pages::routes());
    }
    if config.sign_out_route {
        all.extend(routes![sign_out]);
    }
    all
}

/// Checks that the paths are free. Rocket would stop the launch too, but could not say what to do.
pub(in crate::web) fn check_free(
    rocket: &Rocket<Build>,
    config: &SessionConfig,
    wire: &Wire,
) -> Result<(), String> {
    for ours in all(config, wire) {
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
async fn refresh(refresh: Refresh) -> Result<Refreshed, Error> {
    match refresh.attempt().await? {
        Attempted::Refreshed(_) => Ok(Refreshed::Done(RawJson("{}"))),
        Attempted::SentBack(path) => Ok(Refreshed::sent_back(&path)),
    }
}

/// The answer to a refresh.
#[derive(Responder)]
enum Refreshed {
    Done(RawJson<&'static str>),
    SentBack(Box<SentBack>),
}

/// Once more to the same route.
#[derive(Responder)]
struct SentBack(Redirect, Header<'static>);

impl Refreshed {
    /// Has the browser prove its device, and refresh, on the way back.
    fn sent_back(path: &LocalUrl) -> Self {
        let never_stored = Header::new("Cache-Control", "no-store");
        let redirect = Redirect::temporary(path.to_string());
        Self::SentBack(Box::new(SentBack(redirect, never_stored)))
    }
}

/// What a request signs out of: every session that it presents, including those that have already
/// ended.
struct SigningOut(Caller);

impl Guard for SigningOut {
    const NAME: &'static str = "POST /signout";

    /// The origin of the request is always checked.
    async fn load(request: &Request<'_>, _: Check) -> Result<Self, Error> {
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

guard!(<> SigningOut);

#[post("/signout")]
async fn sign_out(signing_out: SigningOut) -> Result<RawJson<&'static str>, Error> {
    let SigningOut(caller) = signing_out;
    caller
        .sessions
        .end(caller.signed_out(), RevokedBy::SignOut)
        .await?;
    caller.remove_presented();
    caller.local.forget();
    Ok(RawJson(r#"{"status":"OK"}"#))
}

#[cfg(test)]
mod tests {
    use super::{device, jwks, pages, refresh, sign_out};
    use crate::wire_names::{
        DEVICE_REFRESH, DEVICE_REGISTER, JWKS, REFRESH, REFRESH_PAGE, SIGN_OUT,
    };

    #[test]
    fn routes_stand_where_the_paths_say() {
        let mut routes = rocket::routes![refresh, sign_out];
        routes.extend(jwks::all());
        routes.extend(pages::routes());
        routes.extend(device::all());
        for path in [
            JWKS,
            REFRESH,
            REFRESH_PAGE,
            SIGN_OUT,
            DEVICE_REFRESH,
            DEVICE_REGISTER,
        ] {
            assert!(
                routes.iter().any(|route| route.uri.path() == path),
                "{path}"
            );
        }
    }
}
