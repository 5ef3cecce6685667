//! What one writes without the library: Rocket, a Diesel pool, and one INSERT with its own commit
//! per login, into a table of the same shape; the same signature, the same cookies.
//!
//! `DATABASE_URL` names the database (a throw-away SQLite file if it is not set), `ALGORITHM` is
//! ES256 or EdDSA.

mod store;
mod tokens;

use rocket::http::{Cookie, CookieJar, Header, SameSite};
use rocket::serde::json::Json;
use rocket::{Responder, State, post, routes};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::store::{Row, Store};
use crate::tokens::Signer;

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Credentials {
    user: String,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

#[derive(Responder)]
struct Answer {
    body: Json<Status>,
    front: Header<'static>,
    cache: Header<'static>,
}

#[post("/login", data = "<credentials>")]
async fn log_in(
    credentials: Json<Credentials>,
    signer: &State<Signer>,
    store: &State<Store>,
    jar: &CookieJar<'_>,
) -> Result<Answer, String> {
    let user = credentials.into_inner().user;
    let tokens = signer.issue(&user).map_err(|error| error.to_string())?;
    let row = Row::new(user, &tokens);
    let tag = tokens.tag();
    store.insert(row).await.map_err(|error| error.to_string())?;
    for (name, value, path) in [
        ("__Host-sAccessToken", tokens.access, "/"),
        (
            "__Secure-sRefreshToken",
            tokens.refresh,
            "/auth/session/refresh",
        ),
    ] {
        let cookie = Cookie::build((format!("{name}.{tag}"), value))
            .path(path)
            .secure(true)
            .http_only(true);
        jar.add(
            cookie
                .same_site(SameSite::Lax)
                .max_age(rocket::time::Duration::days(365)),
        );
    }
    Ok(Answer {
        body: Json(Status { status: "OK" }),
        front: Header::new("front-token", tokens.front),
        cache: Header::new("Cache-Control", "no-store"),
    })
}

/// The database, and the folder it is in if it is a throw-away one.
fn database() -> Result<(String, Option<TempDir>), Failure> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Ok((url, None));
    }
    let folder = tempfile::Builder::new()
        .prefix("session-bench-")
        .tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("baseline.db").display());
    Ok((url, Some(folder)))
}

#[rocket::main]
async fn main() -> Result<(), Failure> {
    let (url, _folder) = database()?;
    let figment = rocket::Config::figment().merge(("log_level", "off"));
    let rocket = rocket::custom(figment)
        .manage(Store::open(&url)?)
        .manage(Signer::new()?)
        .mount("/", routes![log_in]);
    rocket
        .launch()
        .await
        .map(drop)
        .map_err(|error| error.to_string().into())
}
