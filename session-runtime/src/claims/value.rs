//! `ClaimValue`: the checks of one value, with the reasons that front ends expect.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::age::require_recent;
use super::unmet::{MISSING, Unmet, WRONG};

/// A value of a session's payload to check; a failed check gives the reason that front ends expect.
///
/// ```
/// # use session_runtime::requirement::{Facts, Unmet};
/// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
/// # struct Claims { role: String }
/// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
///     facts.claim("st-role").includes("editor")?;
///     facts.value("role").has_value("staff")
/// }
/// ```
#[doc(alias = "claim validator")]
#[derive(Debug, Clone)]
#[must_use = "a value by itself requires nothing"]
pub struct ClaimValue<'a> {
    pub(super) id: String,
    pub(super) value: Option<&'a Value>,
    pub(super) fetched_at: Option<DateTime<Utc>>,
    pub(super) max_age: Option<Duration>,
    pub(super) now: DateTime<Utc>,
}

impl<'a> ClaimValue<'a> {
    /// Requires that the value was fetched at most `max_age` ago.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-mfa").within(std::time::Duration::from_secs(300)).is_true()
    /// }
    /// ```
    pub fn within(self, max_age: Duration) -> Self {
        Self {
            max_age: Some(max_age),
            ..self
        }
    }

    /// The value itself; `None` if the payload does not have it.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     let seats = facts.claim("st-seats").get().and_then(|seats| seats.as_u64());
    ///     match seats {
    ///         Some(1..) => Ok(()),
    ///         _ => Err(Unmet::wrong_value("st-seats", "at least 1", seats)),
    ///     }
    /// }
    /// ```
    pub fn get(&self) -> Option<&'a Value> {
        self.value
    }

    /// Requires the value to be `expected`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-plan").has_value("pro")
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    #[doc(alias = "PrimitiveClaim")]
    pub fn has_value(&self, expected: impl Into<Value>) -> Result<(), Unmet> {
        let expected = expected.into();
        self.check("expectedValue", &expected, |value| *value == expected)
    }

    /// Requires the value to be `true`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-mfa").is_true()
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    #[doc(alias = "BooleanClaim")]
    pub fn is_true(&self) -> Result<(), Unmet> {
        self.has_value(true)
    }

    /// Requires the value to be `false`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-blocked").is_false()
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn is_false(&self) -> Result<(), Unmet> {
        self.has_value(false)
    }

    /// Requires the value to be a list that contains `wanted`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-role").includes("editor")
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    #[doc(alias = "PrimitiveArrayClaim")]
    pub fn includes(&self, wanted: impl Into<Value>) -> Result<(), Unmet> {
        let wanted = wanted.into();
        self.check_list("expectedToInclude", &wanted, |list| list.contains(&wanted))
    }

    /// Requires the value to be a list that does not contain `unwanted`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-role").excludes("guest")
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn excludes(&self, unwanted: impl Into<Value>) -> Result<(), Unmet> {
        let unwanted = unwanted.into();
        self.check_list("expectedToNotInclude", &unwanted, |list| {
            !list.contains(&unwanted)
        })
    }

    /// Requires the value to be a list that contains all of `wanted`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-perm").includes_all(["read", "write"])
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn includes_all<V: Into<Value>>(
        &self,
        wanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let wanted = values(wanted);
        self.check_list("expectedToInclude", &json!(wanted), |list| {
            wanted.iter().all(|value| list.contains(value))
        })
    }

    /// Requires the value to be a list that contains at least one of `wanted`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-role").includes_any(["editor", "admin"])
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn includes_any<V: Into<Value>>(
        &self,
        wanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let wanted = values(wanted);
        self.check_list("expectedToIncludeAtLeastOneOf", &json!(wanted), |list| {
            wanted.iter().any(|value| list.contains(value))
        })
    }

    /// Requires the value to be a list that contains none of `unwanted`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-role").excludes_all(["guest", "blocked"])
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn excludes_all<V: Into<Value>>(
        &self,
        unwanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let unwanted = values(unwanted);
        self.check_list("expectedToNotInclude", &json!(unwanted), |list| {
            !unwanted.iter().any(|value| list.contains(value))
        })
    }

    fn check_list(
        &self,
        demand: &str,
        wanted: &Value,
        holds: impl FnOnce(&[Value]) -> bool,
    ) -> Result<(), Unmet> {
        self.check(demand, wanted, |value| {
            value.as_array().is_some_and(|list| holds(list))
        })
    }

    fn check(
        &self,
        demand: &str,
        wanted: &Value,
        holds: impl FnOnce(&Value) -> bool,
    ) -> Result<(), Unmet> {
        let Some(value) = self.value else {
            return self.unmet(json!({ "message": MISSING, demand: wanted }));
        };
        if let Some(max_age) = self.max_age {
            require_recent(self.fetched_at, self.now, max_age).or_else(|why| self.unmet(why))?;
        }
        if holds(value) {
            return Ok(());
        }
        self.unmet(json!({ "message": WRONG, demand: wanted, "actualValue": value }))
    }

    fn unmet(&self, reason: Value) -> Result<(), Unmet> {
        Err(Unmet {
            id: self.id.clone(),
            reason,
        })
    }
}

