//! The access token: a JWT that is verified without I/O.
//!
//! Header and payload are parsed here, and only the signature is left to `jsonwebtoken`, because
//! that library ignores `typ` and `crit` and treats claims of a wrong type as absent. The algorithm
//! belongs to the key; a header can only agree with it (RFC 8725 section 3.1).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::handle::SessionHandle;
use crate::keys::{KeyRing, Marks, SigningKey};
use crate::payload::claims_set::ClaimsSet;
use crate::payload::depth::is_too_deep;
use crate::payload::is_reserved;
use crate::payload::unique_members::UniqueMembers;
use crate::token::Transport;
use crate::token::header::Header;

/// How many bytes a browser accepts for a cookie, name and value together (RFC 6265bis section
/// 5.6).
pub(crate) const MAX_COOKIE: usize = 4096;

/// The longest prefix and suffix around the configured name of the cookie.
pub(crate) const AROUND_COOKIE_NAME: usize = "__Host-Http-".len() + ".12345678".len();

/// The bytes of a signature, with either algorithm.
const SIGNATURE: usize = 64;

/// How far ahead `iat` and `nbf` may be, because the clocks of processes differ; `exp` has no
/// leeway.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// The payload: the ten claims of the protocol, then the application's own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    pub(crate) sub: String,
    pub(crate) rsub: Option<String>,
    #[serde(rename = "tId")]
    pub(crate) tenant: Option<String>,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) nbf: Option<i64>,
    pub(crate) session_handle: SessionHandle,
    pub(crate) refresh_token_hash1: Option<String>,
    pub(crate) parent_refresh_token_hash1: Option<String>,
    pub(crate) anti_csrf_token: Option<String>,
    pub(crate) iss: String,
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) auth_time: Option<i64>,
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) aud: Option<Audience>,
    #[serde(flatten)]
    pub(crate) payload: Map<String, Value>,
}

/// Parses a claim that is present: absent is not `null` (RFC 7519 section 4.1).
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Whom a token is for (RFC 7519 section 4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether it is exactly this one: a token for several services could be replayed by one of
    /// them at another.
    fn is(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Several(several) => matches!(&several[..], [one] if one == name),
        }
    }
}

/// The claims of a verified token.
#[derive(Debug)]
pub(crate) struct Verified {
    /// The id of the key that signed it, which may have been removed since.
    pub(crate) kid: Arc<str>,
    pub(crate) handle: SessionHandle,
    pub(crate) transport: Transport,
    /// Whether it is a visitor's session.
    pub(crate) anonymous: bool,
    /// Whether it is bound to a device.
    pub(crate) device_bound: bool,
    /// Whether the session awaits a second factor. Its row was read, because its token does not say
    /// so.
    pub(crate) pending: bool,
    /// The anti-CSRF token that it was issued with.
    pub(crate) anti_csrf: Option<String>,
    pub(crate) refresh_token_hash1: Option<String>,
    /// When the user last logged in.
    pub(crate) auth_time: Option<DateTime<Utc>>,
    /// The user and the application's claims.
    pub(crate) claims: ClaimsSet,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    not_before: Option<DateTime<Utc>>,
}

impl Verified {
    /// A pending session, from its row.
    pub(crate) fn of_pending(
        handle: SessionHandle,
        claims: ClaimsSet,
        began_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
    ) -> Self {
        Self {
            kid: Arc::from(""),
            handle,
            transport: Transport::Cookie,
            anonymous: false,
            device_bound: false,
            pending: true,
            anti_csrf: None,
            refresh_token_hash1: None,
            auth_time: None,
            claims,
            issued_at: began_at,
            expires_at: ends_at,
            not_before: None,
        }
    }

    /// Whether the token is valid at `now`. Everything else about it never changes, so only this is
    /// checked for a cached one.
    pub(crate) fn is_current(&self, now: DateTime<Utc>) -> bool {
        let latest_start = now + MAX_AHEAD;
        now < self.expires_at
            && self.issued_at <= latest_start
            && self.not_before.is_none_or(|nbf| nbf <= latest_start)
    }

