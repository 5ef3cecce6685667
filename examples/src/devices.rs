//! The devices of a user: every session that is not over, and how to end one or all of them.

use rocket::serde::json::{Json, Value, json};
use rocket::{delete, get};
use serde::Serialize;
use session_runtime::{Error, Session, SessionHandle, Sessions};

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
    });
    Ok(devices.collect())
}

/// Ends a session of the same user; `None` if it is none of theirs, as if it did not exist.
pub async fn end(
    session: Session<Claims>,
    sessions: &Sessions,
    handle: &str,
) -> Result<Option<()>, Error> {
    let Ok(handle) = handle.parse::<SessionHandle>() else {
        return Ok(None);
    };
    if handle == session.handle() {
        return session.revoke().await.map(Some);
    }
    let found = sessions.info(handle).await?;
    if found.is_none_or(|info| info.user_id != *session.user_id()) {
        return Ok(None);
    }
    sessions.revoke(handle).await?;
    Ok(Some(()))
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
    sessions: Sessions,
    handle: &str,
) -> Result<Option<Value>, Error> {
    let ended = end(session, &sessions, handle).await?;
    Ok(ended.map(|()| json!({ "status": "OK" })))
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
