//! The answers: the page and its files, sign-up and login, and what a session gives access to.

use std::borrow::Cow;
use std::sync::Arc;

use rocket::http::{Header, Status};
use rocket::response::content::{RawCss, RawHtml, RawJavaScript};
use rocket::response::{self, Responder};
use rocket::serde::json::{Json, Value, json};
use rocket::{Request, error, get, patch, post, put};
use serde::{Deserialize, Serialize};
use session_runtime::{Error, JwtPayload, Session, Sessions, login};

use crate::users::{Credentials, Db, PasswordChange, UserError};

/// The payload: travels in the signed access token, so the browser reads it but cannot alter it.
#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = Things)]
pub struct Claims {
    pub name: String,
}

/// The session data: stays in the database and lives as long as the session.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Things {
    pub awesome_things: Vec<String>,
}

/// Adds a user from JSON. Opens no session: that is what a login is for.
#[post("/signup", format = "json", data = "<form>")]
pub async fn sign_up_json(form: Json<Credentials>, db: Db) -> Result<(Status, Value), UserError> {
    sign_up(form.into_inner(), db).await
}

pub async fn sign_up(credentials: Credentials, db: Db) -> Result<(Status, Value), UserError> {
    db.sign_up(credentials).await?;
    Ok((Status::Created, json!({ "status": "OK" })))
}

/// What a login hands to `#[login]`: whose session it is, the payload and the first session data.
type LoggedIn = (String, Claims, Things);

/// Opens a session for the user in a JSON body.
#[login]
#[post("/login", format = "json", data = "<form>")]
pub async fn log_in_json(form: Json<Credentials>, db: Db) -> Result<LoggedIn, UserError> {
    log_in(form.into_inner(), db).await
}

pub async fn log_in(credentials: Credentials, db: Db) -> Result<LoggedIn, UserError> {
    let user = db.verify(credentials).await?;
    let claims = Claims { name: user.name };
    let things = Things {
        awesome_things: ["programming", "javascript", "supertokens"]
            .map(String::from)
            .into(),
    };
    Ok((user.id, claims, things))
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

/// The session data, from the database.
#[get("/data")]
pub async fn data(session: Session<Claims>) -> Result<Json<Things>, Error> {
    Ok(Json(session.data().await?))
}

/// Replaces the session data.
#[put("/data", format = "json", data = "<things>")]
pub async fn set_data(
    session: Session<Claims>,
    things: Json<Things>,
) -> Result<Json<Things>, Error> {
    session.set_data(&things).await?;
    Ok(things)
}

/// What one adds to the list, and takes off it.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    add: Option<String>,
    remove: Option<String>,
}

impl Change {
    pub fn new(add: Option<String>, remove: Option<String>) -> Self {
        Self { add, remove }
    }

    /// A closure for `update_data` may run more than once, so it takes nothing away from `self`.
    pub fn apply(&self, Things { awesome_things }: &mut Things) {
        let add = self.add.as_deref().map(str::trim);
        let gone = [self.remove.as_deref(), add];
        awesome_things.retain(|thing| !gone.contains(&Some(thing)));
        awesome_things.extend(add.filter(|thing| !thing.is_empty()).map(str::to_owned));
    }
}

/// Changes the session data as one step, so that no change of another tab is lost.
#[patch("/data", format = "json", data = "<change>")]
pub async fn change_data(
    session: Session<Claims>,
    change: Json<Change>,
) -> Result<Json<Things>, Error> {
    let changed = session.update_data(move |things| change.apply(things));
    Ok(Json(changed.await?))
}

/// Changes the password, replaces this session and ends all others of the user.
#[post("/password", format = "json", data = "<change>")]
pub async fn change_password(
    session: Session<Claims>,
    sessions: Sessions,
    change: Json<PasswordChange>,
    db: Db,
) -> Result<Value, UserError> {
    let session = Arc::new(session);
    let committed = db
        .change_password(Arc::clone(&session), change.into_inner(), sessions)
        .await?;
    session.attach_committed(committed);
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

/// The page.
#[get("/")]
pub fn index() -> Page {
    Page::new(include_str!("index.html"))
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

impl UserError {
    /// The status, and what to tell the person.
    pub fn answer(self) -> (Status, &'static str) {
        match self {
            Self::Invalid(rule) => (Status::BadRequest, rule),
            Self::Taken => (Status::Conflict, "that name is taken"),
            Self::Wrong => (Status::Unauthorized, "wrong user or password"),
            // No 401, which would tell the page that the session is over.
            Self::NotCurrent => (Status::Forbidden, "that is not your current password"),
            Self::Internal(cause) => {
                error!("users: {cause}");
                (Status::InternalServerError, "something went wrong")
            }
        }
    }
}

impl<'r> Responder<'r, 'static> for UserError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (status, message) = self.answer();
        (status, json!({ "message": message })).respond_to(request)
    }
}
