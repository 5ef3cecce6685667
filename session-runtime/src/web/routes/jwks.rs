//! The routes for other services: the published keys and the OpenID configuration. They are public,
//! and answered from memory.

use rocket::http::Header;
use rocket::response::content::RawJson;
use rocket::{Responder, Route, get, routes};

use crate::sessions::Sessions;
use crate::wire_names::JWKS;

/// All routes, to be mounted at the API's base path.
pub(in crate::web) fn all() -> Vec<Route> {
    routes![jwks, openid_configuration]
}

/// JSON that pages of any origin may read.
#[derive(Debug, Responder)]
struct Public {
    body: RawJson<String>,
    origin: Header<'static>,
    caching: Header<'static>,
}

impl Public {
    fn new(body: String, max_age: i64) -> Self {
        Self {
            body: RawJson(body),
            origin: Header::new("Access-Control-Allow-Origin", "*"),
            caching: Header::new(
                "Cache-Control",
                format!("max-age={max_age}, must-revalidate"),
            ),
        }
    }
}

#[get("/jwt/jwks.json")]
fn jwks(sessions: Sessions) -> Public {
    let (keys, max_age) = sessions.jwks();
    Public::new(keys.to_string(), max_age)
}

/// It changes only with the configuration, but clients should not use an old one for long.
#[get("/.well-known/openid-configuration")]
fn openid_configuration(sessions: Sessions) -> Public {
    Public::new(sessions.openid_configuration(JWKS).to_string(), 60)
}
