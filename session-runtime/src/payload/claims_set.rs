//! The application's claims in a verified token, in the forms in which they are needed.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::payload::redact::without_values;
use crate::payload::types::PayloadType;
use crate::payload::{JwtPayload, claims_text};
use crate::user_id::UserId;

/// Anything, shared between the requests of one token.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

/// The user and the application's own claims (RFC 7519 section 4.3). They are stored as a string,
/// because a map of values takes several times the memory; what is parsed from it is parsed once
/// for all requests.
#[derive(Debug)]
pub(crate) struct ClaimsSet {
    user_id: Box<str>,
    payload_type: Box<str>,
    json: Box<str>,
    map: OnceLock<Map<String, Value>>,
    typed: OnceLock<Typed>,
}

/// The claims as a route's payload type, and the user id.
#[derive(Debug, Clone)]
struct Typed {
    payload: Shared,
    user_id: Shared,
}

/// Why the claims of a session are not of the requested payload type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// The name of the requested type.
    pub(crate) expected: &'static str,
    /// The name of the session's type.
    pub(crate) found: String,
    /// What does not fit, without its value.
    pub(crate) reason: String,
}

impl Mismatch {
    /// Refuses a name that is not one of `P`'s.
    pub(crate) fn check_name<P: JwtPayload>(found: &str) -> Result<(), Self> {
        if PayloadType::of::<P>().accepts(found) {
            return Ok(());
        }
        Err(Self::new::<P>(
            found,
            "the session is of another payload type",
        ))
    }

    pub(crate) fn new<P: JwtPayload>(found: &str, reason: impl Into<String>) -> Self {
        Self {
            expected: P::NAME,
            found: found.to_owned(),
            reason: reason.into(),
        }
    }
}

impl ClaimsSet {
    pub(crate) fn new(user_id: String, payload_type: &str, claims: &Map<String, Value>) -> Self {
        let json = claims_text(claims);
        Self {
            user_id: user_id.into(),
            payload_type: payload_type.into(),
            json: json.into(),
            map: OnceLock::new(),
            typed: OnceLock::new(),
        }
    }

    /// The user, as the token names them.
    pub(crate) fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The name of the payload type.
    pub(crate) fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The claims one by one.
    pub(crate) fn map(&self) -> &Map<String, Value> {
        self.map
            .get_or_init(|| serde_json::from_str(&self.json).expect("`new` wrote a map"))
    }

    /// What [`read`](Self::read) has parsed before: a `P`, and the user id as a `P::UserId`.
    /// Nothing else needs to be checked then.
    pub(crate) fn known<P: JwtPayload>(&self) -> Option<(Arc<P>, Shared)> {
        let Typed { payload, user_id } = self.typed.get()?;
        let payload = Arc::clone(payload).downcast().ok()?;
        Some((payload, Arc::clone(user_id)))
    }

    /// Parses the claims as a `P`, and the user id as a `P::UserId`, and keeps both for other
    /// requests with the token.
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub(crate) fn read<P: JwtPayload>(&self) -> Result<(Arc<P>, Shared), Mismatch> {
        let (payload, user_id) = self.parse::<P>()?;
        let (payload, user_id) = (Arc::new(payload), Arc::new(user_id) as Shared);
        // Most applications have one payload type; a second one is parsed each time.
        let _already_known = self.typed.set(Typed {
            payload: Arc::clone(&payload) as Shared,
            user_id: Arc::clone(&user_id),
        });
        Ok((payload, user_id))
    }

    /// The claims as a `P`, and the user id as a `P::UserId`.
    ///
    /// # Errors
    /// If they are of another type, or do not fit this one.
    pub(crate) fn parse<P: JwtPayload>(&self) -> Result<(P, P::UserId), Mismatch> {
        let found = &*self.payload_type;
        Mismatch::check_name::<P>(found)?;
        let user_id = P::UserId::from_claim(&self.user_id)
            .ok_or_else(|| Mismatch::new::<P>(found, "the user id is of another type"))?;
        let payload = serde_json::from_str(&self.json)
            .map_err(|error| Mismatch::new::<P>(found, without_values(&error)))?;
        Ok((payload, user_id))
    }
}
