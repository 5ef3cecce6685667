//! The data: how an input is built and what answers it.

use std::collections::BTreeMap;

use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use serde::Deserialize;
use session_tests::body::{REFUSED, TRY_REFRESH, UNAUTHORISED};

/// An access token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessCase {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Members of the header that differ from a good token's, as JSON texts.
    #[serde(default)]
    pub(crate) header: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) payload: BTreeMap<String, String>,
    /// The whole header instead, around the good one's `$text` or `$members`.
    pub(crate) header_text: Option<String>,
    pub(crate) payload_text: Option<String>,
    /// Who signs, and how.
    #[serde(default)]
    pub(crate) key: String,
    /// What is signed, of the header and the payload in base64url.
    pub(crate) signs: Option<String>,
    /// How the token is written, of its parts.
    pub(crate) spell: Option<String>,
    /// Another token than an access token of this server.
    pub(crate) token: Option<String>,
    #[serde(default)]
    pub(crate) repeat: String,
    #[serde(default)]
    pub(crate) times: usize,
    #[serde(default)]
    pub(crate) expect: Expected,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestCase {
    pub(crate) id: String,
    pub(crate) name: String,
    method: Option<String>,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) cookies: String,
    #[serde(default)]
    pub(crate) headers: Vec<[String; 2]>,
    #[serde(default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) repeat: String,
    #[serde(default)]
    pub(crate) times: usize,
    pub(crate) expect: Expected,
}

impl RequestCase {
    pub(crate) fn method(&self) -> &str {
        match &self.method {
            Some(method) => method,
            None if self.path == "refresh" => "POST",
            None => "GET",
        }
    }
}

/// A row that is shown by a test elsewhere, or does not concern us.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Elsewhere {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) shown_by: Vec<String>,
    pub(crate) not_applicable: Option<String>,
}

/// What answers an input.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expected {
    #[default]
    TryRefresh,
    Unauthorised,
    CrossSite,
    /// Rocket's own answer to a wrong method.
    NotFound,
    Accepted,
}

impl Expected {
    /// Status and body; an empty body is not ours.
    pub(crate) fn fixed(self) -> Option<(u16, &'static str)> {
        match self {
            Self::TryRefresh => Some((401, TRY_REFRESH)),
            Self::Unauthorised => Some((401, UNAUTHORISED)),
            Self::CrossSite => Some((403, REFUSED)),
            Self::NotFound => Some((404, "")),
            Self::Accepted => None,
        }
    }

    pub(crate) fn answer(self) -> (u16, &'static str) {
        self.fixed().expect("an answer of ours")
    }
}

#[derive(Debug, Deserialize)]
struct File<C> {
    case: Vec<C>,
    elsewhere: Vec<Elsewhere>,
}

const ACCESS: &str = include_str!("access.toml");
const WYCHEPROOF: &str = include_str!("wycheproof.toml");
const REQUESTS: &str = include_str!("requests.toml");

fn read<C: serde::de::DeserializeOwned>(text: &str) -> File<C> {
    Figment::from(Toml::string(text))
        .extract()
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn access() -> Vec<AccessCase> {
    let mut all = read(ACCESS).case;
    all.extend(read::<AccessCase>(WYCHEPROOF).case);
    all
}

pub(crate) fn requests() -> Vec<RequestCase> {
    read(REQUESTS).case
}

pub(crate) fn elsewhere() -> Vec<Elsewhere> {
    let mut all = read::<AccessCase>(ACCESS).elsewhere;
    all.extend(read::<AccessCase>(WYCHEPROOF).elsewhere);
    all.extend(read::<RequestCase>(REQUESTS).elsewhere);
    all
}
