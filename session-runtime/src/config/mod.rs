//! The types of the settings; [`SessionConfig`] documents each setting with its default and unit.
//!
//! ```
//! use session_runtime::SessionConfig;
//! use session_runtime::config::{FrontToken, SameSite};
//!
//! let mut config = SessionConfig::default();
//! config.cookie_same_site = SameSite::Strict;
//! config.front_token = FrontToken::Always;
//! ```

// Plain serde; `web/` reads it from Rocket's figment.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::wire_names::{
    ACCESS_COOKIE, ACCESS_HEADER, API_BASE_PATH, REFRESH_COOKIE, REFRESH_HEADER,
};

mod check;
mod choices;
mod database_url;
pub(crate) mod examples;
mod shown;

pub(crate) use shown::shown;

pub use choices::{
    Auto, CookiePrefix, Csrf, DeviceBound, FrontToken, KeptIp, OnStall, Revocation, SameSite,
    Secret, SessionLimit, SigningAlgorithm, TransferMethod,
};
pub use database_url::DatabaseUrl;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use database_url::has_number_for_port;

/// The settings: the table `[default.sessions]` of `Rocket.toml`, or
/// `ROCKET_SESSIONS={key=value, ...}`.
///
/// Durations are strings such as `"15m"`, `"1h"`, `"100d"`. An unknown key stops the launch.
///
/// An application can also pass its settings to
/// [`SessionFairing::config`](crate::SessionFairing::config); `Rocket.toml` and the environment
/// override them. Serialising it writes all settings except the master keys and the password of the
/// database.
///
/// ```
/// use std::time::Duration;
///
/// use session_runtime::{SessionConfig, Sessions};
///
/// let config = SessionConfig {
///     access_token_validity: Duration::from_secs(15 * 60),
///     max_sessions_per_user: Some(5),
///     ..SessionConfig::default()
/// };
/// assert!(config.check().is_ok());
/// let sessions = Sessions::fairing().config(config);
/// # let _ = sessions;
/// ```
#[doc(alias = "settings")]
#[doc(alias = "Rocket.toml")]
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written as `SessionConfig { .., ..SessionConfig::default() }`, which takes new settings"
)]
pub struct SessionConfig {
    /// Where sessions are stored: a URL (`sqlite://file.db`, relative to the working directory;
    /// `postgres://..` and `mysql://..` under the features of these names) or the name of a
    /// `[default.databases.*]` entry. Default: `sqlite://sessions.db`.
    pub database: DatabaseUrl,

    /// The key under which the keys in the database are encrypted: 32 random bytes in base64, as
    /// `openssl rand -base64 32` prints them. Whoever has both this key and the database can mint
    /// tokens, so store them separately. Default: created and stored beside the database file in
    /// the debug profile on SQLite, required otherwise.
    #[serde(skip_serializing)]
    pub master_key: Option<Secret>,

    /// Other master keys that still open keys in the database, for changing `master_key`. Default:
    /// none.
    #[serde(skip_serializing)]
    pub accepted_master_keys: Vec<Secret>,

    /// How long a request waits for the database before it is answered 503: for a lock, for a
    /// connection, and, on a server, for each statement. `"10ms"` to `"60s"`; default: `"5s"`.
    #[serde(with = "humantime_serde")]
    pub database_timeout: Duration,

    /// How long an access token is valid, in whole seconds. A longer time means fewer refreshes,
    /// but payload values that have changed in the meantime are used for longer. `"1s"` to
    /// `"1year"`; default: `"1h"`.
    #[doc(alias = "accessTokenValidity")]
    #[serde(with = "humantime_serde")]
    pub access_token_validity: Duration,

    /// By what random share, at most, the lifetime of an access token is shortened, so that tokens
    /// issued together do not expire together; 0 to 0.25. Default: 0.05.
    pub access_token_jitter: f64,

    /// How long a session lives without a refresh; each rotation restarts this time. Longer than
    /// `access_token_validity`, at most 1000 years; default: `"100d"`.
    #[doc(alias = "remember me")]
    #[doc(alias = "idle timeout")]
    #[doc(alias = "refreshTokenValidity")]
    #[serde(with = "humantime_serde")]
    pub refresh_token_validity: Duration,

