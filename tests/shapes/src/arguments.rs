//! What a login function may take.

use std::path::PathBuf;

use rocket::form::{Contextual, Form, Strict};
use rocket::fs::TempFile;
use rocket::http::uri::Origin;
use rocket::http::{Accept, CookieJar, Method};
use rocket::outcome::IntoOutcome;
use rocket::request::{FlashMessage, FromRequest, Outcome};
use rocket::serde::json::Json;
use rocket::{Data, FromForm, Request, Route, State, async_trait, post, routes};
use serde::Deserialize;
use session_runtime::{Sessions, login};

use super::{LoggedIn, ada};

pub(super) fn all() -> Vec<Route> {
    routes![
        form,
        strict,
        contextual,
        json,
        named_login,
        named_session,
        named_request,
        underscored,
        segment,
        segments,
        query,
        trailing,
        mutable,
        jar,
        state,
        data,
        address,
        several,
        elided,
        named_lifetime,
        raw_argument,
        upload,
        flash,
        own_guard,
        sessions,
        bytes,
        optional,
        result_guard,
    ]
}

/// Managed.
#[derive(Debug)]
pub(super) struct Greeting(pub(super) String);

#[derive(FromForm)]
struct Password<'r> {
    user: &'r str,
    #[field(validate = len(1..))]
    password: &'r str,
}

#[derive(Deserialize)]
struct Body<'r> {
    user: &'r str,
}

#[login]
#[post("/argument/form", data = "<form>")]
fn form(form: Form<Password<'_>>) -> Option<LoggedIn> {
    (form.user == "ada" && form.password == "x").then(ada)
}

#[login]
#[post("/argument/strict", data = "<form>")]
fn strict(form: Form<Strict<Password<'_>>>) -> Option<LoggedIn> {
    (form.user == "ada").then(ada)
}

#[login]
#[post("/argument/contextual", data = "<form>")]
fn contextual(form: Form<Contextual<'_, Password<'_>>>) -> Option<LoggedIn> {
    form.value.as_ref().map(|_| ada())
}

#[login]
#[post("/argument/json", format = "json", data = "<body>")]
fn json(body: Json<Body<'_>>) -> Option<LoggedIn> {
    (body.user == "ada").then(ada)
}

#[login]
#[post("/argument/named-login", data = "<login>")]
fn named_login(login: Form<Password<'_>>) -> Option<LoggedIn> {
    (login.user == "ada").then(ada)
}

#[login]
#[post("/argument/named-session?<session>&<sessions>")]
fn named_session(session: &str, sessions: Option<u8>) -> Option<LoggedIn> {
    (session == "ada" && sessions.is_none()).then(ada)
}

#[login]
#[post("/argument/named-request?<request>&<outcome>&<decision>&<response>")]
fn named_request(request: &str, outcome: &str, decision: &str, response: &str) -> Option<LoggedIn> {
    let all = [request, outcome, decision, response];
    all.contains(&"ada").then(ada)
}

#[login]
#[post("/argument/underscored?<__req>&<__session>")]
#[allow(clippy::used_underscore_binding)] // the names are the shape
fn underscored(__req: &str, __session: &str) -> Option<LoggedIn> {
    (__req == __session).then(ada)
}

#[login]
#[post("/argument/segment/<user>")]
fn segment(user: &str) -> Option<LoggedIn> {
    (user == "ada").then(ada)
}

#[login]
#[post("/argument/segments/<path..>")]
fn segments(path: PathBuf) -> Option<LoggedIn> {
    path.ends_with("ada").then(ada)
}

#[login]
#[post("/argument/query?<user>&<count>&<rest..>")]
fn query(user: Option<String>, count: Option<usize>, rest: Password<'_>) -> Option<LoggedIn> {
    (user.is_some() && count.is_none() && rest.user.is_empty()).then(ada)
}

#[login]
#[post("/argument/trailing?static&<user>", rank = 3)]
fn trailing(user: &str) -> Option<LoggedIn> {
    (user == "ada").then(ada)
}

