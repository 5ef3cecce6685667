//! `Unmet`: a requirement that a session does not meet, as the front end reads it.

use serde::Serialize;
use serde_json::{Value, json};

/// A requirement that a session does not meet, and the reason; both are sent to the front end.
#[doc(alias = "ClaimValidationError")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unmet {
    /// The requirement, usually the name of a claim.
    pub id: String,
    /// Why it is not met. The `message` in it is `value does not exist`, `expired` or
    /// `wrong value`.
    pub reason: Value,
}

impl Unmet {
    /// A requirement that is not met, with a reason of your own.
    ///
    /// ```
    /// use session_runtime::requirement::Unmet;
    ///
    /// let reason = serde_json::json!({ "message": "expired", "since": "2026-01-01" });
    /// let unmet = Unmet::new("plan", reason);
    /// assert_eq!(unmet.id, "plan");
    /// ```
    pub fn new(id: impl Into<String>, reason: impl Serialize) -> Self {
        Self {
            id: id.into(),
            reason: serde_json::to_value(reason).unwrap_or_default(),
        }
    }

    /// The session has `actual` where the route requires `expected`.
    ///
    /// ```
    /// use session_runtime::requirement::Unmet;
    ///
    /// let unmet = Unmet::wrong_value("role", "admin", "reader");
    /// assert_eq!(unmet.reason["message"], "wrong value");
    /// ```
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
