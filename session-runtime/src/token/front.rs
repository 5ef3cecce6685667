//! The front-token: what the front end may know about its session.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct FrontToken<'a> {
    uid: &'a str,
    ate: i64,
    up: &'a RawValue,
}

/// Encodes the user id, the expiry of the access token and its whole payload, as the JSON in the
/// token itself.
pub(crate) fn encode(
    user_id: &str,
    expires_at: DateTime<Utc>,
    payload: &RawValue,
) -> serde_json::Result<String> {
    let front = FrontToken {
        uid: user_id,
        ate: expires_at.timestamp_millis(),
        up: payload,
    };
    serde_json::to_vec(&front).map(|json| STANDARD.encode(json))
}
