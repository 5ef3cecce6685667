//! What goes over the wire between a browser and the routes of device-bound sessions (W3C draft
//! "Device Bound Session Credentials", and what Chromium 156 was seen to send and to accept).
//!
//! The browser sends `POST` without a body to both routes. A registration is answered 200 with a
//! [`Configuration`]; a refresh as [`Answer`] says, and with an empty body: any other JSON than a
//! configuration of the same session ends the browser's session.

use chrono::TimeDelta;
use serde::Serialize;

use crate::token::device_key::Algorithm;

/// On a login: where to register, and what to sign.
pub(crate) const REGISTRATION: &str = "Secure-Session-Registration";
/// On an answer: what to sign next time.
pub(crate) const CHALLENGE: &str = "Secure-Session-Challenge";
/// On a request: the proof. A script can set it too.
pub(crate) const PROOF: &str = "Secure-Session-Response";
/// On a request of the browser's own: whose proof it is. No script can set it.
pub(crate) const SESSION_ID: &str = "Sec-Secure-Session-Id";
/// On a request that went out without a refresh: why. A script can set it too.
pub(crate) const SKIPPED: &str = "Secure-Session-Skipped";

/// How the name of the marker cookie begins, whatever `cookie_prefix` is: browsers refuse
/// `__Host-Http-` here.
pub(crate) const MARKER: &str = "__Host-sBound";

/// `typ` of a proof.
pub(crate) const PROOF_TYPE: &str = "dbsc+jwt";
/// How long the marker of a registration counts: a browser whose marker ends within two minutes
/// refreshes beside its next request, so the key proves itself seconds after the login.
pub(crate) const FIRST_MARKER: TimeDelta = TimeDelta::seconds(70);
/// The largest proof that is read; a registration with RSA of 4096 bits takes about 2000 bytes.
pub(crate) const MAX_PROOF: usize = 4096;

/// What the browser makes of an answer to its own refresh. No other status may be sent: it takes
/// every other 4xx, 429 too, for the end of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The session goes on, with an empty body.
    Refreshed,
    /// The session is over.
    Ended,
    /// Sign the challenge that is in [`CHALLENGE`], four times at most; without one the session is
    /// over.
    AskAgain,
    /// The session goes on, the request too, and the next one tries again.
    Later,
}

impl Answer {
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Refreshed => 200,
            Self::Ended => 401,
            Self::AskAgain => 403,
            Self::Later => 503,
        }
    }
}

/// The value of [`REGISTRATION`]: the algorithms, best first, and a path of our own.
pub(crate) fn registration(path: &str, challenge: &str) -> String {
    let algorithms = Algorithm::ALL.map(Algorithm::as_str).join(" ");
    format!(r#"({algorithms});path="{path}";challenge="{challenge}""#)
}

/// The value of [`CHALLENGE`] for the session with this id.
pub(crate) fn next_challenge(challenge: &str, session_id: &str) -> String {
    format!(r#""{challenge}";id="{session_id}""#)
}

/// The string in [`PROOF`] or [`SESSION_ID`]: Chromium sends it bare, the draft has it quoted.
pub(crate) fn string(value: &str) -> Option<&str> {
    let value = value.trim_matches([' ', '\t']);
    let bare = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
    (!bare.is_empty() && bare.bytes().all(is_plain)).then_some(bare)
}

/// The body of the answer to a registration.
#[derive(Debug, Serialize)]
pub(crate) struct Configuration<'c> {
    pub(crate) session_identifier: &'c str,
    pub(crate) refresh_url: &'c str,
    pub(crate) scope: Scope<'c>,
    pub(crate) credentials: [Credential<'c>; 1],
    /// Hosts whose pages may cause a refresh, besides our own origin.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) allowed_refresh_initiators: &'c [String],
}

/// Which requests wait for a refresh.
#[derive(Debug, Serialize)]
pub(crate) struct Scope<'c> {
    include_site: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scope_specification: Vec<Rule<'c>>,
}

/// A path that does not wait, by whole segments.
#[derive(Debug, Serialize)]
struct Rule<'c> {
    #[serde(rename = "type")]
    kind: &'static str,
    domain: &'static str,
    path: &'c str,
}

impl<'c> Scope<'c> {
    /// Our own origin, but for what is below these paths.
    pub(crate) fn origin_without(paths: impl IntoIterator<Item = &'c str>) -> Self {
        let rule = |path| Rule {
            kind: "exclude",
            domain: "*",
            path,
        };
        Self {
            include_site: false,
            scope_specification: paths.into_iter().map(rule).collect(),
        }
    }
}

/// The cookie whose absence makes the browser refresh.
#[derive(Debug, Serialize)]
pub(crate) struct Credential<'c> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'c str,
    attributes: &'static str,
}

impl<'c> Credential<'c> {
    /// What a cookie must have to be the bound one: any difference makes every request refresh, and
    /// `Max-Age` or `Partitioned` here makes the browser refuse the configuration.
    pub(crate) const ATTRIBUTES: &'static str = "Path=/; Secure; HttpOnly; SameSite=Lax";

    /// The cookie of that name.
    pub(crate) fn cookie(name: &'c str) -> Self {
        Self {
            kind: "cookie",
            name,
            attributes: Self::ATTRIBUTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Configuration, Credential, Scope, next_challenge, registration};

    #[test]
    fn the_headers_are_those_that_chromium_reads() {
        assert_eq!(
            registration("/auth/session/refresh/device/register", "abc"),
            r#"(ES256 RS256);path="/auth/session/refresh/device/register";challenge="abc""#
        );
        assert_eq!(next_challenge("abc", "def"), r#""abc";id="def""#);
    }

    #[test]
    fn the_configuration_names_what_it_must_and_nothing_that_is_empty() {
        let (excluded, initiators) = (["/static"], ["www.example.com".to_owned()]);
        let configuration = |excluded: &[&'static str], initiators| {
            serde_json::to_string(&Configuration {
                session_identifier: "id",
                refresh_url: "/auth/session/refresh/device",
                scope: Scope::origin_without(excluded.iter().copied()),
                credentials: [Credential::cookie("__Host-sBound.12345678")],
                allowed_refresh_initiators: initiators,
            })
            .expect("JSON")
        };
        assert_eq!(
            configuration(&[], &[]),
            r#"{"session_identifier":"id","refresh_url":"/auth/session/refresh/device","scope":{"include_site":false},"credentials":[{"type":"cookie","name":"__Host-sBound.12345678","attributes":"Path=/; Secure; HttpOnly; SameSite=Lax"}]}"#
        );
        assert_eq!(
            configuration(&excluded, &initiators),
            r#"{"session_identifier":"id","refresh_url":"/auth/session/refresh/device","scope":{"include_site":false,"scope_specification":[{"type":"exclude","domain":"*","path":"/static"}]},"credentials":[{"type":"cookie","name":"__Host-sBound.12345678","attributes":"Path=/; Secure; HttpOnly; SameSite=Lax"}],"allowed_refresh_initiators":["www.example.com"]}"#
        );
    }

    /// A browser takes each of these for something else, and any other 4xx for the end.
    #[test]
    fn a_refresh_is_answered_with_one_of_four_statuses() {
        let answers = [
            Answer::Refreshed,
            Answer::Ended,
            Answer::AskAgain,
            Answer::Later,
        ];
        assert_eq!(answers.map(Answer::status), [200, 401, 403, 503]);
    }
}
