//! What a route may ask of a session beyond being valid, and why it is not met (protocol: "claims").

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::payload::claims_set::ClaimsSet;
use crate::unmet::{EXPIRED, MISSING, Unmet, WRONG};

/// What is known of a session when a route's requirement is judged: all of it from the token, no I/O.
#[derive(Debug)]
pub struct Facts<'a, P> {
    pub(crate) payload: &'a P,
    pub(crate) claims: &'a ClaimsSet,
    pub(crate) auth_time: Option<DateTime<Utc>>,
    pub(crate) anonymous: bool,
    pub(crate) now: DateTime<Utc>,
}

impl<'a, P> Facts<'a, P> {
    /// The payload.
    pub fn payload(&self) -> &'a P {
        self.payload
    }

    /// When the user last proved who it is, if tokens say that.
    pub fn auth_time(&self) -> Option<DateTime<Utc>> {
        self.auth_time
    }

    /// Whether nobody has logged in.
    pub fn is_anonymous(&self) -> bool {
        self.anonymous
    }

    /// The time of the server.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A key of the payload, to be judged as it stands there.
    pub fn value(&self, name: &str) -> ClaimValue<'a> {
        ClaimValue {
            id: name.to_owned(),
            value: self.claims.map().get(name),
            fetched_at: None,
            max_age: None,
            now: self.now,
        }
    }

    /// A claim that was stored with the time of its fetching: `{"v": value, "t": milliseconds}`.
    pub fn claim(&self, key: &str) -> ClaimValue<'a> {
        let stored = self.claims.map().get(key);
        ClaimValue {
            value: stored.and_then(|stored| stored.get("v")),
            fetched_at: fetched_at(self.claims.map(), key),
            ..self.value(key)
        }
    }
}

/// When a claim was fetched; `None` if it was not, or is no such claim.
pub(crate) fn fetched_at(claims: &Map<String, Value>, key: &str) -> Option<DateTime<Utc>> {
    let millis = claims.get(key)?.get("t")?.as_i64()?;
    DateTime::from_timestamp_millis(millis)
}

/// A value of a session's payload, to be judged; each judgement names its reason as the protocol does.
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
    /// Demands that the value was fetched at most `max_age` ago.
    pub fn within(self, max_age: Duration) -> Self {
        Self {
            max_age: Some(max_age),
            ..self
        }
    }

    /// The value, whatever it is.
    pub fn get(&self) -> Option<&'a Value> {
        self.value
    }

    /// # Errors
    /// Unless the value is `expected`.
    #[doc(alias = "PrimitiveClaim")]
    pub fn has_value(&self, expected: impl Into<Value>) -> Result<(), Unmet> {
        let expected = expected.into();
        self.judge("expectedValue", &expected, |value| *value == expected)
    }

    /// # Errors
    /// Unless the value is `true`.
    #[doc(alias = "BooleanClaim")]
    pub fn is_true(&self) -> Result<(), Unmet> {
        self.has_value(true)
    }

    /// # Errors
    /// Unless the value is `false`.
    pub fn is_false(&self) -> Result<(), Unmet> {
        self.has_value(false)
    }

    /// # Errors
    /// Unless the value is a list with `wanted` in it.
    #[doc(alias = "PrimitiveArrayClaim")]
    pub fn includes(&self, wanted: impl Into<Value>) -> Result<(), Unmet> {
        let wanted = wanted.into();
        self.judge_list("expectedToInclude", &wanted, |list| list.contains(&wanted))
    }

    /// # Errors
    /// Unless the value is a list without `unwanted`.
    pub fn excludes(&self, unwanted: impl Into<Value>) -> Result<(), Unmet> {
        let unwanted = unwanted.into();
        self.judge_list("expectedToNotInclude", &unwanted, |list| {
            !list.contains(&unwanted)
        })
    }

    /// # Errors
    /// Unless the value is a list with all of `wanted` in it.
    pub fn includes_all<V: Into<Value>>(
        &self,
        wanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let wanted = values(wanted);
        self.judge_list("expectedToInclude", &json!(wanted), |list| {
            wanted.iter().all(|value| list.contains(value))
        })
    }

    /// # Errors
    /// Unless the value is a list with at least one of `wanted` in it.
    pub fn includes_any<V: Into<Value>>(
        &self,
        wanted: impl IntoIterator<Item = V>,
    ) -> Result<(), Unmet> {
        let wanted = values(wanted);
        self.judge_list("expectedToIncludeAtLeastOneOf", &json!(wanted), |list| {
            wanted.iter().any(|value| list.contains(value))
        })
    }

    /// # Errors
    /// Unless the value is a list with none of `unwanted` in it.
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

/// The user proved who it is at most `max_age` before `now`; else why not.
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

    /// Behaviour 77: the reasons of each validator.
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
