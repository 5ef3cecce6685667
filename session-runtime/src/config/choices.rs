//! The settings that are one of a few words, and those that no log shows.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// A setting that no log shows.
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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A switch that the library can set itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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

/// Who gets the front-token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FrontToken {
    /// Whoever says that a front end reads it.
    Auto,
    /// Everybody.
    Always,
}

/// What signs access tokens (RFC 7518 section 3.4, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// ECDSA on the curve P-256: what every library knows.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519: signs and verifies faster.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// When a browser sends the cookies along from another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SameSite {
    /// Only when the user navigates here.
    Lax,
    /// Always.
    None,
    /// Never.
    Strict,
}

/// What happens to a login when its user has as many sessions as allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionLimit {
    /// The oldest session ends.
    EndOldest,
    /// The login is refused.
    Refuse,
}

/// How much of an address is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KeptIp {
    /// Nothing.
    None,
    /// The network: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
    Truncated,
    /// All of it.
    Full,
}

/// Where tokens may travel.
#[doc(alias = "getTokenTransferMethod")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Transfer {
    /// As each login chose.
    Any,
    /// In cookies only.
    Cookie,
    /// In headers only.
    Header,
}

/// What the names of the cookies begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CookiePrefix {
    /// `Host` where the settings allow it, else `Secure`, else `None`.
    Auto,
    /// No prefix.
    None,
    /// `__Secure-`: only a secure origin can set them.
    Secure,
    /// `__Host-`: only this very host can set them. The refresh cookie, which has a path, gets `__Secure-`,
    /// unless `refresh_token_path` is `/`.
    Host,
    /// `__Host-Http-` and `__Http-`: besides, no script can set them. Browsers before 2025 do not know it.
    HostHttp,
}

/// How a request that a page of another site made is told from one of ours.
///
/// Logins, refreshes and sign-outs are judged by what browsers say of a request in every mode, before anything is
/// set or removed; the modes differ for the other requests that carry a cookie.
#[doc(alias = "antiCsrf")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Csrf {
    /// By `Sec-Fetch-Site`, and by `Origin` where that is absent or says otherwise.
    FetchMetadata,
    /// By a token that the page sends in the header `anti-csrf`, as SuperTokens front ends do.
    #[doc(alias = "VIA_TOKEN")]
    ViaToken,
    /// By the header `rid`, which no form can send and no page of an origin that is not allowed.
    #[doc(alias = "VIA_CUSTOM_HEADER")]
    ViaCustomHeader,
    /// Not at all: only `SameSite` keeps other sites from your routes then.
    None,
}

/// How verifying learns of revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Revocation {
    /// From memory, which follows the database within `revocation_bound`; no read per request.
    Feed,
    /// From the database, at every request: at once everywhere, at the price of a read.
    Live,
    /// Not at all: an access token is good until it expires. Refreshing still notices.
    None,
}

/// What to do while revocations cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OnStall {
    /// Take the token as good.
    Accept,
    /// Ask the database about this session.
    Live,
    /// Answer 503.
    Refuse,
}
