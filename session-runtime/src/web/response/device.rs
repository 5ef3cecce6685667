//! What goes to the browsers of sessions that are bound to a device: the marker cookie, the
//! headers, and where they register and refresh.

use chrono::{DateTime, TimeDelta, Utc};
use rocket::http::{Cookie, SameSite};
use rocket::time::Duration;
use rocket::{Request, Response};

use crate::handle::SessionHandle;
use crate::token::SessionTokens;
use crate::token::device_bound::{self, Configuration, Credential, Scope};
use crate::web::paths::outer;
use crate::web::request::cookies;
use crate::web::settings::Settings;
use crate::wire_names::{DEVICE_REFRESH, DEVICE_REGISTER};

/// The marker ends before its token does, so that no request is sent with one that ends on the way.
const EARLIER: TimeDelta = TimeDelta::seconds(10);

/// What browsers are told about bound sessions; made once, at ignite, for a server that they reach
/// over https.
#[derive(Debug, Clone)]
pub(in crate::web) struct DeviceWire {
    origin: String,
    register_path: String,
    refresh_path: String,
    excluded: Vec<String>,
    initiators: Vec<String>,
}

impl DeviceWire {
    /// `None` where browsers reach this server over plain http: they would ignore all of it.
    pub(in crate::web) fn new(settings: &Settings) -> Option<Self> {
        let config = &settings.config;
        let path = |route: &str| {
            let path = format!("{}{route}", config.api_base_path);
            outer(config.outer_path.as_deref(), &path)
        };
        let mut initiators: Vec<String> = settings
            .website_origins
            .iter()
            // From another site the browser would refresh without the cookies, which are `Lax`.
            .filter(|page| page.is_same_site(&settings.api) && page.host != settings.api.host)
            .map(|page| page.host.clone())
            .collect();
        initiators.sort_unstable();
        initiators.dedup();
        (settings.api.scheme == "https").then(|| Self {
            origin: settings.api.text.clone(),
            register_path: path(DEVICE_REGISTER),
            refresh_path: path(DEVICE_REFRESH),
            excluded: config.device_bound_exclude.clone(),
            initiators,
        })
    }

    /// The URL to which a browser sends the proof of a registration.
    pub(in crate::web) fn register_url(&self) -> String {
        format!("{}{}", self.origin, self.register_path)
    }

    /// The URL to which a browser sends the proof of a refresh.
    pub(in crate::web) fn refresh_url(&self) -> String {
        format!("{}{}", self.origin, self.refresh_path)
    }

    /// The body of the answer to the registration of a session.
    pub(in crate::web) fn configuration(
        &self,
        handle: SessionHandle,
    ) -> serde_json::Result<String> {
        serde_json::to_string(&Configuration {
            session_identifier: &handle.to_string(),
            refresh_url: &self.refresh_path,
            scope: Scope::origin_without(self.excluded.iter().map(String::as_str)),
            credentials: [Credential::cookie(&marker_name(handle))],
            allowed_refresh_initiators: &self.initiators,
        })
    }

    /// Asks the browser to register a key for a new session.
    pub(in crate::web) fn ask_to_register(
        &self,
        response: &mut Response<'_>,
        tokens: &SessionTokens,
    ) {
        if let Some(challenge) = &tokens.registration {
            let value = device_bound::registration(&self.register_path, challenge);
            response.set_raw_header(device_bound::REGISTRATION, value);
        }
    }
}

fn marker_name(handle: SessionHandle) -> String {
    format!("{}.{}", device_bound::MARKER, handle.tag())
}

/// Whether a request carries the marker of a session.
pub(in crate::web) fn has_marker(request: &Request<'_>, handle: SessionHandle) -> bool {
    let name = marker_name(handle);
    // What Rocket's local client put into the jar stands in no line.
    let mut lines = request.headers().get("cookie");
    lines.any(|line| cookies::pairs(line).any(|(found, _)| found == name))
        || request.cookies().get(&name).is_some()
}

/// The cookie whose absence makes the browser refresh; `None` if the token ends too soon for one.
pub(in crate::web) fn marker(tokens: &SessionTokens) -> Option<Cookie<'static>> {
    let left = remaining(tokens.bound_until?, tokens.issued_at);
    (left > 0).then(|| cookie(tokens.handle, "1", left))
}

fn remaining(until: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (until - now - EARLIER).num_seconds()
}

/// Its removal.
pub(in crate::web) fn removal(handle: SessionHandle) -> Cookie<'static> {
    cookie(handle, "", 0)
}

/// As [`Credential::ATTRIBUTES`] says, whatever the settings say of other cookies.
fn cookie(handle: SessionHandle, value: &'static str, seconds: i64) -> Cookie<'static> {
    Cookie::build((marker_name(handle), value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(seconds))
        .build()
}
