//! What a session carries: the payload inside the access token, and the data in the database.
//!
//! ```
//! use session_runtime::payload::RESERVED_CLAIMS;
//!
//! assert!(RESERVED_CLAIMS.contains(&"sub")); // no field of a payload may be called so
//! ```

pub(crate) mod claims_set;
pub(crate) mod depth;
pub(crate) mod members;
pub(crate) mod public_claim;
pub(crate) mod redact;
pub(crate) mod round_trip;
pub(crate) mod types;
pub(crate) mod unique_members;

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::payload::depth::{MAX_DEPTH, is_too_deep};
use crate::user_id::UserId;

/// The part of a session that is in the signed access token, where the browser can read it.
///
/// Derive it. The derive also declares the types of the user id and of the session data:
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// use session_runtime::JwtPayload;
///
/// #[derive(Serialize, Deserialize, JwtPayload)]
/// #[session(user_id = u64, data = Cart)] // without it: user_id = String, data = ()
/// struct Claims { name: String }
///
/// #[derive(Serialize, Deserialize)]
/// struct Cart { items: Vec<u32> }
/// ```
#[doc(alias = "claims")]
#[doc(alias = "jwt")]
#[doc(alias = "accessTokenPayload")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session payload",
    label = "put `#[derive(JwtPayload)]` on this type",
    note = "a payload also derives `serde::Serialize` and `serde::Deserialize`"
)]
pub trait JwtPayload: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The type of the application's user ids.
    type UserId: UserId;
    /// The session data: it stays in the database and is never sent to the browser.
    type Data: Serialize + DeserializeOwned + Send + 'static;
    /// The name of this type in tokens and rows. A guard accepts sessions of its own type only.
    ///
    /// The derive uses the name of the struct, or `#[session(name = "..")]`.
    const NAME: &'static str;
    /// Earlier names of this type, whose sessions it accepts: `#[session(was = "..")]`.
    const WAS: &'static [&'static str] = &[];
    #[doc(hidden)]
    const AUTH_TIME: bool = false;
    /// The page that asks for the second factor, if sessions of this type await one.
    #[doc(hidden)]
    const PENDING: Option<&'static str> = None;
}

/// A payload whose tokens contain the time at which the user last logged in, as `auth_time`.
///
/// `#[derive(JwtPayload)]` implements it for `#[session(auth_time)]` (OpenID Connect Core section
/// 2). [`Fresh`](crate::requirement::Fresh) requires it.
#[diagnostic::on_unimplemented(
    message = "tokens with `{Self}` do not say when the user logged in",
    label = "add `auth_time`: `#[session(auth_time)]`",
    note = "a requirement such as `Fresh<300>` reads it from the token"
)]
pub trait HasAuthTime: JwtPayload {}

/// The start of a field's path in errors about the payload.
const PAYLOAD: &str = "payload";

/// A payload as it is in the token, after checking that it reads back as this payload.
///
/// # Errors
/// [`Error::Unstorable`] if it would not, [`Error::PayloadTooDeep`], and [`Error::ReservedClaim`]
/// and [`Error::DuplicateClaim`] for names that are only known at run time.
pub(crate) fn to_claims<P: JwtPayload>(payload: &P) -> Result<Map<String, Value>, Error> {
    let written = round_trip::write(PAYLOAD, payload)?;
    let claims = parse_claims(&written.json)?;
    round_trip::check(PAYLOAD, payload, &written, &claims_text(&claims))?;
    Ok(claims)
}

/// A payload as it is in the token, without checking that it reads back.
pub(crate) fn to_claims_unchecked<P: Serialize>(payload: &P) -> Result<Map<String, Value>, Error> {
    parse_claims(&round_trip::write(PAYLOAD, payload)?.json)
}

/// A payload that only other services read.
///
/// # Errors
/// Also [`Error::Unstorable`] for what JSON cannot hold.
pub(crate) fn to_claims_for_others<P: Serialize>(payload: &P) -> Result<Map<String, Value>, Error> {
    round_trip::require_complete(PAYLOAD, payload)?;
    to_claims_unchecked(payload)
}

/// The claims as they are in tokens and rows.
pub(crate) fn claims_text(claims: &Map<String, Value>) -> String {
    serde_json::to_string(claims).expect("a map of JSON values is JSON")
}

