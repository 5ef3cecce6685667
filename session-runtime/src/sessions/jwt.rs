//! JWTs that are not sessions, and what other services need to verify tokens: the published keys
//! and their location.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::Sessions;
use crate::error::Error;
use crate::payload;
use crate::token::access;

impl Sessions {
    /// Signs a JWT that is not a session, which other services can verify with the published keys.
    ///
    /// It contains `payload`, `iss`, `iat`, `exp`, and `aud` if that is configured. It is valid for
    /// at most `access_token_validity`, because a key is not published for longer after its last
    /// signature.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session_runtime::{Error, Sessions};
    /// # fn example(sessions: &Sessions) -> Result<String, Error> {
    /// let claims = serde_json::json!({ "service": "reports" });
    /// sessions.create_jwt(&claims, Duration::from_secs(300))
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] for a payload with a name in
    /// [`RESERVED_CLAIMS`](crate::payload::RESERVED_CLAIMS), [`Error::Unstorable`] for a number
    /// that JSON cannot represent, such as `NaN`, [`Error::General`] for a payload that is not a
    /// JSON object and for a validity under a second or over the limit.
    #[doc(alias = "createJWT")]
    pub fn create_jwt(
        &self,
        payload: &impl Serialize,
        validity: Duration,
    ) -> Result<String, Error> {
        let longest = self.config().access_token_validity;
        if validity < Duration::from_secs(1) || validity > longest {
            return Err(Error::General(format!(
                "a JWT is valid for one second to `access_token_validity` ({longest:?}), not {validity:?}: \
                 its key is not published for longer"
            )));
        }
        let mut claims = payload::to_claims_for_others(payload)?;
        let now = self.now();
        let seconds = i64::try_from(validity.as_secs()).unwrap_or(i64::MAX);
        let terms = &self.inner.tokens.terms;
        claims.insert("iss".into(), terms.issuer.clone().into());
        claims.insert("iat".into(), now.timestamp().into());
        claims.insert("exp".into(), (now.timestamp() + seconds).into());
        if let Some(audience) = &terms.audience {
            claims.insert("aud".into(), audience.clone().into());
        }
        let keys = self.keys();
        let key = keys.signer(now);
        let header = json!({ "alg": key.kind.as_str(), "typ": "JWT", "kid": &*key.kid });
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        access::sign_text(&header, &Value::Object(claims).to_string(), key).map_err(Error::General)
    }

    /// The published keys as a JWK set (RFC 7517 section 5), and for how many seconds they may be
    /// cached.
    pub(crate) fn jwks(&self) -> (Value, i64) {
        let keys = self.keys();
        let jwks = json!({ "keys": keys.published() });
        (jwks, keys.max_age(self.now()))
    }

    /// The fields of OpenID Connect Discovery 1.0 section 3 that apply here: keys, but no
    /// endpoints. `jwks_path` is where the keys are published, below the issuer.
    pub(crate) fn openid_configuration(&self, jwks_path: &str) -> Value {
        let issuer = &self.inner.tokens.terms.issuer;
        let keys = self.keys();
        let algorithm = keys.signer(self.now()).kind.as_str();
        json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}{jwks_path}"),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [algorithm],
            // There is no authorization endpoint, and the list must not be empty.
            "response_types_supported": ["none"],
        })
    }
}