fn values<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Vec<Value> {
    values.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Facts;
    use crate::payload::claims_set::ClaimsSet;

    fn facts(claims: &ClaimsSet) -> Facts<'_, ()> {
        Facts {
            payload: &(),
            claims,
            auth_time: None,
            anonymous: false,
            device_bound: false,
            now: DateTime::from_timestamp(1000, 0).expect("a time"),
        }
    }

    fn claims(value: Value) -> ClaimsSet {
        ClaimsSet::new(
            "ada".into(),
            "Claims",
            value.as_object().expect("an object"),
        )
    }

    /// The reasons of each validator.
    #[test]
    fn each_check_names_its_reason_as_the_protocol_does() {
        let claims = claims(json!({
            "role": "user",
            "beta": true,
            "tags": { "v": ["a", "b"], "t": 990_000 },
        }));
        let facts = facts(&claims);
        let (role, beta, tags) = (
            facts.value("role"),
            facts.value("beta"),
            facts.claim("tags"),
        );
        let missing = facts.claim("nothing");
        let fresh = || tags.clone().within(Duration::from_secs(10));
        let stale = || tags.clone().within(Duration::from_secs(9));
        for (checked, reason) in [
            (role.has_value("user"), None),
            (
                role.has_value("admin"),
                Some(
                    json!({ "message": "wrong value", "expectedValue": "admin", "actualValue": "user" }),
                ),
            ),
            (beta.is_true(), None),
            (
                beta.is_false(),
                Some(
                    json!({ "message": "wrong value", "expectedValue": false, "actualValue": true }),
                ),
            ),
            (
                missing.is_true(),
                Some(json!({ "message": "value does not exist", "expectedValue": true })),
            ),
            (tags.includes("a"), None),
            (
                tags.includes("c"),
                Some(
                    json!({ "message": "wrong value", "expectedToInclude": "c", "actualValue": ["a", "b"] }),
                ),
            ),
            (tags.excludes("c"), None),
            (
                tags.excludes("a"),
                Some(
                    json!({ "message": "wrong value", "expectedToNotInclude": "a", "actualValue": ["a", "b"] }),
                ),
            ),
            (tags.includes_all(["a", "b"]), None),
            (
                tags.includes_all(["a", "c"]),
                Some(
                    json!({ "message": "wrong value", "expectedToInclude": ["a", "c"], "actualValue": ["a", "b"] }),
                ),
            ),
            (tags.includes_any(["c", "b"]), None),
            (
                tags.includes_any(["c", "d"]),
                Some(
                    json!({ "message": "wrong value", "expectedToIncludeAtLeastOneOf": ["c", "d"], "actualValue": ["a", "b"] }),
                ),
            ),
            (tags.excludes_all(["c", "d"]), None),
            (
                tags.excludes_all(["c", "b"]),
                Some(
                    json!({ "message": "wrong value", "expectedToNotInclude": ["c", "b"], "actualValue": ["a", "b"] }),
                ),
            ),
            (
                missing.includes("a"),
                Some(json!({ "message": "value does not exist", "expectedToInclude": "a" })),
            ),
            (
                role.includes("u"),
                Some(
                    json!({ "message": "wrong value", "expectedToInclude": "u", "actualValue": "user" }),
                ),
            ),
            (fresh().includes("a"), None),
            (
                stale().includes("a"),
                Some(json!({ "message": "expired", "ageInSeconds": 10, "maxAgeInSeconds": 9 })),
            ),
        ] {
            assert_eq!(checked.err().map(|unmet| unmet.reason), reason);
        }
        assert_eq!(
            role.has_value("admin").map_err(|unmet| unmet.id),
            Err("role".into())
        );
    }
}
