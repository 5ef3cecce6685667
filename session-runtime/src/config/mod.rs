//! `SessionConfig`: every setting with its default, its unit and what it costs. Plain serde; `web/`
//! reads it from Rocket's figment.

use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;

mod check;
mod choices;
pub(crate) mod examples;

pub use choices::{
    Auto, CookiePrefix, Csrf, FrontToken, KeptIp, OnStall, Revocation, SameSite, Secret,
    SessionLimit, SigningAlgorithm, Transfer,
};

/// The table `[default.sessions]` of `Rocket.toml`, or `ROCKET_SESSIONS={key=value, ...}`.
///
/// Durations are texts such as `"15m"`, `"1h"`, `"100d"`. An unknown key stops the launch.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// Where sessions are kept: a URL (`sqlite://file.db`, relative to the working directory;
    /// `postgres://..` and `mysql://..` under the features of these names) or the name of a
    /// `[default.databases.*]` entry. Default: `sqlite://sessions.db`.
    pub database: String,

    /// What the keys in the database are sealed under: 32 random bytes in base64, as `openssl rand
    /// -base64 32` prints them. Who has it and the database can mint tokens, so keep the two apart.
    /// Default: made and kept beside the file in debug builds on SQLite, required otherwise.
    pub master_key: Option<Secret>,

    /// Older or newer master keys under which keys may still be sealed. Default: none.
    pub accepted_master_keys: Vec<Secret>,

    /// The longest wait for the database: for its lock or for a connection, and for each statement of
    /// a server; then a request is answered 503. `"10ms"` to `"60s"`; default: `"5s"`.
    #[serde(with = "humantime_serde")]
    pub database_timeout: Duration,

    /// How long an access token is good for, in whole seconds. Longer means fewer refreshes, and a
    /// longer life for payload values that have changed meanwhile. `"1s"` to `"1year"`; default: `"1h"`.
    #[serde(with = "humantime_serde")]
    pub access_token_validity: Duration,

    /// The lifetime of an access token is cut by a random share of up to this much, so that tokens
    /// issued together do not expire together; 0 to 0.25. Default: 0.05.
    pub access_token_jitter: f64,

    /// How long a session lives without a refresh; each rotation starts it anew. Longer than
    /// `access_token_validity`, at most 1000 years; default: `"100d"`.
    #[serde(with = "humantime_serde")]
    pub refresh_token_validity: Duration,

    /// How long a session lives at most, however often it is refreshed; fixed at login. At least
    /// `access_token_validity`; default: none.
    #[serde(with = "humantime_serde::option")]
    pub absolute_lifetime: Option<Duration>,

    /// How many sessions a user may have at once. Default: none, as many as they like.
    pub max_sessions_per_user: Option<usize>,

    /// What a login beyond `max_sessions_per_user` does. Default: `"end-oldest"`.
    pub session_limit: SessionLimit,

    /// The most bytes of JSON that the data of one session may take; a write of more is an error. 64 to
    /// 8388608. Default: 1048576 (1 MiB).
    pub max_data_size: usize,

    /// How old a refresh token must be before using it retires its siblings (M). Shorter would log
    /// honest clients out, so it must be at least three times the longest round trip of a client plus
    /// the clock difference between replicas: 3 x (20 s + 2 x `database_timeout`) + 25 s. At most
    /// `"1day"`; default: `"120s"`.
    #[serde(with = "humantime_serde")]
    pub rotation_min_age: Duration,

    /// How many unused refresh tokens of a session live at once (K), 1 to 64. Default: 8.
    pub rotation_max_children: usize,

    /// What signs access tokens. After a change, tokens of the keys before it stay good to their
    /// end. Default: `"ES256"`.
    pub signing_algorithm: SigningAlgorithm,

    /// How long a signing key signs; at least `"2s"`. Default: `"168h"`.
    #[serde(with = "humantime_serde")]
    pub signing_key_interval: Duration,

    /// How long before its first signature a signing key is published, so that verifiers meet it in
    /// time; at most half of the interval. Default: `"60s"`.
    #[serde(with = "humantime_serde")]
    pub signing_key_overlap: Duration,

    /// Whom the tokens are for: `aud` of every token, and verifying demands it. After a change,
    /// clients refresh once. 1 to 255 bytes. Default: none, and then a token that has an `aud` is refused.
    pub audience: Option<String>,

    /// Where refresh, sign-out and the published keys are mounted. Like every path of the settings it takes
    /// the letters that browsers send as they are, at most 255, and no `%`. Default: `/auth`.
    pub api_base_path: String,

    /// The origin under which browsers reach this server, such as `https://api.example.com`; with
    /// `api_base_path` it is the issuer of the tokens. Default: made from Rocket's address and port
    /// in debug builds, required otherwise.
    pub api_origin: Option<String>,

    /// The path below which browsers reach this server if a proxy strips it, such as `/app`: it is put in
    /// front of every path that is sent to a browser. All other settings are written without it, except
    /// `refresh_token_path`. Default: none.
    pub outer_path: Option<String>,

    /// Whether the fairing mounts `POST {api_base_path}/session/refresh`; without it, a route of your
    /// own takes the guard [`Refresh`](crate::Refresh). Default: true.
    pub refresh_route: bool,

    /// Whether the fairing mounts `POST {api_base_path}/signout`. Default: true.
    pub sign_out_route: bool,

    /// Where tokens travel: `"any"` lets each login choose (cookies, unless the request says
    /// `st-auth-mode: header`), `"cookie"` and `"header"` allow one only. Default: `"any"`.
    pub transfer: Transfer,

    /// Who gets the front-token, which shows user id, end and payload to scripts. `"auto"`: requests that say a front
    /// end reads it, by the header `st-auth-mode` or `rid`, as SuperTokens' front ends do; `"always"`: everybody. The payload
    /// travels twice then, and a proxy with small buffers refuses the answer. Default: `"auto"`.
    pub front_token: FrontToken,

    /// Whether a session in cookies also gets its access token as the header `st-access-token`, and
    /// may present it as a bearer token: for pages that call other services. Scripts of the page can
    /// read it then. Default: false.
    pub expose_access_token: bool,

    /// The response header that hands out an access token; one without another meaning. Default: `st-access-token`, which
    /// SuperTokens front ends read.
    pub access_token_header: String,

    /// The response header that hands out a refresh token. Default: `st-refresh-token`, which
    /// SuperTokens front ends read.
    pub refresh_token_header: String,

    /// How the name of an access-token cookie begins, after `cookie_prefix`; a dot and eight letters of its session
    /// follow, as in `sAccessToken.k3Bv9_xQ`. At most 64 letters, digits, `-` and `_`. Default: `sAccessToken`.
    pub access_cookie_name: String,

    /// How the name of a refresh-token cookie begins, as `access_cookie_name`. Default: `sRefreshToken`.
    pub refresh_cookie_name: String,

    /// The prefix by which a browser refuses cookies that others planted (RFC 6265bis section
    /// 4.1.3). Default: `"auto"`, the strongest that the other settings allow.
    pub cookie_prefix: CookiePrefix,

    /// The `Domain` of the cookies; sub-domains share the session then. Default: none, this host only.
    pub cookie_domain: Option<String>,

    /// Whether cookies carry `Secure`; `"no"` only in the debug profile. Default: `"auto"`, yes unless
    /// `api_origin` is http on localhost in the debug profile.
    pub cookie_secure: Auto,

    /// The `SameSite` of the cookies. `"none"` needs `Secure`. Default: `"lax"`.
    pub cookie_same_site: SameSite,

    /// Origins of pages, other than this server's own, that may use the cookies for more than
    /// reading, such as `["https://www.example.com"]`. Default: none.
    pub website_origins: Vec<String>,

    /// How much of the address from which a session is begun is kept, for lists of devices. Default:
    /// `"truncated"`, the network only.
    pub device_ip: KeptIp,

    /// Networks of proxies of ours, such as `["10.0.0.0/8"]`: the client's address is what they say in
    /// `X-Forwarded-For`. Nobody else is believed. Default: none.
    pub trusted_proxies: Vec<IpNet>,

    /// The status of an answer to a request without a good session. Default: 401.
    pub session_expired_status: u16,

    /// The status of an answer to a session that does not meet what a route asks for; another one
    /// than `session_expired_status`. Default: 403.
    pub invalid_claim_status: u16,

    /// How requests of other sites are told from ours; it matters where a cookie is the credential,
    /// and at login. Default: `"fetch-metadata"`.
    pub csrf: Csrf,

    /// Whether a request that carries neither `Sec-Fetch-Site` nor `Origin` is refused as well; no
    /// browser of today sends one, but command-line clients do: the event `silent_requests` counts them.
    /// With `cookie_same_site = "none"` it always is. Default: false.
    pub csrf_require_evidence: bool,

    /// The `Path` of the access-token cookie, below `outer_path`. Default: `/`.
    pub access_token_path: String,

    /// The `Path` of the refresh-token cookie, as browsers see it: set it if a proxy rewrites paths in
    /// another way than `outer_path` says. With `/` browsers send it with every request, and under the
    /// `__Host-` prefix no sibling domain can plant one. Default: the path of the refresh route, below `outer_path`.
    pub refresh_token_path: Option<String>,

    /// How verifying learns of revocations. Default: `"feed"`.
    pub revocation: Revocation,

    /// How soon every process that shares the database refuses a revoked session; a quarter of it
    /// is the pause between two reads of the feed. `"20ms"` to `"1day"`; default: `"1s"`.
    #[serde(with = "humantime_serde")]
    pub revocation_bound: Duration,

    /// What a request gets when the feed was not read for longer than the bound. Default: `"live"`.
    pub revocation_on_stall: OnStall,

    /// The pause between two clean-ups; sessions are deleted one day after they expired. `"1s"` to
    /// `"30days"`; default: `"10m"`.
    #[serde(with = "humantime_serde")]
    pub cleanup_interval: Duration,

    /// How many verified tokens are remembered, so that their signatures are not checked again;
    /// about 700 bytes each. 0 remembers none; at most 10000000. Default: 80000.
    pub verified_token_cache: usize,

    /// How many writes may wait for the database, and how many reads; one more is answered 503 at once.
    /// 1 to 1000000; default: 10000.
    pub write_queue: usize,

    /// How many connections write to a database server, 1 to 64; a SQLite file has one. One is opened at
    /// launch, the others when they are needed, and beside them one for what somebody's open transaction
    /// blocks. Fewer make larger batches. If the server refuses some, the others do their work, and the
    /// event `connection_refused` says so. Default: 3.
    pub write_connections: usize,

    /// How many connections read, 1 to 64. One is opened at launch, the others when they are needed. If
    /// the server refuses some, the others do their work, as for `write_connections`. Default: 4.
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
            max_sessions_per_user: None,
            session_limit: SessionLimit::EndOldest,
            max_data_size: 1 << 20,
            rotation_min_age: Duration::from_secs(120),
            rotation_max_children: 8,
            signing_algorithm: SigningAlgorithm::Es256,
            signing_key_interval: 168 * HOUR,
            signing_key_overlap: Duration::from_secs(60),
            audience: None,
            api_base_path: "/auth".into(),
            api_origin: None,
            outer_path: None,
            refresh_route: true,
            sign_out_route: true,
            transfer: Transfer::Any,
            front_token: FrontToken::Auto,
            expose_access_token: false,
            access_token_header: "st-access-token".into(),
            refresh_token_header: "st-refresh-token".into(),
            access_cookie_name: "sAccessToken".into(),
            refresh_cookie_name: "sRefreshToken".into(),
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
            write_queue: 10_000,
            write_connections: 3,
            read_connections: 4,
        }
    }
}