    /// How long it is good after its issue.
    fn lifetime(&self) -> TimeDelta {
        self.expires_at - self.issued_at
    }

    /// The same token as if it were issued now, with the session's current values.
    pub(crate) fn with(
        &self,
        claims: ClaimsSet,
        auth_time: Option<DateTime<Utc>>,
        anonymous: bool,
    ) -> Self {
        Self {
            kid: Arc::clone(&self.kid),
            anti_csrf: self.anti_csrf.clone(),
            refresh_token_hash1: self.refresh_token_hash1.clone(),
            claims,
            auth_time,
            anonymous,
            ..*self
        }
    }
}

/// The claims with which this server mints tokens, and which it therefore requires.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) issuer: String,
    /// `None`: a token must not have one.
    pub(crate) audience: Option<String>,
}

impl Terms {
    fn accept(&self, audience: Option<&Audience>) -> bool {
        match (&self.audience, audience) {
            (Some(name), Some(audience)) => audience.is(name),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// Signs `claims`; also returns the JSON of the payload, for the front-token.
pub(crate) fn sign(
    claims: &Claims,
    marks: Marks<'_>,
    key: &SigningKey,
) -> Result<(String, Box<RawValue>), String> {
    let header = key.header(marks);
    let payload = serde_json::value::to_raw_value(claims).map_err(|error| error.to_string())?;
    Ok((sign_text(&header, payload.get(), key)?, payload))
}

/// Signs the JSON `payload` with a header that is already in base64url.
pub(crate) fn sign_text(header: &str, payload: &str, key: &SigningKey) -> Result<String, String> {
    let mut token = String::with_capacity(header.len() + payload.len() * 4 / 3 + 96);
    token.push_str(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&signature);
    Ok(token)
}

/// The length of a token with the JSON `payload`, without its header.
pub(crate) fn length(payload: &str) -> usize {
    let in_base64 = |bytes: usize| (bytes * 4).div_ceil(3);
    ".".len() + in_base64(payload.len()) + ".".len() + in_base64(SIGNATURE)
}

/// Whether a token names a key that is not in the ring, which may be older than the key.
pub(crate) fn names_unknown_key(token: &str, keys: &KeyRing) -> bool {
    names_key_of(token, keys) == Some(false)
}

/// Whether a token names a key of the ring, so that its signature has to be checked.
pub(crate) fn names_known_key(token: &str, keys: &KeyRing) -> bool {
    names_key_of(token, keys) == Some(true)
}

/// Whether the key that a token names is in the ring; `None` if it names none.
fn names_key_of(token: &str, keys: &KeyRing) -> Option<bool> {
    if token.len() > MAX_COOKIE {
        return None;
    }
    let header = Header::read(&bytes(token.split('.').next()?)?)?;
    Some(keys.signing_key(&header.kid).is_some())
}

/// The header of a token, and the key that it names.
fn signing_key<'k>(token: &str, keys: &'k KeyRing) -> Option<(Header<'static>, &'k SigningKey)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let header = Header::read(&bytes(signed.split('.').next()?)?)?;
    let key = keys.signing_key(&header.kid)?;
    let is_genuine = key.agrees_with(&header)
        && jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.public, key.algorithm)
            .unwrap_or(false);
    is_genuine.then_some((header, key))
}

/// The result of checking a token. Its times are checked by [`Verified::is_current`].
#[derive(Debug)]
pub(crate) enum Checked {
    /// One of our keys signed it, and its claims are valid.
    Verified(Box<Verified>),
    /// One of our keys signed it, but its claims are not valid, because a setting was changed, for
    /// example.
    Signed,
    /// None of our keys signed it.
    Unsigned,
}

/// Checks a token's signature, once, and then its claims.
pub(crate) fn check(token: &str, keys: &KeyRing, terms: &Terms) -> Checked {
    if token.len() > MAX_COOKIE {
        return Checked::Unsigned;
    }
    let Some((header, key)) = signing_key(token, keys) else {
        return Checked::Unsigned;
    };
    read(token, &header, key, terms)
        .filter(|verified| verified.lifetime() <= keys.longest_token())
        .map_or(Checked::Signed, |verified| {
            Checked::Verified(Box::new(verified))
        })
}