    /// How long a session lives at most, however often it is refreshed; fixed at login. At least
    /// `access_token_validity`; default: no limit.
    #[serde(with = "humantime_serde::option")]
    pub absolute_lifetime: Option<Duration>,

    /// Whether a login over https asks the browser to bind the session to a key of its device
    /// (Device Bound Session Credentials, as Chromium implements it), so that a copy of its cookies
    /// gets no new tokens. `"when-supported"` needs an https `api_origin` and `refresh_route`. Only
    /// sessions in cookies are bound. Default: `"off"`; sessions that are already bound stay bound.
    pub device_bound: DeviceBound,

    /// How long an access token of a bound session is valid, in whole seconds, and so how long a
    /// copy of it works elsewhere. `"5m"` to `access_token_validity`, because browsers prove their
    /// key only every few minutes; default: `"10m"`.
    #[serde(with = "humantime_serde")]
    pub device_bound_validity: Duration,

    /// Paths, as browsers see them, below which requests do not wait for the refresh of a bound
    /// session, such as `["/static"]`. Default: none.
    pub device_bound_exclude: Vec<String>,

    /// How many sessions a user may have at once. Default: no limit.
    #[doc(alias = "concurrent sessions")]
    pub max_sessions_per_user: Option<usize>,

    /// What a login beyond `max_sessions_per_user` does. Default: `"end-oldest"`.
    pub session_limit: SessionLimit,

    /// How many bytes of JSON the data of one session may take; writing more is an error. 64 to
    /// 8388608. Default: 1048576 (1 MiB).
    pub max_data_size: usize,

    /// How old a refresh token must be before its use supersedes its siblings (M). A shorter time
    /// would log honest clients out: it must be at least three times a client's longest round trip
    /// plus the clock difference between processes, 3 x (20 s + 2 x `database_timeout`) + 25 s. At
    /// most `"1day"`; default: `"120s"`.
    #[serde(with = "humantime_serde")]
    pub rotation_min_age: Duration,

    /// How many unused refresh tokens a session may have at once (K), 1 to 64. Default: 8.
    pub rotation_max_children: usize,

    /// The algorithm that signs access tokens. After a change, earlier tokens stay valid until they
    /// expire. Default: `"ES256"`.
    pub signing_algorithm: SigningAlgorithm,

    /// How long a signing key is used to sign, at least `"2s"`. Default: `"168h"`.
    #[doc(alias = "access_token_dynamic_signing_key_update_interval")]
    #[serde(with = "humantime_serde")]
    pub signing_key_interval: Duration,

    /// How long a signing key is published before it first signs, so that other services have
    /// fetched it in time; `"10ms"` to half of `signing_key_interval`. Default: one minute, or half
    /// of `signing_key_interval` if that is shorter.
    #[serde(with = "humantime_serde::option")]
    pub signing_key_overlap: Option<Duration>,

    /// The claim `aud` of every token, which verifying then requires. After a change, clients
    /// refresh once. 1 to 255 bytes. Default: none, and a token that has an `aud` is refused.
    pub audience: Option<String>,

    /// The path below which refresh, sign-out and the published keys are mounted. Like every path
    /// in the settings it must consist of characters that browsers send unchanged, at most 255,
    /// without `%`. Default: `/auth`.
    #[doc(alias = "apiBasePath")]
    pub api_base_path: String,

    /// The origin at which browsers reach this server, such as `https://api.example.com`. Together
    /// with `api_base_path` it is the issuer of the tokens. Default: derived from Rocket's address
    /// and port in the debug profile, required otherwise.
    #[doc(alias = "apiDomain")]
    pub api_origin: Option<String>,

    /// The path in front of the application's own paths that a proxy strips, such as `/app`. It is
    /// added to every path that is sent to a browser. Write all other settings without it, except
    /// `refresh_token_path`. Default: none.
    #[doc(alias = "apiGatewayPath")]
    pub outer_path: Option<String>,

    /// Whether the fairing mounts `POST {api_base_path}/session/refresh`. If not, write a route
    /// with the guard [`Refresh`](crate::Refresh). Default: true.
    pub refresh_route: bool,

    /// Whether the fairing mounts `POST {api_base_path}/signout`. Default: true.
    #[doc(alias = "signOut")]
    pub sign_out_route: bool,

