//! Settings that take one of a few words, and settings that are never logged.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A secret setting, such as `master_key`, that is never logged: `"..".into()` creates one.
///
/// ```
/// use session_runtime::config::Secret;
///
/// let key: Secret = "9f2V0bS3b3Zl4bq0b1rT8m9m1m8c2q4v6x8z0A2C4E0=".into();
/// assert_eq!(format!("{key:?}"), "Secret");
/// ```
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A setting that is on, off, or left to the library.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::Auto;
///
/// let mut config = SessionConfig::default();
/// config.cookie_secure = Auto::Yes;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Auto {
    /// The library decides.
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

/// Whether new sessions are bound to a key of the browser's device.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::DeviceBound;
///
/// let mut config = SessionConfig::default();
/// config.device_bound = DeviceBound::WhenSupported;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DeviceBound {
    /// No new session is bound.
    Off,
    /// New sessions are bound if the browser supports it.
    WhenSupported,
}

/// Which requests are answered with the front-token: see
/// [`front_token`](crate::SessionConfig::front_token).
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::FrontToken;
///
/// let mut config = SessionConfig::default();
/// config.front_token = FrontToken::Always;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FrontToken {
    /// Requests that say, by the header `st-auth-mode` or `rid`, that a front end reads it.
    Auto,
    /// All requests.
    Always,
}

/// The algorithm that signs access tokens (RFC 7518 section 3.4, RFC 8037 section 3.1).
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::SigningAlgorithm;
///
/// let mut config = SessionConfig::default();
/// config.signing_algorithm = SigningAlgorithm::EdDsa;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// ECDSA on the curve P-256, which every JWT library supports.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519, which signs and verifies faster.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// When a browser sends the cookies with requests that other sites cause.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::SameSite;
///
/// let mut config = SessionConfig::default();
/// config.cookie_same_site = SameSite::Strict;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SameSite {
    /// Only when the user navigates to this site.
    Lax,
    /// Always.
    None,
    /// Never.
    Strict,
}

/// What a login does if its user already has `max_sessions_per_user` sessions.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::SessionLimit;
///
/// let mut config = SessionConfig::default();
/// config.session_limit = SessionLimit::Refuse;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionLimit {
    /// It ends the user's oldest session.
    EndOldest,
    /// It is refused with [`Error::TooManySessions`](crate::Error::TooManySessions).
    Refuse,
}

/// How much of the client's IP address is stored with a session.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::KeptIp;
///
/// let mut config = SessionConfig::default();
/// config.device_ip = KeptIp::None;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KeptIp {
    /// Nothing.
    None,
    /// The network: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address.
    Truncated,
    /// The whole address.
    Full,
}

/// Whether tokens are sent in cookies or in headers.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::TransferMethod;
///
/// let mut config = SessionConfig::default();
/// config.transfer = TransferMethod::Cookie;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[doc(alias = "getTokenTransferMethod")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TransferMethod {
    /// Each login chooses.
    Any,
    /// In cookies only.
    Cookie,
    /// In headers only.
    Header,
}

/// The prefix of the cookies' names, which restricts who can set them (RFC 6265bis section 4.1.3).
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::CookiePrefix;
///
/// let mut config = SessionConfig::default();
/// config.cookie_prefix = CookiePrefix::Host;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CookiePrefix {
    /// `Host` if the other settings allow it, otherwise `Secure`, otherwise `None`.
    Auto,
    /// No prefix.
    None,
    /// `__Secure-`: only a secure origin can set the cookies.
    Secure,
    /// `__Host-`: only this very host can set the cookies. The refresh cookie, which has a path,
    /// gets `__Secure-` instead, unless `refresh_token_path` is `/`.
    Host,
    /// `__Host-Http-` and `__Http-`: in addition, no script can set the cookies. Browsers from
    /// before 2025 do not support it.
    HostHttp,
}

/// How requests that a page of another site caused are recognised.
///
/// Logins, refreshes and sign-outs are checked by `Sec-Fetch-Site` and `Origin` in every mode,
/// before anything is set or removed. The modes differ for other requests that carry a session
/// cookie.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::Csrf;
///
/// let mut config = SessionConfig::default();
/// config.csrf = Csrf::ViaToken;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[doc(alias = "cross-site request forgery")]
#[doc(alias = "xsrf")]
#[doc(alias = "antiCsrf")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Csrf {
    /// By the header `Sec-Fetch-Site`; if it is absent or says cross-site, by `Origin`.
    FetchMetadata,
    /// By a token that the page sends in the header `anti-csrf`, as SuperTokens' front ends do.
    #[doc(alias = "VIA_TOKEN")]
    ViaToken,
    /// By the header `rid`: no form can send it, and no page of an origin that is not allowed.
    #[doc(alias = "VIA_CUSTOM_HEADER")]
    ViaCustomHeader,
    /// Not at all: only `SameSite` protects your routes.
    None,
}

/// How a request learns that its session was revoked.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::Revocation;
///
/// let mut config = SessionConfig::default();
/// config.revocation = Revocation::Live;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Revocation {
    /// From memory, which follows the database within `revocation_bound`: no query per request.
    Feed,
    /// From the database, at every request: effective at once everywhere, at the price of a query.
    Live,
    /// Not at all: an access token is valid until it expires. Only a refresh notices.
    None,
}

/// What to do with a request while the revocation feed cannot be read.
///
/// ```
/// use session_runtime::SessionConfig;
/// use session_runtime::config::OnStall;
///
/// let mut config = SessionConfig::default();
/// config.revocation_on_stall = OnStall::Refuse;
/// # assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OnStall {
    /// Accept the access token.
    Accept,
    /// Query the database for this session.
    Live,
    /// Answer 503.
    Refuse,
}