/// Parses a token that `key` signed; `None` if its claims are not valid.
fn read(token: &str, header: &Header<'_>, key: &SigningKey, terms: &Terms) -> Option<Verified> {
    let (signed, _signature) = token.rsplit_once('.')?;
    let (_header, payload) = signed.split_once('.')?;
    // A token of an early version does not name the type; it is good for a refresh only.
    if header.payload_type.is_empty() {
        return None;
    }
    let payload = bytes(payload)?;
    // The application's own claims are parsed into a map, which would keep the last of two.
    let _: UniqueMembers = serde_json::from_slice(&payload).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let lifetime = TimeDelta::try_seconds(claims.exp.checked_sub(claims.iat)?)?;
    let plausible = claims.iss == terms.issuer
        && terms.accept(claims.aud.as_ref())
        && lifetime > TimeDelta::zero()
        && !claims.payload.keys().any(|name| is_reserved(name));
    if !plausible {
        return None;
    }
    Some(Verified {
        kid: Arc::clone(&key.kid),
        handle: claims.session_handle,
        transport: header.transport,
        anonymous: header.anonymous,
        device_bound: header.device_bound,
        pending: false,
        anti_csrf: claims.anti_csrf_token,
        refresh_token_hash1: claims.refresh_token_hash1,
        auth_time: match claims.auth_time {
            Some(seconds) => Some(DateTime::from_timestamp(seconds, 0)?),
            None => None,
        },
        claims: ClaimsSet::new(claims.sub, &header.payload_type, &claims.payload),
        issued_at: DateTime::from_timestamp(claims.iat, 0)?,
        expires_at: DateTime::from_timestamp(claims.exp, 0)?,
        not_before: match claims.nbf {
            Some(nbf) => Some(DateTime::from_timestamp(nbf, 0)?),
            None => None,
        },
    })
}

/// The claims of a token, not verified.
#[derive(Debug, Deserialize)]
pub(crate) struct Unverified {
    #[serde(rename = "iss")]
    pub(crate) issuer: String,
    #[serde(rename = "sessionHandle")]
    pub(crate) handle: SessionHandle,
    #[serde(rename = "refreshTokenHash1", default)]
    pub(crate) refresh_token_hash1: Option<String>,
}

/// Parses a token without checking its signature.
pub(crate) fn read_unverified(token: &str) -> Option<Unverified> {
    (token.len() <= MAX_COOKIE)
        .then(|| token.split('.').nth(1))
        .flatten()
        .and_then(decode)
}

/// Whether a token says, true or not, that its session is bound to a device.
pub(crate) fn says_device_bound(token: &str) -> bool {
    let header = (token.len() <= MAX_COOKIE).then(|| token.split('.').next());
    let header = header.flatten().and_then(bytes);
    header
        .and_then(|json| Header::read(&json))
        .is_some_and(|header| header.device_bound)
}

/// The JSON of a token's payload, which was verified.
pub(crate) fn payload(token: &str) -> Option<Box<RawValue>> {
    let json = bytes(token.split('.').nth(1)?)?;
    RawValue::from_string(String::from_utf8(json).ok()?).ok()
}

/// Whether a string looks like an access token of a session, whoever issued it: other bearer tokens
/// are left to the application.
pub(crate) fn has_form(text: &str) -> bool {
    if text.len() > MAX_COOKIE {
        return false;
    }
    let mut segments = text.split('.').map(decode::<Map<String, Value>>);
    let (header, payload) = (segments.next().flatten(), segments.next().flatten());
    header.is_some_and(|header| header.contains_key("version"))
        || payload.is_some_and(|payload| payload.contains_key("sessionHandle"))
}

fn decode<T: DeserializeOwned>(segment: &str) -> Option<T> {
    serde_json::from_slice(&bytes(segment)?).ok()
}

/// Decodes strict base64url (no padding, no stray last bits), unless the JSON nests too deep.
fn bytes(segment: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(segment).ok()?;
    (!is_too_deep(&bytes)).then_some(bytes)
}
