//! Issuing the tokens of a session.

use chrono::{DateTime, TimeDelta, Utc};

use super::Sessions;
use crate::error::Error;
use crate::rotation::TokenHash;
use crate::store::Record;
use crate::token::access::{self, Audience, Claims};
use crate::token::{IssuedRefresh, SessionTokens, front};

impl Sessions {
    /// A new access token for `record`, beside `refresh` if one is handed out.
    pub(super) fn issue(
        &self,
        record: &Record,
        refresh_hash: TokenHash,
        refresh: Option<IssuedRefresh>,
        now: DateTime<Utc>,
    ) -> Result<SessionTokens, Error> {
        let ends_at = refresh
            .as_ref()
            .map_or(record.lineage.ends_at, |refresh| refresh.expires_at);
        let iat = now.timestamp();
        let exp = (now + self.jittered_validity()?)
            .timestamp()
            .min(ends_at.timestamp())
            .max(iat + 1);
        let claims = Claims {
            sub: record.user_id.clone(),
            rsub: Some(record.user_id.clone()),
            tenant: Some("public".into()),
            iat,
            exp,
            nbf: None,
            session_handle: record.handle,
            refresh_token_hash1: Some(hex(&refresh_hash)),
            parent_refresh_token_hash1: None,
            anti_csrf_token: None,
            iss: self.inner.terms.issuer.clone(),
            aud: self.inner.terms.audience.clone().map(Audience::One),
            payload: record.payload.clone(),
        };
        let (access, payload) =
            access::sign(&claims, self.keys().signer(now)).map_err(Error::General)?;
        let bytes = self.inner.access_cookie_name.len() + access.len();
        if bytes > access::MAX_COOKIE {
            return Err(Error::PayloadTooLarge {
                bytes,
                limit: access::MAX_COOKIE,
            });
        }
        let expires_at = DateTime::from_timestamp(exp, 0).unwrap_or(ends_at);
        let front = front::encode(&record.user_id, expires_at, &payload)
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(SessionTokens {
            handle: record.handle,
            access,
            front,
            issued_at: now,
            refresh,
        })
    }

    /// The validity of the next access token: cut by a random share, so that tokens do not expire together.
    fn jittered_validity(&self) -> Result<TimeDelta, Error> {
        let cut = self.inner.config.access_token_jitter * self.inner.random.fraction()?;
        let validity = self.inner.config.access_token_validity.mul_f64(1.0 - cut);
        Ok(TimeDelta::from_std(validity).unwrap_or(self.inner.access_validity))
    }
}

fn hex(hash: &TokenHash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}
