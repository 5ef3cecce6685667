//! Issuing the tokens of a session.

use chrono::{DateTime, TimeDelta, Utc};

use super::Sessions;
use crate::error::Error;
use crate::keys::Marks;
use crate::keys::sealing::hex;
use crate::payload::{require_shallow, rounded_by_javascript};
use crate::record::Record;
use crate::rules::rotation::TokenHash;
use crate::token::access::{self, Audience, Claims, Terms, Verified};
use crate::token::{Binding, IssuedRefresh, SessionTokens, Transport, anti_csrf, front};

/// The latest second that a token names: no session lasts until the year 5138.
const LATEST: i64 = 99_999_999_999;

/// What makes two access tokens of one row differ.
struct Mint {
    transport: Transport,
    exp: i64,
    refresh_token_hash1: Option<String>,
    anti_csrf: Option<String>,
}

impl Sessions {
    /// A new access token for `record`, beside `refresh` if one is handed out.
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
            let random = self.inner.random.bytes()?;
            Some(anti_csrf::mint(record.handle, &random, self.keys().mac()))
        } else {
            None
        };
        let mint = Mint {
            transport: binding.transport,
            exp: (now + self.jittered_validity()?)
                .timestamp()
                .min(ends_at.timestamp())
                .max(now.timestamp() + 1),
            refresh_token_hash1: Some(hex(&refresh_hash.0)),
            anti_csrf: anti_csrf.clone(),
        };
        Ok(SessionTokens {
            anti_csrf,
            refresh,
            ..self.mint(record, mint, now)?
        })
    }

    /// A value that nobody can guess, for the content security policy of one answer.
    pub(crate) fn nonce(&self) -> Result<String, Error> {
        Ok(hex(&self.inner.random.bytes::<16>()?))
    }

    /// The access token `old` once more, with what `record` has become: a fresh `iat`, the same `exp`.
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

    /// Refuses a row unless every token that it can ever get fits into a cookie: the largest form is
    /// judged, so that a refresh of what was accepted once cannot fail.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], and [`Error::PayloadTooDeep`] of what was merged.
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
        // Its token says nothing.
        if record.is_pending() {
            return Ok(());
        }
        self.hint_at_rounding(record);
        let marks = Marks {
            transport: Transport::Header,
            payload_type: &record.payload_type,
            anonymous: record.anonymous,
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

    /// Logs, once for a payload type, that a page will read another number than the application wrote.
    /// A type alone does not show it: most 64-bit numbers are small.
    fn hint_at_rounding(&self, record: &Record) {
        let Some(name) = rounded_by_javascript(&record.payload) else {
            return;
        };
        let payload_type = &record.payload_type;
        if self.inner.payload_types.is_first_rounded(payload_type) {
            tracing::warn!(
                event = "number_rounded",
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
            tenant: Some("public".into()),
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
        })
    }

    /// The validity of the next access token: cut by a random share, so that tokens do not expire together.
    fn jittered_validity(&self) -> Result<TimeDelta, Error> {
        let cut = self.config().access_token_jitter * self.inner.random.fraction()?;
        let validity = self.config().access_token_validity.mul_f64(1.0 - cut);
        Ok(TimeDelta::from_std(validity).unwrap_or(self.inner.lifetimes.access_token))
    }
}
