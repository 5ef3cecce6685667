//! What a login hands over: the user id, the payload inside the access token, the data that stays
//! in the database.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Error;
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
}

/// A payload as the token carries it.
pub(crate) fn to_claims<P: JwtPayload>(payload: &P) -> Result<Map<String, Value>, Error> {
    let claims = match serde_json::to_value(payload) {
        Ok(Value::Object(claims)) => claims,
        Ok(_) => {
            return Err(Error::General(
                "a payload must serialise to a JSON object".into(),
            ));
        }
        Err(error) => {
            return Err(Error::General(format!(
                "the payload does not serialise to JSON: {error}"
            )));
        }
    };
    // The derive sees the fields' names; the keys of a flattened map show only here.
    match claims.keys().find(|name| is_reserved(name)) {
        Some(name) => Err(Error::ReservedClaim { name: name.clone() }),
        None => Ok(claims),
    }
}

/// Session data as it is stored.
pub(crate) fn to_json<D: Serialize>(data: &D) -> Result<String, Error> {
    serde_json::to_string(data).map_err(|error| {
        Error::General(format!(
            "the session data does not serialise to JSON: {error}"
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
