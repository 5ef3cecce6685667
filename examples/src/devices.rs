//! The devices of a user: every session that is not over, and how to end one or all of them.

use rocket::serde::json::{Json, Value, json};
use rocket::{delete, get};
use serde::Serialize;
use session_runtime::{Error, Session, SessionHandle};

use crate::routes::Claims;

/// A session as its owner recognises it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    pub handle: String,
    /// Such as `Firefox on Linux`.
    pub name: String,
    pub ip: String,
    /// When it logged in (RFC 3339).
    pub since: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Whether a copy of its cookies gets no new tokens on another device.
    pub bound: bool,
}

/// The newest devices: a page of them.
pub async fn of(session: &Session<Claims>) -> Result<Vec<Device>, Error> {
    let all = session.devices(None).await?;
    let devices = all.into_iter().map(|info| Device {
        handle: info.handle.to_string(),
        name: name(&info.device.user_agent),
        ip: info.device.ip,
        since: info.created_at.to_rfc3339(),
        current: info.current,
        bound: info.device_bound,
    });
    Ok(devices.collect())
}

/// Ends all sessions of the user, this one last.
pub async fn end_all(session: Session<Claims>) -> Result<(), Error> {
    session.revoke_others().await?;
    session.revoke().await
}

#[get("/devices")]
pub async fn devices(session: Session<Claims>) -> Result<Json<Vec<Device>>, Error> {
    of(&session).await.map(Json)
}

#[delete("/devices/<handle>")]
pub async fn sign_out(
    session: Session<Claims>,
    handle: SessionHandle,
) -> Result<Option<Value>, Error> {
    // Of somebody else's session this says what it says of none: 404.
    let ended = session.revoke_device(handle).await?;
    Ok(ended.then(|| json!({ "status": "OK" })))
}

#[delete("/devices")]
pub async fn sign_out_everywhere(session: Session<Claims>) -> Result<Value, Error> {
    end_all(session).await?;
    Ok(json!({ "status": "OK" }))
}

/// Browser and system, as far as a `User-Agent` tells; it proves nothing.
fn name(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(part, _)| user_agent.contains(part));
        found.map(|(_, name)| *name)
    };
    // Each names those before it as well.
    let browser = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(only), None) | (None, Some(only)) => only.into(),
        (None, None) => "Unknown device".into(),
    }
}
