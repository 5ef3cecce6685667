//! Issuing the tokens of a session.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::Sessions;
use crate::config::DeviceBound;
use crate::error::Error;
use crate::event::CHAPTER;
use crate::keys::Marks;
use crate::keys::sealing::hex;
use crate::payload::{require_shallow, rounded_by_javascript};
use crate::record::Record;
use crate::rules::rotation::TokenHash;
use crate::token::access::{self, Audience, Claims, Terms, Verified};
use crate::token::{Binding, IssuedRefresh, SessionTokens, Transport, anti_csrf, front};

/// Front ends expect the name of a tenant; there are no tenants.
const TENANT: &str = "public";

/// The latest time in a token, in seconds: no session lasts until the year 5138.
const LATEST: i64 = 99_999_999_999;

/// What makes two access tokens of one row differ.
struct Mint {
    transport: Transport,
    exp: i64,
    refresh_token_hash1: Option<String>,
    anti_csrf: Option<String>,
}

impl Sessions {
    /// Issues an access token for `record`, and `refresh` if one is handed out.
    pub(super) fn issue(
        &self,
        record: &Record,
        binding: Binding,
        refresh_hash: TokenHash,
        refresh: Option<IssuedRefresh>,
        now: DateTime<Utc>,
    ) -> Result<SessionTokens, Error> {
        let ends_at = refresh
            .as_ref()
            .map_or(record.lineage.ends_at, |refresh| refresh.expires_at);
        let anti_csrf = if binding.anti_csrf {
            let random = self.inner.tokens.random.bytes()?;
            Some(anti_csrf::mint(record.handle, &random, self.keys().mac()))
        } else {
            None
        };
        let mint = Mint {
            transport: binding.transport,
            exp: (now + self.validity_for(record)?)
                .timestamp()
                .min(ends_at.timestamp())
                .max(now.timestamp() + 1),
            refresh_token_hash1: Some(hex(&refresh_hash.0)),
            anti_csrf: anti_csrf.clone(),
        };
        let exp = mint.exp;
        let bound_until = DateTime::from_timestamp(exp, 0).filter(|_| record.is_device_bound());
        Ok(SessionTokens {
            anti_csrf,
            refresh,
            bound_until,
            ..self.mint(record, mint, now)?
        })
    }

    /// An unguessable value for the content security policy of one answer.
    pub(crate) fn nonce(&self) -> Result<String, Error> {
        Ok(hex(&self.inner.tokens.random.bytes::<16>()?))
    }

    /// Issues the access token `old` again with the current `record`: a new `iat`, the same `exp`.
    pub(super) fn reissue(
        &self,
        record: &Record,
        old: &Verified,
        now: DateTime<Utc>,
    ) -> Result<SessionTokens, Error> {
        let mint = Mint {
            transport: old.transport,
            exp: old.expires_at.timestamp(),
            refresh_token_hash1: old.refresh_token_hash1.clone(),
            anti_csrf: old.anti_csrf.clone(),
        };
        self.require_fit(record)?;
        self.mint(record, mint, now)
    }

    /// Refuses a row unless every token that it can ever get fits into a cookie. The largest form
    /// is checked, so that a refresh of an accepted row cannot fail.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], and [`Error::PayloadTooDeep`] after a merge.
    pub(super) fn require_fit(&self, record: &Record) -> Result<(), Error> {
        let mint = Mint {
            transport: Transport::Header,
            exp: LATEST,
            refresh_token_hash1: Some(hex(&record.lineage.parent.0)),
            anti_csrf: Some("x".repeat(anti_csrf::TEXT_LENGTH)),
        };
        let claims = Claims {
            iat: LATEST,
            auth_time: Some(LATEST),
            ..self.claims(record, mint, DateTime::UNIX_EPOCH)
        };
        let json =
            serde_json::to_string(&claims).map_err(|error| Error::General(error.to_string()))?;
        require_shallow(&json)?;
        // Its token contains no claims.
        if record.is_pending() {
            return Ok(());
        }
        self.hint_at_rounding(record);
        let marks = Marks {
            transport: Transport::Header,
            payload_type: &record.payload_type,
            anonymous: record.anonymous,
            // Its device may register later.
            device_bound: record.is_device_bound()
                || self.config().device_bound == DeviceBound::WhenSupported,
        };
        let keys = self.keys();
        let header = keys.verifying().map(|key| key.header(marks).len()).max();
        let name = self.config().access_cookie_name.len() + access::AROUND_COOKIE_NAME;
        let bytes = name + header.unwrap_or_default() + access::length(&json);
        if bytes > access::MAX_COOKIE {
            return Err(Error::PayloadTooLarge {
                bytes,
                limit: access::MAX_COOKIE,
            });
        }
        Ok(())
    }

