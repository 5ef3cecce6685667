//! Where sessions are stored, with a password that no log and no file shows.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

/// The parameters of a PostgreSQL URL that are secrets.
const SECRETS: [&str; 2] = ["password", "sslpassword"];

/// A database: its URL, or the name of a `[default.databases.*]` entry.
///
/// It is printed and serialised without its password. A URL in which a password cannot be told from
/// the rest, because it was not percent-encoded, is cut off after the scheme.
///
/// ```
/// use session_runtime::config::DatabaseUrl;
///
/// let url: DatabaseUrl = "postgres://app:secret@db.example/app".into();
/// assert_eq!(format!("{url:?}"), "postgres://app@db.example/app");
/// assert_eq!(url.as_str(), "postgres://app:secret@db.example/app");
/// ```
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct DatabaseUrl(Zeroizing<String>);

impl DatabaseUrl {
    /// The whole URL, with its password.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(Zeroizing::new(url))
    }
}

impl From<&str> for DatabaseUrl {
    fn from(url: &str) -> Self {
        url.to_owned().into()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once(':') else {
        return url.to_owned();
    };
    if matches!(scheme, "sqlite" | "file") {
        return url.to_owned();
    }
    match rest.strip_prefix("//").and_then(server_without_password) {
        Some(rest) => format!("{scheme}://{rest}"),
        None => format!("{scheme}:.."),
    }
}

/// The same for what follows the scheme of a server's URL; `None` if a password may stand where
/// none belongs.
fn server_without_password(rest: &str) -> Option<String> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let target = format!("{hosts}{path}");
    let (place, parameters) = target.split_once('?').unwrap_or((&target, ""));
    let hosts = place.split('/').next().unwrap_or_default();
    let in_order = hosts.split(',').all(has_number_for_port)
        && !place.contains('@')
        && (login.is_some() || !authority.contains(':') || !parameters.contains('@'));
    if !in_order {
        return None;
    }
    let user = login.map(|login| login.split(':').next().unwrap_or_default());
    let user = user.map_or_else(String::new, |user| format!("{user}@"));
    let shown: Vec<&str> = parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty() && !is_secret(parameter))
        .collect();
    let mark = if shown.is_empty() { "" } else { "?" };
    Some(format!("{user}{place}{mark}{}", shown.join("&")))
}

/// Names of parameters may be percent-encoded, as none has to be.
fn is_secret(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    SECRETS.contains(&name) || name.contains('%')
}

/// Whether a host has no port, or one that is a number.
pub(crate) fn has_number_for_port(host: &str) -> bool {
    // The colons of an IPv6 address stand in brackets.
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    let port = after.split_once(':').map_or("", |(_, port)| port);
    port.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_password_is_shown_as_it_is() {
        for url in [
            "sqlite://sessions.db",
            "sqlite:///data/a@b:c?x",
            "file:app.db",
            "shop",
            "postgres://ada@db.example:5432/app?sslmode=require",
            "postgres://h1:5432,h2:5433/app?target_session_attrs=read-write",
            "postgres://ada@[::1]:5432/app",
            "postgres:///app?host=/tmp&user=a@b",
            "postgres://%2Frun%2Fpostgresql/app",
            "mysql://ada@localhost/app?unix_socket=/run/mysqld/mysqld.sock",
            "mysql://db",
        ] {
            assert_eq!(without_password(url), url);
        }
    }

    #[test]
    fn a_password_is_left_out_wherever_it_stands() {
        for (url, shown) in [
            (
                "postgres://ada:secret@db.example:5432/app?sslmode=require",
                "postgres://ada@db.example:5432/app?sslmode=require",
            ),
            ("postgres://:secret@db/app", "postgres://@db/app"),
            ("mysql://ada:se@cret@db/app", "mysql://ada@db/app"),
            ("postgres://ada:se?cret@db/app", "postgres://ada@db/app"),
            (
                "postgres://ada:12?cret@db/app?a=b",
                "postgres://ada@db/app?a=b",
            ),
            ("postgres://ada:se#cret@db", "postgres://ada@db"),
            (
                "postgres:///app?user=ada&password=secret&sslpassword=secret&host=/tmp",
                "postgres:///app?user=ada&host=/tmp",
            ),
            ("postgres://db?p%61ssword=secret", "postgres://db"),
            // Where it should have been percent-encoded, or the `//` is missing.
            ("postgres://ada:se/cret@db/app", "postgres:.."),
            ("postgres://ada:12/cret@db/app", "postgres:.."),
            ("postgres://ada:12/se?cret@db/app", "postgres:.."),
            ("postgres://ada:secret", "postgres:.."),
            ("postgres:ada:secret@db/app", "postgres:.."),
            ("mariadb:secret", "mariadb:.."),
        ] {
            assert_eq!(without_password(url), shown, "{url}");
            assert!(!shown.contains("cret"), "{shown}");
        }
    }
}
