//! What a login hands over: the user id, the payload inside the access token, the data that stays
//! in the database.

pub(crate) mod claims_set;
pub(crate) mod depth;
pub(crate) mod once;
pub(crate) mod public_claim;
pub(crate) mod types;

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::payload::depth::{MAX_DEPTH, is_too_deep};
use crate::user_id::UserId;

/// The part of a session that travels inside the signed access token, readable by the browser.
///
/// Derive it; the derive ties the user id, the payload and the session data of a login together:
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
#[doc(alias = "accessTokenPayload")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session payload",
    label = "put `#[derive(JwtPayload)]` on this type",
    note = "a payload also derives `serde::Serialize` and `serde::Deserialize`"
)]
pub trait JwtPayload: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// How the application names its users.
    type UserId: UserId;
    /// What stays in the database, never sent to the browser.
    type Data: Serialize + DeserializeOwned + Send + 'static;
    /// How tokens and rows name this type; a session of one type passes no guard that asks for another.
    ///
    /// The derive takes the name of the struct, or `#[session(name = "..")]`.
    const NAME: &'static str;
    /// Names of sessions that this type takes over: `#[session(was = "..")]` for a renamed struct.
    const WAS: &'static [&'static str] = &[];
    #[doc(hidden)]
    const AUTH_TIME: bool = false;
    /// The page that asks for the second factor, if sessions of this type await one.
    #[doc(hidden)]
    const PENDING: Option<&'static str> = None;
}

/// A payload whose tokens say when the user last proved who it is, as `auth_time` (OpenID Connect Core
/// section 2): what [`Fresh`](crate::Fresh) asks for.
#[diagnostic::on_unimplemented(
    message = "tokens with `{Self}` do not say when the user logged in",
    label = "add `auth_time`: `#[session(auth_time)]`",
    note = "a requirement such as `Fresh<300>` reads it from the token"
)]
pub trait HasAuthTime: JwtPayload {}

/// A payload as the token carries it.
pub(crate) fn to_claims<P: Serialize>(payload: &P) -> Result<Map<String, Value>, Error> {
    let json = serde_json::to_string(payload).map_err(|error| {
        Error::General(format!(
            "the payload does not serialise to JSON: {}",
            without_values(&error)
        ))
    })?;
    require_shallow(&json)?;
    let Entries(entries) = serde_json::from_str(&json)
        .map_err(|_| Error::General("a payload must serialise to a JSON object".into()))?;
    // The derive sees the fields' names; the keys of a flattened map show only here.
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

/// Refuses a payload whose token we would refuse ourselves.
pub(crate) fn require_shallow(json: &str) -> Result<(), Error> {
    if is_too_deep(json.as_bytes()) {
        return Err(Error::PayloadTooDeep { limit: MAX_DEPTH });
    }
    Ok(())
}

/// The members of a JSON object, those of one name included: of a field and a map entry of its name
/// the last would win unseen otherwise.
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

/// Session data as it is stored.
pub(crate) fn to_json<D: Serialize>(data: &D) -> Result<String, Error> {
    serde_json::to_string(data).map_err(|error| {
        Error::General(format!(
            "the session data does not serialise to JSON: {}",
            without_values(&error)
        ))
    })
}

/// Reads a payload from the application's keys of a token.
///
/// # Errors
/// What does not fit, naming the field and never its value's text beyond what serde says of types.
pub(crate) fn read<P: JwtPayload>(payload: &Map<String, Value>) -> Result<P, serde_json::Error> {
    P::deserialize(payload)
}

/// What serde says of JSON that does not fit its type, without the value that it quotes: that may be
/// somebody's private data.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // Serde writes "invalid type: string \"..\", expected u32": what was found stands between the two.
    let kind = text.split([':', '`']).next().unwrap_or_default().trim();
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{kind}, expected {expected}"),
        // The names that these quote are of the type, not of the data.
        None if text.starts_with("missing field") || text.starts_with("duplicate field") => text,
        None => kind.to_owned(),
    }
}

/// Whether a payload is still a `P`.
pub(crate) fn fit<P: JwtPayload>(payload: &Map<String, Value>) -> Result<(), Error> {
    read::<P>(payload).map(drop).map_err(|error| {
        Error::General(format!(
            "the payload would no longer fit its type: {}",
            without_values(&error)
        ))
    })
}

/// Claim names that belong to the session protocol or to RFC 7519 and RFC 9068.
pub const RESERVED_CLAIMS: [&str; 15] = [
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
    fn what_does_not_fit_is_told_without_its_value() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Account {
            _iban: u32,
        }
        for (json, told) in [
            (
                r#"{"_iban":"DE02: x, expected y"}"#,
                "invalid type, expected u32",
            ),
            (r#"{"_iban":-1}"#, "invalid value, expected u32"),
            (r"{}", "missing field `_iban` at line 1 column 2"),
            (r#"{"secret":1}"#, "unknown field, expected `_iban`"),
            (
                r#"{"_iban":1"#,
                "EOF while parsing an object at line 1 column 10",
            ),
        ] {
            let error = serde_json::from_str::<Account>(json).expect_err(json);
            let found = without_values(&error);
            assert!(found.starts_with(told), "{found}");
            assert!(
                !found.contains("DE02") && !found.contains("secret"),
                "{found}"
            );
        }
    }
}
