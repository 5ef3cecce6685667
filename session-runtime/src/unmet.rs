//! `Unmet`: why a session does not meet what a route asks for, as the front end reads it.

use serde::Serialize;
use serde_json::{Value, json};

/// A requirement that a session does not meet, as the front end learns of it.
#[doc(alias = "ClaimValidationError")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// Which requirement: the name of a claim, usually.
    pub id: String,
    /// Why. Its `message` is `value does not exist`, `expired` or `wrong value`.
    pub reason: Value,
}

impl Unmet {
    /// A requirement that is not met for a reason of the application's own.
    pub fn new(id: impl Into<String>, reason: impl Serialize) -> Self {
        Self {
            id: id.into(),
            reason: serde_json::to_value(reason).unwrap_or_default(),
        }
    }

    /// The session has `actual` where the route asks for `expected`.
    pub fn wrong_value(
        id: impl Into<String>,
        expected: impl Serialize,
        actual: impl Serialize,
    ) -> Self {
        let reason = json!({ "message": WRONG, "expectedValue": expected, "actualValue": actual });
        Self::new(id, reason)
    }
}

pub(crate) const MISSING: &str = "value does not exist";
pub(crate) const EXPIRED: &str = "expired";
pub(crate) const WRONG: &str = "wrong value";
