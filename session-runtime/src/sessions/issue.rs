//! Making a session, and issuing its tokens.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Sessions;
use crate::config::SessionConfig;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::NewSession;
use crate::rotation::{Lineage, TokenHash};
use crate::store::Record;
use crate::token::access::{self, Claims};
use crate::token::{IssuedRefresh, SessionTokens, front, refresh};

impl Sessions {
    /// A session that is not stored yet, and its tokens: signed before the insert, so that a payload
    /// too large for a cookie leaves no row.
    pub(super) fn prepare(&self, new: &NewSession) -> Result<(Record, SessionTokens), Error> {
        let values = new.values.clone()?;
        let validity = match new.valid_for {
            Some(validity) => self.checked_validity(validity)?,
            None => self.inner.refresh_validity,
        };
        let now = self.inner.clock.now();
        let handle = SessionHandle::new(now, &self.inner.random.bytes()?);
        let ends_at = now + validity;
        let token = refresh::mint(
            handle,
            0,
            &self.inner.random.bytes()?,
            self.inner.keys.mac(),
        );
        let parent = refresh::hash(&token);
        let record = Record {
            handle,
            user_id: values.user_id,
            lineage: Lineage {
                parent,
                parent_since: now,
                generation: 0,
                children: Vec::new(),
                ends_at,
            },
            payload: values.payload,
            data: values.data,
            created_at: now,
            validity,
        };
        let refresh = IssuedRefresh {
            token,
            expires_at: ends_at,
        };
        let tokens = self.issue(&record, parent, Some(refresh), now)?;
        Ok((record, tokens))
    }

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
            payload: record.payload.clone(),
        };
        let (access, payload) =
            access::sign(&claims, self.inner.keys.signer()).map_err(Error::General)?;
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

    /// A validity that one login asks for.
    fn checked_validity(&self, validity: Duration) -> Result<TimeDelta, Error> {
        let validity = TimeDelta::from_std(validity).unwrap_or(TimeDelta::MAX);
        if validity < TimeDelta::seconds(1) || validity > SessionConfig::LONGEST {
            return Err(Error::General(
                "a session is valid for one second to 1000 years".into(),
            ));
        }
        Ok(validity)
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
