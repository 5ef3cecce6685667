//! What a login hands over: the user id, the payload inside the access token, the data that stays in the database.

use std::borrow::Cow;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Error;

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

/// Ties a user id and session data to the payload they log in with; `#[derive(JwtPayload)]` implements it.
#[diagnostic::on_unimplemented(
    message = "a login with payload `{P}` cannot return user id and session data `{Self}`",
    label = "`{P}` does not derive `JwtPayload`, or declares another user id or other session data",
    note = "a login returns `(user_id, payload, session_data)`, in this order",
    note = "put `#[derive(JwtPayload)]` on the payload, and `#[session(user_id = .., data = ..)]` below it; \
            what you leave out is `user_id = String` and `data = ()`"
)]
pub trait GoesWith<P> {
    #[doc(hidden)]
    fn into_new_session(self, payload: P) -> Result<NewSession, Error>;
}

/// How an application names its users: `String` or an integer.
///
/// Compared byte for byte, at most [128 bytes](NewSession::MAX_USER_ID) as text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a user id",
    label = "use `String` or an integer"
)]
pub trait UserId: Send + Sync + 'static {
    /// The text in the token's `sub` claim and in the database.
    fn to_claim(&self) -> Cow<'_, str>;

    /// Reads [`to_claim`](Self::to_claim) back; `None` if it is of another type.
    fn from_claim(claim: &str) -> Option<Self>
    where
        Self: Sized;
}

impl UserId for String {
    fn to_claim(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }

    fn from_claim(claim: &str) -> Option<Self> {
        Some(claim.to_owned())
    }
}

macro_rules! integer_user_id {
    ($($integer:ty)*) => {$(
        impl UserId for $integer {
            fn to_claim(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }

            fn from_claim(claim: &str) -> Option<Self> {
                // Only the canonical text: `+7` or `007` would be second names for user 7.
                claim.parse().ok().filter(|id: &Self| id.to_string() == claim)
            }
        }
    )*};
}

integer_user_id!(i16 i32 i64 i128 u16 u32 u64 u128);

/// A checked, serialised login that waits to be stored.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub(crate) user_id: String,
    pub(crate) payload: Map<String, Value>,
    pub(crate) data: String,
}

impl NewSession {
    /// The longest user id, in bytes: what an indexed column holds on every database.
    pub const MAX_USER_ID: usize = 128;

    /// Checks and serialises the three values of a login.
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] if a payload key belongs to the protocol, [`Error::General`] if the user id is empty or too
    /// long, or a value does not serialise to JSON.
    pub fn serialise<P: JwtPayload>(
        user_id: &P::UserId,
        payload: &P,
        data: &P::Data,
    ) -> Result<Self, Error> {
        let user_id = user_id.to_claim().into_owned();
        if user_id.is_empty() || user_id.len() > Self::MAX_USER_ID {
            return Err(Error::General(format!(
                "a user id has 1 to {} bytes, this one has {}",
                Self::MAX_USER_ID,
                user_id.len()
            )));
        }
        let payload = match serde_json::to_value(payload) {
            Ok(Value::Object(payload)) => payload,
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
        if let Some(name) = payload.keys().find(|name| is_reserved(name)) {
            return Err(Error::ReservedClaim { name: name.clone() });
        }
        let data = to_json(data)?;
        Ok(Self {
            user_id,
            payload,
            data,
        })
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
