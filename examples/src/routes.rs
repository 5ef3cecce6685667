//! The answers: the page and its files, sign-up and login, and who is logged in.

use std::borrow::Cow;
use std::sync::Arc;

use rocket::fairing::AdHoc;
use rocket::http::{Header, Status};
use rocket::response::Responder;
use rocket::response::content::{RawCss, RawHtml, RawJavaScript};
use rocket::serde::json::{Json, Value, json};
use rocket::{Either, Request, State, catch, get, post};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Login, NewSession, Session, SessionConfig, Sessions};

use crate::error::AppError;
use crate::html;
use crate::things::Things;
use crate::users::{Credentials, Db, PasswordChange};

/// The payload: travels in the signed access token, so the browser reads it but cannot alter it.
#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = Things)]
pub struct Claims {
    pub name: String,
}

/// Adds a user from JSON. Opens no session: that is what a login is for. `Login` refuses what pages of
/// other sites send.
#[post("/signup", format = "json", data = "<form>")]
pub async fn sign_up_json(
    _not_from_another_site: Login,
    form: Json<Credentials>,
    db: Db,
) -> Result<(Status, Value), AppError> {
    db.sign_up(form.into_inner()).await?;
    Ok((Status::Created, json!({ "status": "OK" })))
}

/// Opens a session for the user in a JSON body.
#[post("/login", format = "json", data = "<form>")]
pub async fn log_in_json(
    login: Login,
    sessions: Sessions,
    form: Json<Credentials>,
    db: Db,
) -> Result<Value, AppError> {
    log_in(login, sessions, form.into_inner(), db).await?;
    Ok(json!({ "status": "OK" }))
}

/// What `#[login]` does, by hand: the session starts in a transaction of ours, which sees that the
/// password was not changed meanwhile. Where nobody can change what was verified, `#[login]` is
/// shorter: see `replicas/main.rs`.
pub async fn log_in(
    login: Login,
    sessions: Sessions,
    credentials: Credentials,
    db: Db,
) -> Result<(), AppError> {
    let session = |id, name| NewSession::new(id, Claims { name }, Things::first());
    let started = db.log_in(credentials, session, login.clone(), sessions);
    let committed = started.await?;
    // Only now do the cookies go out.
    login.attach(committed).await?;
    Ok(())
}

/// Who is logged in. All of this comes out of the access token.
#[get("/me")]
pub fn me(session: Session<Claims>) -> Value {
    json!({
        "userId": session.user_id(),
        "payload": session.payload(),
        "sessionHandle": session.handle().to_string(),
    })
}

/// Changes the password, replaces this session and ends all others of the user.
#[post("/password", format = "json", data = "<change>")]
pub async fn change_password(
    session: Session<Claims>,
    sessions: Sessions,
    change: Json<PasswordChange>,
    db: Db,
) -> Result<Value, AppError> {
    let session = Arc::new(session);
    let committed = db
        .change_password(Arc::clone(&session), change.into_inner(), sessions)
        .await?;
    session.attach(committed)?;
    Ok(json!({ "status": "OK" }))
}

/// The page, with a policy that lets it load and call nothing but this server.
#[derive(Responder)]
pub struct Page {
    html: RawHtml<Cow<'static, str>>,
    policy: Header<'static>,
    cache: Header<'static>,
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl Page {
    /// A page that no cache keeps, so that Back shows nothing after signing out.
    pub fn new(html: impl Into<Cow<'static, str>>) -> Self {
        Self {
            html: RawHtml(html.into()),
            policy: Header::new("Content-Security-Policy", POLICY),
            cache: Header::new("Cache-Control", "no-store"),
        }
    }
}

/// The page, with the settings that its script needs.
pub struct Index(String);

/// Writes the page at launch.
pub fn write_index() -> AdHoc {
    AdHoc::on_ignite("Index", |rocket| async {
        // Settings that cannot be read stop the launch, and are none of the page's business.
        let settings = rocket.figment().extract_inner("sessions");
        let settings: SessionConfig = settings.unwrap_or_default();
        let expired = settings.session_expired_status.to_string();
        let page = include_str!("index.html")
            .replace("{api_base_path}", &settings.api_base_path)
            .replace("{session_expired_status}", &expired);
        rocket.manage(Index(page))
    })
}

/// The page.
#[get("/")]
pub fn index(index: &State<Index>) -> Page {
    Page::new(index.0.clone())
}

/// What the page does.
#[get("/app.js")]
pub fn script() -> RawJavaScript<&'static str> {
    RawJavaScript(include_str!("app.js"))
}

/// How the page keeps its session.
#[get("/session.js")]
pub fn session_script() -> RawJavaScript<&'static str> {
    RawJavaScript(include_str!("session.js"))
}

/// What the pages for members do when somebody goes back to them.
#[get("/back.js")]
pub fn back_script() -> RawJavaScript<&'static str> {
    RawJavaScript(include_str!("back.js"))
}

/// The front-end SDK if it is installed, or else a module without one.
#[get("/supertokens.js")]
pub async fn sdk() -> RawJavaScript<String> {
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/supertokens.js");
    let bundled = rocket::tokio::fs::read_to_string(bundle).await;
    RawJavaScript(bundled.unwrap_or_else(|_| "export default undefined;".into()))
}

/// How the page looks.
#[get("/style.css")]
pub fn style() -> RawCss<&'static str> {
    RawCss(include_str!("style.css"))
}

/// Errors that the library's catchers leave: a page for people, JSON for scripts.
#[catch(default)]
pub fn failed(status: Status, request: &Request<'_>) -> (Status, Either<Page, Value>) {
    let is_person = request
        .accept()
        .is_some_and(|accept| accept.preferred().is_html());
    let answer = if is_person {
        Either::Left(html::failed(status))
    } else {
        let message = status.reason_lossy().to_lowercase();
        Either::Right(json!({ "message": message }))
    };
    (status, answer)
}
