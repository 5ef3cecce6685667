//! What is wrong with the URL of a server: found before a client library reads it, for they show
//! parts of a password that should have been percent-encoded.

use crate::config::has_number_for_port;

/// The parameters that Diesel reads for MariaDB; it passes over others in silence, such as
/// `sslmode`.
const OF_MARIADB: [&str; 5] = ["ssl_ca", "ssl_cert", "ssl_key", "ssl_mode", "unix_socket"];

/// Says what is wrong, without any value.
pub(super) fn problem(url: &str) -> Option<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some("has no `//` before the user or the host".into());
    };
    let mariadb = scheme == "mysql";
    let (before, _) = parameters(rest);
    let authority = before.split('/').next().unwrap_or_default();
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let place_has_at = before.len() > authority.len() && before[authority.len()..].contains('@');
    let wrong = if !mariadb && !is_encoded(rest) {
        "has a `%` without two hexadecimal digits after it"
    } else if login.is_some_and(|login| login.contains('@')) && !mariadb {
        "has several `@`"
    } else if login.is_some_and(|login| login.contains(['?', '#'])) && mariadb {
        "has a `?` or a `#` before the `@`"
    } else if place_has_at {
        "has an `@` after a `/`"
    } else if !hosts.split(',').all(has_number_for_port) {
        "has a port that is no number"
    } else {
        return None;
    };
    Some(wrong.to_owned())
}

/// Says which parameter of a URL of MariaDB nothing would read.
pub(super) fn unread(url: &str) -> Option<String> {
    let (_, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| *scheme == "mysql")?;
    let name = unknown(parameters(rest).1)?;
    let meant = OF_MARIADB
        .iter()
        .find(|known| known.replace('_', "") == name.replace(['_', '-'], "").to_lowercase());
    let advice = match meant {
        Some(meant) => format!("write `{meant}`"),
        None => "remove it".to_owned(),
    };
    Some(format!(
        "has the parameter `{name}`, which is none of `{}`: {advice}",
        OF_MARIADB.join("`, `")
    ))
}

/// Parts the parameters from what is before them: a `?` before the last `@` belongs to a password.
pub(super) fn parameters(rest: &str) -> (&str, &str) {
    let authority = rest.split('/').next().unwrap_or_default();
    let begin = authority.rfind('@').unwrap_or(0);
    match rest[begin..].split_once('?') {
        Some((before, parameters)) => (&rest[..begin + before.len()], parameters),
        None => (rest, ""),
    }
}

/// The first parameter that is none of MariaDB's, if its name is a word.
fn unknown(parameters: &str) -> Option<&str> {
    let mut names = parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split('=').next().unwrap_or_default());
    let name = names.find(|name| !OF_MARIADB.contains(name))?;
    let is_word = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    Some(if is_word { name } else { ".." })
}

fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after.len() >= 2 && after.bytes().take(2).all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::{problem, unread};

    #[test]
    fn urls_that_are_in_order() {
        for url in [
            "postgres://ada:p%40ss@db.example:5432/app?sslmode=require",
            "postgres://h1:5432,h2:5433/app?target_session_attrs=read-write",
            "postgres://ada:pw@[::1]:5432/app",
            "postgres://u:p?w@h/app?pgbouncer=true",
            "postgres://u:p#w@h/app",
            "postgres://u:p:w@h/app",
            "postgres:///app?host=/tmp&user=a@b",
            "postgres://host?user=ada",
            "postgres://%2Frun%2Fpostgresql/app",
            "postgres://",
            "mysql://ada:pa@ss@db/app",
            "mysql://ada:p%zz@db:3306/app?ssl_mode=required&ssl_ca=/etc/ca.pem",
            "mysql://ada@localhost/app?unix_socket=/run/mysqld/mysqld.sock",
            "mysql://db",
        ] {
            assert_eq!(problem(url), None, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_a_value() {
        for (url, words) in [
            ("postgres:ada:secret@host/app", "no `//`"),
            ("postgres://ada:se/cret@host/app", "an `@` after a `/`"),
            ("postgres://ada:12/cret@host/app", "an `@` after a `/`"),
            ("postgres://ada:se/cr?et@host", "a port that is no number"),
            ("postgres://ada:secret", "a port that is no number"),
            ("postgres://ada:se@cret@host/app", "several `@`"),
            ("postgres://ada:secret%@host/app", "a `%` without two"),
            ("postgres://ada:secret%zz@host/app", "a `%` without two"),
            (
                "postgres://ada:secret@host:port/app",
                "a port that is no number",
            ),
            ("mysql:ada:secret@host/app", "no `//`"),
            ("mysql://ada:se/cret@host/app", "an `@` after a `/`"),
            (
                "mysql://ada:se#cret@host/app",
                "a `?` or a `#` before the `@`",
            ),
            (
                "mysql://ada:se?cret@host/app",
                "a `?` or a `#` before the `@`",
            ),
        ] {
            let said = problem(url).expect(url);
            assert!(said.contains(words), "{url}: {said}");
            assert!(!said.contains("cret"), "{said}");
        }
    }

    #[test]
    fn a_parameter_that_nothing_reads_is_named() {
        for (parameters, words) in [
            ("sslmode=require", "`sslmode`, which is none of `ssl_ca`, "),
            ("ssl-mode=cret", "has the parameter `ssl-mode`"),
            ("sslMode=cret", "`unix_socket`: write `ssl_mode`"),
            ("ssl-ca=cret", ": write `ssl_ca`"),
            ("charset=cret", "`charset`, which is none of"),
            ("useSSL=cret", "`unix_socket`: remove it"),
            ("ssl_mode=required&secret:x", "`..`, which is none"),
        ] {
            let said = unread(&format!("mysql://ada:pw@host/app?{parameters}")).expect(parameters);
            assert!(said.contains(words), "{parameters}: {said}");
            assert!(!said.contains("cret"), "{said}");
        }
        for url in [
            "mysql://ada@db/app?unix_socket=/run/x",
            "postgres://ada@db/app?charset=x",
        ] {
            assert_eq!(unread(url), None);
        }
    }
}