/// A claim with an integer that JavaScript would round (RFC 8259 section 6), if there is one.
pub(crate) fn rounded_by_javascript(claims: &Map<String, Value>) -> Option<&str> {
    const EXACT: u64 = 1 << 53;
    fn is_rounded(value: &Value) -> bool {
        match value {
            Value::Number(number) => {
                let size = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
                size.is_some_and(|size| size > EXACT)
            }
            Value::Array(elements) => elements.iter().any(is_rounded),
            Value::Object(members) => members.values().any(is_rounded),
            Value::Null | Value::Bool(_) | Value::String(_) => false,
        }
    }
    let mut rounded = claims.iter().filter(|(_, value)| is_rounded(value));
    rounded.next().map(|(name, _)| &**name)
}

fn parse_claims(json: &str) -> Result<Map<String, Value>, Error> {
    require_shallow(json)?;
    let Entries(entries) = serde_json::from_str(json)
        .map_err(|_| Error::General("a payload must serialise to a JSON object".into()))?;
    // The derive checks the fields' names; the keys of a flattened map are only known here.
    let mut claims = Map::new();
    for (name, value) in entries {
        if is_reserved(&name) {
            return Err(Error::ReservedClaim { name });
        }
        if claims.contains_key(&name) {
            return Err(Error::DuplicateClaim { name });
        }
        claims.insert(name, value);
    }
    Ok(claims)
}

/// Refuses a payload whose token would be refused later.
pub(crate) fn require_shallow(json: &str) -> Result<(), Error> {
    if is_too_deep(json.as_bytes()) {
        return Err(Error::PayloadTooDeep { limit: MAX_DEPTH });
    }
    Ok(())
}

/// The members of a JSON object, including duplicates: otherwise, of a field and a map entry with
/// the same name, the last would win unnoticed.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The start of a field's path in errors about session data.
const DATA: &str = "data";

/// Session data as it is stored, after checking that it reads back as this data.
///
/// # Errors
/// [`Error::Unstorable`] if it would not.
pub(crate) fn to_json<D: Serialize + DeserializeOwned>(data: &D) -> Result<String, Error> {
    round_trip::to_json(DATA, data)
}

/// Session data that was stored.
///
/// # Errors
/// [`Error::DataMismatch`] if it does not deserialize as `D`.
pub(crate) fn read_data<D: DeserializeOwned>(json: &str) -> Result<D, Error> {
    round_trip::read(DATA, json).map_err(|(field, reason)| Error::DataMismatch { field, reason })
}

/// Refuses session data that is larger than the settings allow.
pub(crate) fn require_size(data: &str, limit: usize) -> Result<(), Error> {
    let bytes = data.len();
    if bytes > limit {
        return Err(Error::DataTooLarge { bytes, limit });
    }
    Ok(())
}

/// Parses a payload from the application's claims in a token.
///
/// # Errors
/// What does not fit: the field, and what serde says about its type, but not its value.
pub(crate) fn read<P: JwtPayload>(payload: &Map<String, Value>) -> Result<P, serde_json::Error> {
    // From a string, as guards parse it.
    serde_json::from_str(&claims_text(payload))
}

/// Checks that a changed payload is still a `P` that reads back unchanged.
///
/// # Errors
/// [`Error::Unstorable`] if it is not.
pub(crate) fn fit<P: JwtPayload>(payload: &Map<String, Value>) -> Result<(), Error> {
    let read = round_trip::read::<P>(PAYLOAD, &claims_text(payload));
    let payload = read.map_err(|(field, reason)| Error::Unstorable { field, reason })?;
    to_claims(&payload).map(drop)
}

/// Names that no field of a payload may have: claims of the protocol, of RFC 7519 and of RFC 9068.
pub const RESERVED_CLAIMS: &[&str] = &[
    "sub",
    "iat",
    "exp",
    "sessionHandle",
    "parentRefreshTokenHash1",
    "refreshTokenHash1",
    "antiCsrfToken",
    "rsub",
    "tId",
    "stt",
    "iss",
    "aud",
    "nbf",
    "jti",
    "auth_time",
];

pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED_CLAIMS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_javascript_rounds_are_found_wherever_they_are() {
        for (json, name) in [
            (
                r#"{"a":9007199254740992,"b":-9007199254740992,"c":1e300}"#,
                None,
            ),
            (r#"{"a":9007199254740993}"#, Some("a")),
            (r#"{"a":1,"b":[{"c":-9007199254740993}]}"#, Some("b")),
            (r#"{"a":18446744073709551615}"#, Some("a")),
            (r#"{"a":"18446744073709551615"}"#, None),
        ] {
            let claims = serde_json::from_str(json).expect(json);
            assert_eq!(rounded_by_javascript(&claims), name, "{json}");
        }
    }
}