    /// Logs once per payload type that JavaScript will read another number than the application
    /// wrote. The type alone does not show it: most 64-bit numbers are small.
    fn hint_at_rounding(&self, record: &Record) {
        let Some(name) = rounded_by_javascript(&record.payload) else {
            return;
        };
        let payload_type = &record.payload_type;
        if self
            .inner
            .tokens
            .payload_types
            .is_first_rounded(payload_type)
        {
            tracing::warn!(
                event = "number_rounded",
                see = CHAPTER,
                payload_type,
                name,
                "the payload `{payload_type}` has an integer beyond 2^53 in `{name}`: JavaScript reads it rounded from the \
                 front-token; write it as a string"
            );
        }
    }

    fn claims(&self, record: &Record, mint: Mint, now: DateTime<Utc>) -> Claims {
        let Terms {
            issuer, audience, ..
        } = &self.inner.tokens.terms;
        Claims {
            sub: record.user_id.clone(),
            rsub: Some(record.user_id.clone()),
            tenant: Some(TENANT.into()),
            iat: now.timestamp(),
            exp: mint.exp,
            nbf: None,
            session_handle: record.handle,
            refresh_token_hash1: mint.refresh_token_hash1,
            parent_refresh_token_hash1: None,
            anti_csrf_token: mint.anti_csrf,
            iss: issuer.clone(),
            auth_time: record.auth_time.map(|time| time.timestamp()),
            aud: audience.clone().map(Audience::One),
            payload: record.payload.clone(),
        }
    }

    /// All claims of a verified token, as JSON.
    pub(crate) fn claims_of(&self, token: &Verified) -> Map<String, Value> {
        let Terms {
            issuer, audience, ..
        } = &self.inner.tokens.terms;
        let user_id = token.claims.user_id().to_owned();
        let claims = Claims {
            sub: user_id.clone(),
            rsub: Some(user_id),
            tenant: Some(TENANT.into()),
            iat: token.issued_at.timestamp(),
            exp: token.expires_at.timestamp(),
            nbf: None,
            session_handle: token.handle,
            refresh_token_hash1: token.refresh_token_hash1.clone(),
            parent_refresh_token_hash1: None,
            anti_csrf_token: token.anti_csrf.clone(),
            // Both were verified, so they are this server's.
            iss: issuer.clone(),
            aud: audience.clone().map(Audience::One),
            auth_time: token.auth_time.map(|time| time.timestamp()),
            payload: token.claims.map().clone(),
        };
        match serde_json::to_value(claims) {
            Ok(Value::Object(claims)) => claims,
            // Strings, numbers and JSON.
            Ok(_) | Err(_) => Map::new(),
        }
    }

    fn mint(
        &self,
        record: &Record,
        mint: Mint,
        now: DateTime<Utc>,
    ) -> Result<SessionTokens, Error> {
        let (transport, exp) = (mint.transport, mint.exp);
        let claims = self.claims(record, mint, now);
        let keys = self.keys();
        let marks = Marks {
            transport,
            payload_type: &record.payload_type,
            anonymous: record.anonymous,
            device_bound: record.is_device_bound(),
        };
        let (access, payload) =
            access::sign(&claims, marks, keys.signer(now)).map_err(Error::General)?;
        let bytes = self.inner.tokens.access_cookie_name.len() + access.len();
        if bytes > access::MAX_COOKIE {
            return Err(Error::PayloadTooLarge {
                bytes,
                limit: access::MAX_COOKIE,
            });
        }
        let expires_at = DateTime::from_timestamp(exp, 0).unwrap_or(record.lineage.ends_at);
        let front = front::encode(&record.user_id, expires_at, &payload)
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(SessionTokens {
            handle: record.handle,
            access,
            front,
            transport,
            anti_csrf: None,
            issued_at: now,
            refresh: None,
            pending_until: None,
            bound_until: None,
            registration: None,
        })
    }

    /// The validity of the next access token. A bound session's is not cut: its browser has few
    /// proofs to spend, and no other browser refreshes for it.
    fn validity_for(&self, record: &Record) -> Result<TimeDelta, Error> {
        if record.is_device_bound() {
            return Ok(self.inner.settings.lifetimes.bound_access_token);
        }
        self.jittered_validity()
    }

    /// The validity of the next access token, shortened by a random share so that tokens do not
    /// expire together.
    fn jittered_validity(&self) -> Result<TimeDelta, Error> {
        let cut = self.config().access_token_jitter * self.inner.tokens.random.fraction()?;
        let validity = self.config().access_token_validity.mul_f64(1.0 - cut);
        Ok(TimeDelta::from_std(validity).unwrap_or(self.inner.settings.lifetimes.access_token))
    }
}
