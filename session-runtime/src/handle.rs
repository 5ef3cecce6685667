//! `SessionHandle`: the public id of a session. It is not a secret; only tokens prove anything.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid_lib::{Builder, Uuid};

/// The public id of a session: in logs, in device lists, for revoking it (UUIDv7, RFC 9562).
///
/// It is not a secret and proves nothing. Handles sort by the time at which their sessions started.
/// Routes can take one from a path, a query or a form:
///
/// ```
/// # use rocket::{form::Form, get, post, FromForm};
/// use session_runtime::SessionHandle;
///
/// #[get("/sessions/<handle>")]
/// fn show(handle: SessionHandle) -> String { handle.to_string() }
///
/// #[derive(FromForm)]
/// struct Ended { handle: SessionHandle }
///
/// #[post("/sessions", data = "<form>")]
/// fn end(form: Form<Ended>) -> String { form.handle.to_string() }
/// # let _ = rocket::routes![show, end];
/// ```
#[doc(alias = "session id")]
#[doc(alias = "sessionHandle")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionHandle(Uuid);

impl SessionHandle {
    pub(crate) fn new(now: DateTime<Utc>, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        Self(Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }

    /// When the session started, by the clock of the process that created it; `None` for a UUID
    /// without a time.
    pub(crate) fn began_at(&self) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The end of the names of this session's cookies.
    pub(crate) fn tag(&self) -> Tag {
        let [.., a, b, c, d, e, f] = *self.as_bytes();
        let mut letters = [0; Tag::LENGTH];
        URL_SAFE_NO_PAD
            .encode_slice([a, b, c, d, e, f], &mut letters)
            .expect("six bytes are eight letters of base64url");
        Tag(letters)
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Tells the cookies of one session from those of another: 48 of the handle's random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tag([u8; Self::LENGTH]);

impl Tag {
    const LENGTH: usize = 8;

    /// Parses the end of a cookie's name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let letters: [u8; Self::LENGTH] = text.as_bytes().try_into().ok()?;
        let are_letters = letters
            .iter()
            .all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(letter));
        are_letters.then_some(Self(letters))
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("letters of base64url are ASCII")
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error for a string that is not a session handle.
///
/// ```
/// use session_runtime::SessionHandle;
///
/// assert!("not a handle".parse::<SessionHandle>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a session handle is a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
#[non_exhaustive]
pub struct InvalidHandle;

impl FromStr for SessionHandle {
    type Err = InvalidHandle;

    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        Uuid::from_str(text).map(Self).map_err(|_| InvalidHandle)
    }
}