    /// Whether tokens are sent in cookies or in headers. `"any"` lets each login choose (cookies,
    /// unless the request has the header `st-auth-mode: header`); `"cookie"` and `"header"` allow
    /// only one. Default: `"any"`.
    #[doc(alias = "getTokenTransferMethod")]
    #[doc(alias = "tokenTransferMethod")]
    pub transfer: TransferMethod,

    /// Which requests are answered with the front-token, which shows the user id, the expiry and
    /// the payload to scripts. `"auto"`: those that say by the header `st-auth-mode` or `rid` that
    /// a front end reads it, as SuperTokens' front ends do. `"always"`: all requests; the payload
    /// is then sent twice, and a proxy with small buffers refuses the answer. Default: `"auto"`.
    pub front_token: FrontToken,

    /// Whether a cookie session also gets its access token in the header `st-access-token`, and may
    /// present it as a bearer token. This is for pages that call other services; scripts of the
    /// page can read the token. Default: false.
    #[doc(alias = "exposeAccessTokenToFrontendInCookieBasedAuth")]
    pub expose_access_token: bool,

    /// The response header that contains a new access token; it must not have another meaning.
    /// Default: `st-access-token`, which SuperTokens' front ends read.
    pub access_token_header: String,

    /// The response header that contains a new refresh token. Default: `st-refresh-token`, which
    /// SuperTokens' front ends read.
    pub refresh_token_header: String,

    /// The name of the access token cookie, between `cookie_prefix` and a dot with eight letters of
    /// the session's handle, as in `sAccessToken.k3Bv9_xQ`. At most 64 letters, digits, `-` and
    /// `_`. Default: `sAccessToken`.
    pub access_cookie_name: String,

    /// The name of the refresh token cookie, like `access_cookie_name`. The cookie with the token's
    /// hash, which a refresh needs too, is always called `sRefreshHash`. Default: `sRefreshToken`.
    pub refresh_cookie_name: String,

    /// The prefix that makes a browser refuse cookies planted by others (RFC 6265bis section
    /// 4.1.3). Default: `"auto"`, the strongest that the other settings allow.
    pub cookie_prefix: CookiePrefix,

    /// The attribute `Domain` of the cookies, with which sub-domains share the session. Default:
    /// none, this host only.
    #[doc(alias = "cookieDomain")]
    pub cookie_domain: Option<String>,

    /// Whether cookies have the attribute `Secure`; `"no"` is allowed only in the debug profile.
    /// Default: `"auto"`, which is yes unless `api_origin` is http on localhost in the debug
    /// profile.
    #[doc(alias = "cookieSecure")]
    pub cookie_secure: Auto,

    /// The attribute `SameSite` of the cookies. `"none"` needs `Secure`. Default: `"lax"`.
    #[doc(alias = "cookieSameSite")]
    pub cookie_same_site: SameSite,

    /// Origins other than this server's own whose pages may send requests that change something,
    /// such as `["https://www.example.com"]`. Default: none.
    #[doc(alias = "cors")]
    #[doc(alias = "websiteDomain")]
    pub website_origins: Vec<String>,

    /// How much of the client's IP address is stored with a session, for device lists. Default:
    /// `"truncated"`, the network only.
    pub device_ip: KeptIp,

    /// The networks of your proxies, such as `["10.0.0.0/8"]`, whose `X-Forwarded-For` gives the
    /// client's address. The header is ignored from anybody else. Default: none.
    pub trusted_proxies: Vec<IpNet>,

    /// The status of the answer to a request without a valid session, 400 to 499. Default: 401.
    #[doc(alias = "sessionExpiredStatusCode")]
    pub session_expired_status: u16,

    /// The status of the answer to a session that does not meet a route's requirements; another one
    /// than `session_expired_status`, 400 to 499. Default: 403.
    #[doc(alias = "invalidClaimStatusCode")]
    pub invalid_claim_status: u16,

    /// How requests that other sites cause are recognised. This matters if a cookie is the
    /// credential, and at login. Default: `"fetch-metadata"`.
    #[doc(alias = "xsrf")]
    #[doc(alias = "antiCsrf")]
    pub csrf: Csrf,

    /// Whether a request with neither `Sec-Fetch-Site` nor `Origin` is refused as well. No current
    /// browser sends one, but command-line clients do; the event `silent_requests` counts them.
    /// With `cookie_same_site = "none"` it is always refused. Default: false.
    pub csrf_require_evidence: bool,

