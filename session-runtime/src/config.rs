//! `SessionConfig`: every setting with its default, its unit and what it costs. Plain serde; `web/`
//! reads it from Rocket's figment.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use zeroize::Zeroizing;

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
    /// a server; then a request is answered 503. Default: `"5s"`.
    #[serde(with = "humantime_serde")]
    pub database_timeout: Duration,

    /// How long an access token is good for, at least `"1s"`. Longer means fewer refreshes, and a
    /// longer life for payload values that have changed meanwhile. Default: `"1h"`.
    #[serde(with = "humantime_serde")]
    pub access_token_validity: Duration,

    /// The lifetime of an access token is cut by a random share of up to this much, so that tokens
    /// issued together do not expire together; 0 to 0.25. Default: 0.05.
    pub access_token_jitter: f64,

    /// How long a session lives without a refresh; each rotation starts it anew. Default: `"100d"`.
    #[serde(with = "humantime_serde")]
    pub refresh_token_validity: Duration,

    /// How old a refresh token must be before using it retires its siblings (M). More than three
    /// times the longest round trip of a client plus the clock difference between replicas: shorter
    /// logs honest clients out. Default: `"60s"`.
    #[serde(with = "humantime_serde")]
    pub rotation_min_age: Duration,

    /// How many unused refresh tokens of a session live at once (K), 1 to 64. Default: 8.
    pub rotation_max_children: usize,

    /// Where refresh and sign-out are mounted. Default: `/auth`.
    pub api_base_path: String,

    /// The origin under which browsers reach this server, such as `https://api.example.com`; with
    /// `api_base_path` it is the issuer of the tokens. Default: made from Rocket's address and port
    /// in debug builds, required otherwise.
    pub api_origin: Option<String>,

    /// The `Domain` of the cookies; sub-domains share the session then. Default: none, this host only.
    pub cookie_domain: Option<String>,

    /// Whether cookies carry `Secure`. Default: `"auto"`, yes unless `api_origin` is http on
    /// localhost in a debug build.
    pub cookie_secure: Auto,

    /// The `SameSite` of the cookies. `"none"` needs `Secure`. Default: `"lax"`.
    pub cookie_same_site: SameSite,

    /// Origins of pages, other than this server's own, that may use the cookies for more than
    /// reading, such as `["https://www.example.com"]`. Default: none.
    pub website_origins: Vec<String>,

    /// How requests of other sites are told. Default: `"fetch-metadata"`.
    pub csrf: Csrf,

    /// Whether a request that carries neither `Sec-Fetch-Site` nor `Origin` is refused as well; no
    /// browser of today sends one, but command-line clients do. With `cookie_same_site = "none"` it
    /// always is. Default: false.
    pub csrf_require_evidence: bool,

    /// The `Path` of the access-token cookie. Default: `/`.
    pub access_token_path: String,

    /// How verifying learns of revocations. Default: `"feed"`.
    pub revocation: Revocation,

    /// How soon every process that shares the database refuses a revoked session; a quarter of it
    /// is the pause between two reads of the feed. Default: `"1s"`.
    #[serde(with = "humantime_serde")]
    pub revocation_bound: Duration,

    /// What a request gets when the feed was not read for longer than the bound. Default: `"live"`.
    pub revocation_on_stall: OnStall,

    /// The pause between two clean-ups; sessions are deleted one day after they expired. Default: `"10m"`.
    #[serde(with = "humantime_serde")]
    pub cleanup_interval: Duration,

    /// How many verified tokens are remembered, so that their signatures are not checked again;
    /// about 640 bytes each. 0 remembers none. Default: 100000.
    pub verified_token_cache: usize,

    /// How many writes may wait for the database; one more is answered 503 at once. Default: 10000.
    pub write_queue: usize,
}

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

/// How a request that a page of another site made is told from one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Csrf {
    /// By `Sec-Fetch-Site`, and by `Origin` where that is absent or says otherwise.
    FetchMetadata,
    /// Not at all; then only `SameSite` protects.
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
            rotation_min_age: Duration::from_secs(60),
            rotation_max_children: 8,
            api_base_path: "/auth".into(),
            api_origin: None,
            cookie_domain: None,
            cookie_secure: Auto::Auto,
            cookie_same_site: SameSite::Lax,
            website_origins: Vec::new(),
            csrf: Csrf::FetchMetadata,
            csrf_require_evidence: false,
            access_token_path: "/".into(),
            revocation: Revocation::Feed,
            revocation_bound: Duration::from_secs(1),
            revocation_on_stall: OnStall::Live,
            cleanup_interval: Duration::from_secs(10 * 60),
            verified_token_cache: 100_000,
            write_queue: 10_000,
        }
    }
}

impl SessionConfig {
    /// The longest a session may live: beyond it, times no longer fit.
    pub(crate) const LONGEST: TimeDelta = TimeDelta::days(1000 * 365);

    /// Checks what one setting says against the others.
    ///
    /// # Errors
    /// A sentence that names the setting and what to write instead.
    pub fn check(&self) -> Result<(), String> {
        let second = Duration::from_secs(1);
        let longest = Self::LONGEST.to_std().unwrap_or(Duration::MAX);
        let rules = [
            (
                self.access_token_validity >= second && self.refresh_token_validity <= longest,
                "`access_token_validity` must be at least \"1s\" and `refresh_token_validity` at most 1000 years",
            ),
            (
                self.refresh_token_validity > self.access_token_validity,
                "`refresh_token_validity` must be longer than `access_token_validity`",
            ),
            (
                (0.0..=0.25).contains(&self.access_token_jitter),
                "`access_token_jitter` must be between 0 and 0.25",
            ),
            (
                (1..=64).contains(&self.rotation_max_children),
                "`rotation_max_children` must be between 1 and 64",
            ),
            (
                self.rotation_min_age < self.refresh_token_validity,
                "`rotation_min_age` must be shorter than `refresh_token_validity`",
            ),
            (
                self.api_base_path.starts_with('/') && self.access_token_path.starts_with('/'),
                "`api_base_path` and `access_token_path` must start with `/`",
            ),
            (
                !self.revocation_bound.is_zero()
                    && !self.cleanup_interval.is_zero()
                    && !self.database_timeout.is_zero()
                    && self.write_queue > 0,
                "`revocation_bound`, `cleanup_interval`, `database_timeout` and `write_queue` must be more than zero",
            ),
            (
                self.cookie_same_site != SameSite::None || self.cookie_secure != Auto::No,
                "`cookie_same_site = \"none\"` needs `cookie_secure`: browsers drop such cookies otherwise",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err((*rule).to_owned()),
            None => Ok(()),
        }
    }
}
