//! `Facts`: what a requirement decides on.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::age::{fetched_at, require_recent};
use super::unmet::{MISSING, Unmet};
use super::value::ClaimValue;
use crate::payload::claims_set::ClaimsSet;

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
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     match facts.payload().role.as_str() {
    ///         "admin" => Ok(()),
    ///         other => Err(Unmet::wrong_value("role", "admin", other)),
    ///     }
    /// }
    /// ```
    pub fn payload(&self) -> &'a P {
        self.payload
    }

    /// When the user last logged in, if the payload has `#[session(auth_time)]`.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     let since = chrono::DateTime::UNIX_EPOCH; // when the terms of use changed
    ///     match facts.auth_time() {
    ///         Some(login) if login > since => Ok(()),
    ///         other => Err(Unmet::wrong_value("auth_time", since, other)),
    ///     }
    /// }
    /// ```
    pub fn auth_time(&self) -> Option<DateTime<Utc>> {
        self.auth_time
    }

    /// Whether it is a visitor's session, without a login.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     match facts.is_anonymous() {
    ///         false => Ok(()),
    ///         other => Err(Unmet::wrong_value("anonymous", false, other)),
    ///     }
    /// }
    /// ```
    pub fn is_anonymous(&self) -> bool {
        self.anonymous
    }

    /// Whether the session is bound to a device.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     match facts.is_device_bound() {
    ///         true => Ok(()),
    ///         other => Err(Unmet::wrong_value("device_bound", true, other)),
    ///     }
    /// }
    /// ```
    pub fn is_device_bound(&self) -> bool {
        self.device_bound
    }

    /// The current time.
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     use chrono::Timelike;
    ///
    ///     match facts.now().hour() {
    ///         8..18 => Ok(()),
    ///         hour => Err(Unmet::wrong_value("hour", "8 to 17", hour)),
    ///     }
    /// }
    /// ```
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
    ///
    /// ```
    /// # use session_runtime::requirement::{Facts, Unmet};
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims { role: String }
    /// fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
    ///     facts.claim("st-role").includes("editor")
    /// }
    /// ```
    pub fn claim(&self, key: &str) -> ClaimValue<'a> {
        let stored = self.claims.map().get(key);
        ClaimValue {
            value: stored.and_then(|stored| stored.get("v")),
            fetched_at: fetched_at(self.claims.map(), key),
            ..self.value(key)
        }
    }

    /// Checks that the user logged in at most `max_age` ago.
    pub(crate) fn require_login_within(&self, max_age: Duration) -> Result<(), Unmet> {
        const ID: &str = "auth_time";
        if self.auth_time.is_none() {
            return Err(Unmet::new(ID, json!({ "message": MISSING })));
        }
        require_recent(self.auth_time, self.now, max_age).map_err(|reason| Unmet::new(ID, reason))
    }
}
