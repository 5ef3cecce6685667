//! What a route may require of a session, and why it is not met.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::payload::claims_set::ClaimsSet;
use crate::unmet::{EXPIRED, MISSING, Unmet, WRONG};

/// What a [`Requirement`](crate::requirement::Requirement) can check about a session; no query is
/// needed.
#[derive(Debug)]
pub struct Facts<'a, P> {
    pub(crate) payload: &'a P,
    pub(crate) claims: &'a ClaimsSet,
    pub(crate) auth_time: Option<DateTime<Utc>>,
    pub(crate) anonymous: bool,
    pub(crate) device_bound: bool,
    pub(crate) now: DateTime<Utc>,
}

impl<'a, P> Facts<'a, P> {
    /// The payload.
    pub fn payload(&self) -> &'a P {
        self.payload
    }

    /// When the user last logged in, if the payload has `#[session(auth_time)]`.
    pub fn auth_time(&self) -> Option<DateTime<Utc>> {
        self.auth_time
    }

    /// Whether it is a visitor's session, without a login.
    pub fn is_anonymous(&self) -> bool {
        self.anonymous
    }

    /// Whether the session is bound to a device.
    pub fn is_device_bound(&self) -> bool {
        self.device_bound
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A value of the payload, by its key.
    ///
    /// ```
    /// # use session_runtime::JwtPayload;
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # struct Claims { verified: bool }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.value("verified").is_true()
    /// }
    /// ```
    pub fn value(&self, name: &str) -> ClaimValue<'a> {
        ClaimValue {
            id: name.to_owned(),
            value: self.claims.map().get(name),
            fetched_at: None,
            max_age: None,
            now: self.now,
        }
    }

    /// A value that [`Fetch`](crate::requirement::Fetch) stored, as
    /// `{"v": value, "t": milliseconds}`.
    pub fn claim(&self, key: &str) -> ClaimValue<'a> {
        let stored = self.claims.map().get(key);
        ClaimValue {
            value: stored.and_then(|stored| stored.get("v")),
            fetched_at: fetched_at(self.claims.map(), key),
            ..self.value(key)
        }
    }
}

/// When a claim was fetched; `None` if it was not.
pub(crate) fn fetched_at(claims: &Map<String, Value>, key: &str) -> Option<DateTime<Utc>> {
    let millis = claims.get(key)?.get("t")?.as_i64()?;
    DateTime::from_timestamp_millis(millis)
}

/// A value of a session's payload to check; a failed check gives the reason that front ends expect.
#[doc(alias = "claim validator")]
#[derive(Debug, Clone)]
#[must_use = "a value by itself requires nothing"]
pub struct ClaimValue<'a> {
    id: String,
    value: Option<&'a Value>,
    fetched_at: Option<DateTime<Utc>>,
    max_age: Option<Duration>,
    now: DateTime<Utc>,
}

impl<'a> ClaimValue<'a> {
    /// Requires that the value was fetched at most `max_age` ago.
    pub fn within(self, max_age: Duration) -> Self {
        Self {
            max_age: Some(max_age),
            ..self
        }
    }

    /// The value itself; `None` if the payload does not have it.
    pub fn get(&self) -> Option<&'a Value> {
        self.value
    }

    /// Requires the value to be `expected`.
    ///
    /// # Errors
    /// The reason, if it is not.
    #[doc(alias = "PrimitiveClaim")]
    pub fn has_value(&self, expected: impl Into<Value>) -> Result<(), Unmet> {
        let expected = expected.into();
        self.judge("expectedValue", &expected, |value| *value == expected)
    }

    /// Requires the value to be `true`.
    ///
    /// # Errors
    /// The reason, if it is not.
    #[doc(alias = "BooleanClaim")]
    pub fn is_true(&self) -> Result<(), Unmet> {
        self.has_value(true)
    }

    /// Requires the value to be `false`.
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn is_false(&self) -> Result<(), Unmet> {
        self.has_value(false)
    }

    /// Requires the value to be a list that contains `wanted`.
    ///
    /// # Errors
    /// The reason, if it is not.
    #[doc(alias = "PrimitiveArrayClaim")]
    pub fn includes(&self, wanted: impl Into<Value>) -> Result<(), Unmet> {
        let wanted = wanted.into();
        self.judge_list("expectedToInclude", &wanted, |list| list.contains(&wanted))
    }

    /// Requires the value to be a list that does not contain `unwanted`.
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn excludes(&self, unwanted: impl Into<Value>) -> Result<(), Unmet> {
        let unwanted = unwanted.into();
        self.judge_list("expectedToNotInclude", &unwanted, |list| {
            !list.contains(&unwanted)
        })
    }

    /// Requires the value to be a list that contains all of `wanted`.
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn includes_all<V: Into<Value>>(
        &self,
        wanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let wanted = values(wanted);
        self.judge_list("expectedToInclude", &json!(wanted), |list| {
            wanted.iter().all(|value| list.contains(value))
        })
    }

    /// Requires the value to be a list that contains at least one of `wanted`.
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn includes_any<V: Into<Value>>(
        &self,
        wanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let wanted = values(wanted);
        self.judge_list("expectedToIncludeAtLeastOneOf", &json!(wanted), |list| {
            wanted.iter().any(|value| list.contains(value))
        })
    }

    /// Requires the value to be a list that contains none of `unwanted`.
    ///
    /// # Errors
    /// The reason, if it is not.
    pub fn excludes_all<V: Into<Value>>(
        &self,
        unwanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let unwanted = values(unwanted);
        self.judge_list("expectedToNotInclude", &json!(unwanted), |list| {
            !unwanted.iter().any(|value| list.contains(value))
        })
    }

    fn judge_list(
        &self,
        demand: &str,
        wanted: &Value,
        holds: impl FnOnce(&[Value]) -> bool,
    ) -> Result<(), Unmet> {
        self.judge(demand, wanted, |value| {
            value.as_array().is_some_and(|list| holds(list))
        })
    }

    fn judge(
        &self,
        demand: &str,
        wanted: &Value,
        holds: impl FnOnce(&Value) -> bool,
    ) -> Result<(), Unmet> {
        let Some(value) = self.value else {
            return self.unmet(json!({ "message": MISSING, demand: wanted }));
        };
        if let Some(max_age) = self.max_age {
            let age = self.fetched_at.map(|fetched_at| self.now - fetched_at);
            let within = age.is_some_and(|age| age.to_std().unwrap_or_default() <= max_age);
            if !within {
                return self.unmet(json!({
                    "message": EXPIRED,
                    "ageInSeconds": age.map(|age| age.num_seconds()),
                    "maxAgeInSeconds": max_age.as_secs(),
                }));
            }
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

/// Checks that the user logged in at most `max_age` before `now`.
pub(crate) fn is_fresh(
    auth_time: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    max_age: Duration,
) -> Result<(), Unmet> {
    const ID: &str = "auth_time";
    let Some(auth_time) = auth_time else {
        return Err(Unmet::new(ID, json!({ "message": MISSING })));
    };
    let age = now - auth_time;
    if age.to_std().unwrap_or_default() <= max_age {
        return Ok(());
    }
    let reason = json!({
        "message": EXPIRED,
        "ageInSeconds": age.num_seconds(),
        "maxAgeInSeconds": max_age.as_secs(),
    });
    Err(Unmet::new(ID, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn each_judgement_names_its_reason_as_the_protocol_does() {
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
        for (judged, reason) in [
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
            assert_eq!(judged.err().map(|unmet| unmet.reason), reason);
        }
        assert_eq!(
            role.has_value("admin").map_err(|unmet| unmet.id),
            Err("role".into())
        );
    }
}
