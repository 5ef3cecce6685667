//! Guards beside each other, and wrapped.

use rocket::serde::json::Json;
use rocket::{Route, get, post, put, routes};
use session_runtime::{
    CrossSite, Error, LiveSession, Login, MaybeSession, NewSession, SameOrigin, Session, login,
};

use super::{Claims, LoggedIn, Prefs, ada};

pub(super) fn all() -> Vec<Route> {
    routes![
        plain,
        maybe,
        live,
        optional,
        failed,
        same_origin,
        cross_site,
        login_by_link,
        by_hand,
        again,
        change,
        both
    ]
}

#[get("/guard/plain")]
fn plain(session: Session<Claims>) -> String {
    session.payload().name.clone()
}

#[get("/guard/maybe")]
fn maybe(session: MaybeSession<Claims>) -> &'static str {
    session.as_ref().map_or("nobody", |_| "somebody")
}

#[get("/guard/live")]
fn live(session: LiveSession<Claims>) -> String {
    session.user_id().clone()
}

#[get("/guard/optional")]
fn optional(session: Option<Session<Claims>>) -> Option<String> {
    session.map(|session| session.user_id().clone())
}

#[get("/guard/failed")]
fn failed(session: Result<Session<Claims>, Error>) -> Result<String, Error> {
    session.map(|session| session.user_id().clone())
}

#[get("/guard/same-origin")]
fn same_origin(session: SameOrigin<Session<Claims>>) -> String {
    session.payload().name.clone()
}

#[post("/guard/cross-site")]
fn cross_site(session: CrossSite<Session<Claims>>) -> String {
    session.payload().name.clone()
}

#[get("/guard/login-by-link")]
async fn login_by_link(login: CrossSite<Login>) -> Result<(), Error> {
    let (user, claims, prefs) = ada();
    login
        .start(NewSession::new(user, claims, prefs))
        .await
        .map(drop)
}

#[post("/guard/by-hand")]
async fn by_hand(login: Login) -> Result<String, Error> {
    let (user, claims, prefs) = ada();
    let handle = login.start(NewSession::new(user, claims, prefs)).await?;
    Ok(handle.to_string())
}

#[login]
#[post("/guard/again")]
fn again(session: Option<Session<Claims>>) -> Option<LoggedIn> {
    session.is_none().then(ada)
}

#[put("/guard/change", data = "<prefs>")]
async fn change(session: Session<Claims>, prefs: Json<Prefs>) -> Result<(), Error> {
    session.set_data(&prefs).await
}

#[get("/guard/both")]
fn both(session: Session<Claims>, maybe: MaybeSession<Claims>) -> String {
    let same = maybe
        .as_ref()
        .is_some_and(|one| one.handle() == session.handle());
    same.to_string()
}
