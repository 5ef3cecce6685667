//! How old a value may be: the one rule of `ClaimValue::within`, `Fresh` and `Fetch`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::unmet::EXPIRED;

/// When a claim was fetched; `None` if it was not.
pub(crate) fn fetched_at(claims: &Map<String, Value>, key: &str) -> Option<DateTime<Utc>> {
    let millis = claims.get(key)?.get("t")?.as_i64()?;
    DateTime::from_timestamp_millis(millis)
}

/// Whether `at` is at most `max_age` before `now`. A time that lies ahead counts as now, because
/// the clocks of two processes differ a little.
pub(crate) fn is_recent(at: DateTime<Utc>, now: DateTime<Utc>, max_age: Duration) -> bool {
    (now - at).to_std().unwrap_or_default() <= max_age
}

/// Refuses what is not [recent](is_recent), with the reason that front ends expect.
pub(super) fn require_recent(
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    max_age: Duration,
) -> Result<(), Value> {
    if at.is_some_and(|at| is_recent(at, now, max_age)) {
        return Ok(());
    }
    Err(json!({
        "message": EXPIRED,
        "ageInSeconds": at.map(|at| (now - at).num_seconds()),
        "maxAgeInSeconds": max_age.as_secs(),
    }))
}