    /// The attribute `Path` of the access token cookie, below `outer_path`. Default: `/`.
    #[doc(alias = "accessTokenPath")]
    pub access_token_path: String,

    /// The attribute `Path` of the refresh token cookie, as browsers see it. Set it if a proxy
    /// rewrites paths in a way that `outer_path` does not describe. Default: the path of the
    /// refresh route, below `outer_path`.
    pub refresh_token_path: Option<String>,

    /// How a request learns that its session was revoked. Default: `"feed"`.
    pub revocation: Revocation,

    /// How soon every process on the same database refuses a revoked session. The feed is read four
    /// times in this interval. `"20ms"` to `"1day"`; default: `"1s"`.
    #[serde(with = "humantime_serde")]
    pub revocation_bound: Duration,

    /// What to do with a request if the feed was not read for longer than `revocation_bound`.
    /// Default: `"live"`.
    pub revocation_on_stall: OnStall,

    /// The time between two clean-ups. Sessions are deleted one day after they expired. `"1s"` to
    /// `"30days"`; default: `"10m"`.
    #[serde(with = "humantime_serde")]
    pub cleanup_interval: Duration,

    /// How many verified tokens are cached, so that their signatures are not verified again; about
    /// 700 bytes each. 0 disables the cache; at most 10000000. Default: 80000.
    pub verified_token_cache: usize,

    /// How many writes may wait for the database, and how many reads; one more is answered 503 at
    /// once. 1 to 1000000; default: 10000.
    pub database_queue: usize,

    /// How many connections write to a database server, 1 to 64; a SQLite file has one. One is
    /// opened at launch, the others when they are needed, and one more for rows that somebody's
    /// open transaction has locked. Fewer connections make larger batches. If the server refuses
    /// some, the others do the work, and the event `connection_refused` reports it. Default: 3.
    pub write_connections: usize,

    /// How many connections read, 1 to 64. One is opened at launch, the others when they are
    /// needed. If the server refuses some, the others do the work, as for `write_connections`.
    /// Default: 4.
    pub read_connections: usize,
}

impl Default for SessionConfig {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        Self {
            database: "sqlite://sessions.db".into(),
            master_key: None,
            accepted_master_keys: Vec::new(),
            database_timeout: Duration::from_secs(5),
            access_token_validity: HOUR,
            access_token_jitter: 0.05,
            refresh_token_validity: 100 * 24 * HOUR,
            absolute_lifetime: None,
            device_bound: DeviceBound::Off,
            device_bound_validity: Duration::from_secs(10 * 60),
            device_bound_exclude: Vec::new(),
            max_sessions_per_user: None,
            session_limit: SessionLimit::EndOldest,
            max_data_size: 1 << 20,
            rotation_min_age: Duration::from_secs(120),
            rotation_max_children: 8,
            signing_algorithm: SigningAlgorithm::Es256,
            signing_key_interval: 168 * HOUR,
            signing_key_overlap: None,
            audience: None,
            api_base_path: API_BASE_PATH.into(),
            api_origin: None,
            outer_path: None,
            refresh_route: true,
            sign_out_route: true,
            transfer: TransferMethod::Any,
            front_token: FrontToken::Auto,
            expose_access_token: false,
            access_token_header: ACCESS_HEADER.into(),
            refresh_token_header: REFRESH_HEADER.into(),
            access_cookie_name: ACCESS_COOKIE.into(),
            refresh_cookie_name: REFRESH_COOKIE.into(),
            cookie_prefix: CookiePrefix::Auto,
            cookie_domain: None,
            cookie_secure: Auto::Auto,
            cookie_same_site: SameSite::Lax,
            website_origins: Vec::new(),
            device_ip: KeptIp::Truncated,
            trusted_proxies: Vec::new(),
            session_expired_status: 401,
            invalid_claim_status: 403,
            csrf: Csrf::FetchMetadata,
            csrf_require_evidence: false,
            access_token_path: "/".into(),
            refresh_token_path: None,
            revocation: Revocation::Feed,
            revocation_bound: Duration::from_secs(1),
            revocation_on_stall: OnStall::Live,
            cleanup_interval: Duration::from_secs(10 * 60),
            verified_token_cache: 80_000,
            database_queue: 10_000,
            write_connections: 3,
            read_connections: 4,
        }
    }
}