#[login]
#[post("/argument/mutable?<user>")]
fn mutable(mut user: String) -> Option<LoggedIn> {
    user.make_ascii_lowercase();
    (user == "ada").then(ada)
}

#[login]
#[post("/argument/jar")]
fn jar(jar: &CookieJar<'_>) -> LoggedIn {
    jar.add(("seen", "yes"));
    ada()
}

#[login]
#[post("/argument/state")]
fn state(greeting: &State<Greeting>) -> (String, super::Claims, super::Prefs, String) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs, greeting.0.clone())
}

#[login]
#[post("/argument/data", data = "<data>")]
async fn data(data: Data<'_>) -> Option<LoggedIn> {
    use rocket::data::ToByteUnit;
    let text = data.open(1.kibibytes()).into_string().await.ok()?;
    text.contains("ada").then(ada)
}

#[login]
#[post("/argument/address")]
fn address(
    address: Option<std::net::IpAddr>,
    method: Method,
    uri: &Origin<'_>,
    accept: Option<&Accept>,
) -> Option<LoggedIn> {
    let is_known = address.is_none() && method == Method::Post && accept.is_none();
    (is_known && uri.path() == "/argument/address").then(ada)
}

#[login]
#[post("/argument/several/<a>/<b>?<c>", data = "<d>")]
fn several(a: &str, b: u8, c: Option<bool>, d: String, jar: &CookieJar<'_>) -> Option<LoggedIn> {
    (a == "ada" && b == 1 && c.is_none() && d.is_empty() && jar.iter().count() == 0).then(ada)
}

#[login]
#[post("/argument/elided", data = "<text>")]
fn elided(text: &str) -> Option<LoggedIn> {
    (text == "ada").then(ada)
}

#[login]
#[post("/argument/named-lifetime", data = "<form>")]
fn named_lifetime<'r>(form: Form<Password<'r>>, jar: &'r CookieJar<'r>) -> Option<LoggedIn> {
    (form.user == "ada" && jar.get("x").is_none()).then(ada)
}

#[login]
#[post("/argument/raw-argument?<type>")]
fn raw_argument(r#type: &str) -> Option<LoggedIn> {
    (r#type == "ada").then(ada)
}

#[derive(FromForm)]
struct Upload<'r> {
    file: TempFile<'r>,
}

#[login]
#[post("/argument/upload", data = "<upload>")]
fn upload(upload: Form<Upload<'_>>) -> Option<LoggedIn> {
    (upload.file.len() == 0).then(ada)
}

#[login]
#[post("/argument/flash")]
fn flash(flash: Option<FlashMessage<'_>>) -> Option<LoggedIn> {
    flash.is_none().then(ada)
}

struct Key<'r>(&'r str);

#[async_trait]
impl<'r> FromRequest<'r> for Key<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let key = request.headers().get_one("x-key").map(Key);
        key.or_forward(rocket::http::Status::Unauthorized)
    }
}

#[login]
#[post("/argument/own-guard")]
fn own_guard(key: Key<'_>) -> Option<LoggedIn> {
    (key.0 == "ada").then(ada)
}

#[login]
#[post("/argument/sessions")]
async fn sessions(sessions: Sessions) -> Result<LoggedIn, session_runtime::Error> {
    sessions.revoke_all("ada").await?;
    Ok(ada())
}

#[login]
#[post("/argument/bytes", data = "<bytes>")]
fn bytes(bytes: Vec<u8>) -> Option<LoggedIn> {
    (bytes == b"ada").then(ada)
}

#[login]
#[post("/argument/optional", data = "<body>")]
fn optional(body: Option<Json<Body<'_>>>) -> Option<LoggedIn> {
    body.filter(|body| body.user == "ada").map(|_| ada())
}

#[login]
#[post("/argument/result-guard", data = "<body>")]
fn result_guard(body: Result<Json<Body<'_>>, rocket::serde::json::Error<'_>>) -> Option<LoggedIn> {
    body.is_ok_and(|body| body.user == "ada").then(ada)
}
