//! What is wrong with a setting, by itself and beside the others.

use super::{SessionConfig, shown};
use crate::wire_names::{ANTI_CSRF, AUTH_MODE, FRONT_TOKEN, REFRESH, RID};

/// The most letters of a name that travels with every request.
const LONGEST_NAME: usize = 64;

/// The most letters of a path or an audience.
const LONGEST_PATH: usize = 255;

/// Headers that mean something already, in lower case: browsers, proxies and front ends act on
/// them.
const TAKEN_HEADERS: [&str; 53] = [
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    ANTI_CSRF,
    "authorization",
    "cache-control",
    "cache-status",
    "clear-site-data",
    "connection",
    "cookie",
    "date",
    "dav",
    "digest",
    "etag",
    "expect-ct",
    "expires",
    "feature-policy",
    "forwarded",
    FRONT_TOKEN,
    "host",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "nel",
    "origin",
    "origin-agent-cluster",
    "permissions-policy",
    "pragma",
    "priority",
    "public-key-pins",
    "referer",
    "referrer-policy",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "retry-after",
    RID,
    "server",
    "server-timing",
    "set-cookie",
    "sourcemap",
    AUTH_MODE,
    "strict-transport-security",
    "te",
    "timing-allow-origin",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "www-authenticate",
];

/// How the names of such headers begin, where they come in families.
const TAKEN_FAMILIES: [&str; 14] = [
    "access-control-",
    "content-",
    "cross-origin-",
    "proxy-",
    "sec-",
    "x-accel-",
    "x-content-type-",
    "x-dns-prefetch-",
    "x-forwarded-",
    "x-frame-",
    "x-permitted-",
    "x-robots-",
    "x-sendfile",
    "x-xss-",
];

impl SessionConfig {
    /// Checks the settings against their ranges and against each other; durations are checked at
    /// launch.
    ///
    /// # Errors
    /// A sentence that names the setting, the value that was found and what to write instead.
    ///
    /// ```
    /// let config = session_runtime::SessionConfig {
    ///     database_queue: 0,
    ///     ..Default::default()
    /// };
    /// assert!(config.check().unwrap_err().starts_with("`database_queue`"));
    /// ```
    pub fn check(&self) -> Result<(), String> {
        self.check_numbers()?;
        self.check_names()?;
        self.check_paths()
    }

    fn check_numbers(&self) -> Result<(), String> {
        let default = Self::default();
        let jitter = self.access_token_jitter;
        if !(0.0..=0.25).contains(&jitter) {
            return Err(format!(
                "`access_token_jitter` must be between 0 and 0.25, not {jitter}: write for example {}",
                default.access_token_jitter
            ));
        }
        let check = |name, of: fn(&Self) -> usize, least, most| {
            within(name, of(self), least, most, of(&default))
        };
        check(
            "rotation_max_children",
            |one| one.rotation_max_children,
            1,
            64,
        )?;
        check("database_queue", |one| one.database_queue, 1, 1_000_000)?;
        check("write_connections", |one| one.write_connections, 1, 64)?;
        check("read_connections", |one| one.read_connections, 1, 64)?;
        check("max_data_size", |one| one.max_data_size, 64, 8 << 20)?;
        check(
            "verified_token_cache",
            |one| one.verified_token_cache,
            0,
            10_000_000,
        )?;
        if self.max_sessions_per_user == Some(0) {
            return Err(
                "`max_sessions_per_user` must be at least 1, not 0: nobody could log in; leave it out for no limit"
                    .into(),
            );
        }
        check(
            "session_expired_status",
            |one| one.session_expired_status.into(),
            400,
            499,
        )?;
        check(
            "invalid_claim_status",
            |one| one.invalid_claim_status.into(),
            400,
            499,
        )?;
        let (expired, invalid) = (self.session_expired_status, self.invalid_claim_status);
        if expired == invalid {
            return Err(format!(
                "`session_expired_status` and `invalid_claim_status` must be two different numbers, but both are {expired}: \
                 front ends refresh at the one and not at the other; write for example {} and {}",
                default.session_expired_status, default.invalid_claim_status
            ));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), String> {
        match self.audience.as_deref().map(str::len) {
            Some(0) => {
                return Err(
                    "`audience` must not be empty: name the services the tokens are for, or leave it out"
                        .into(),
                );
            }
            Some(bytes) if bytes > LONGEST_PATH => {
                return Err(format!(
                    "`audience` must take at most {LONGEST_PATH} bytes, not {bytes}, because every token carries it: write \
                     for example \"https://api.example.com\""
                ));
            }
            _ => {}
        }
        let default = Self::default();
        let (access, refresh) = (&self.access_cookie_name, &self.refresh_cookie_name);
        for (setting, name, example) in [
            ("access_cookie_name", access, &default.access_cookie_name),
            ("refresh_cookie_name", refresh, &default.refresh_cookie_name),
        ] {
            if !is_token(name) || name.starts_with("__") {
                return Err(format!(
                    "`{setting}` must be one word of at most {LONGEST_NAME} letters, digits, `-` and `_`, without a prefix \
                     such as `__Host-` (that is `cookie_prefix`), not {}: write for example \"{example}\"",
                    shown(name)
                ));
            }
        }
        differ("access_cookie_name", "refresh_cookie_name", access, refresh)?;
        let (access, refresh) = (&self.access_token_header, &self.refresh_token_header);
        for (setting, name, example) in [
            ("access_token_header", access, &default.access_token_header),
            (
                "refresh_token_header",
                refresh,
                &default.refresh_token_header,
            ),
        ] {
            if !is_token(name) || is_taken(name) {
                return Err(format!(
                    "`{setting}` must be a header that browsers and proxies give no meaning, one word of at most {LONGEST_NAME} letters, \
                     digits, `-` and `_`, not {}: write for example \"{example}\"",
                    shown(name)
                ));
            }
        }
        // Names of headers do not know case.
        let lower = [access, refresh].map(|name| name.to_ascii_lowercase());
        let [access, refresh] = &lower;
        differ(
            "access_token_header",
            "refresh_token_header",
            access,
            refresh,
        )
    }

    fn check_paths(&self) -> Result<(), String> {
        let default = Self::default();
        let refresh_path = format!("{}{REFRESH}", default.api_base_path);
        let paths = [
            (
                "api_base_path",
                Some(&self.api_base_path),
                &*default.api_base_path,
            ),
            ("outer_path", self.outer_path.as_ref(), "/app"),
            (
                "access_token_path",
                Some(&self.access_token_path),
                &*default.access_token_path,
            ),
            (
                "refresh_token_path",
                self.refresh_token_path.as_ref(),
                &*refresh_path,
            ),
        ];
        let excluded = self.device_bound_exclude.iter();
        let excluded = excluded.map(|path| ("device_bound_exclude", Some(path), "/static"));
        for (setting, path, example) in paths.into_iter().chain(excluded) {
            let Some(path) = path else { continue };
            // Rocket matches the paths of routes once they are decoded, so an escape would match
            // nothing.
            let escapes = setting != "api_base_path";
            if !is_path(path) || (!escapes && path.contains('%')) {
                let escape = if escapes { "" } else { "`%`, " };
                return Err(format!(
                    "`{setting}` must start with `/` and be a path as browsers send it, of at most {LONGEST_PATH} letters \
                     (no `//`, `..`, `;`, `?`, `#`, {escape}space or letter beyond ASCII), not {}: write for example \
                     \"{example}\"",
                    shown(path)
                ));
            }
        }
        Ok(())
    }
}

fn within(
    name: &str,
    value: usize,
    least: usize,
    most: usize,
    example: usize,
) -> Result<(), String> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!(
        "`{name}` must be between {least} and {most}, not {value}: write for example {example}"
    ))
}

fn differ(one: &str, other: &str, value: &str, second: &str) -> Result<(), String> {
    if value != second {
        return Ok(());
    }
    Err(format!(
        "`{one}` and `{other}` must differ, but both are {}: remove one of them, and its default is used",
        shown(value)
    ))
}

/// A word that may name a cookie or a header.
fn is_token(name: &str) -> bool {
    let of_a_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(of_a_word)
}

/// Whether a header means something already; names of headers do not know case.
fn is_taken(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TAKEN_HEADERS.contains(&&*name) || TAKEN_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Whether browsers send this path as it stands (URL standard, section "path state"), and keep all
/// of it as the `Path` of a cookie (RFC 6265bis section 5.2).
fn is_path(path: &str) -> bool {
    let of_a_path =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@%".contains(&byte);
    let escapes = |part: &str| {
        part.as_bytes()
            .get(..2)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    path.starts_with('/')
        && path.len() <= LONGEST_PATH
        && path.bytes().all(of_a_path)
        && path.split('%').skip(1).all(escapes)
        && !path.contains("//")
        && !path.split('/').any(is_dots)
}

/// Whether browsers take a segment for "here" or "one up", and leave it out.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

#[cfg(test)]
mod tests {
    use super::is_path;
    use crate::config::SessionConfig;

    #[test]
    fn paths_are_those_that_browsers_send_as_they_stand() {
        for path in ["/", "/auth", "/auth/", "/a-b/c_d.e~f", "/%C3%BC", "/a:b@c"] {
            assert!(is_path(path), "{path}");
        }
        let long = format!("/{}", "a".repeat(255));
        for path in [
            "",
            "auth",
            "//",
            "/a//b",
            "/a?b",
            "/a#b",
            "/a;b",
            "/a b",
            "/\u{fc}",
            "/a\"b",
            "/{a}",
            "/<a>",
            "/%",
            "/%4",
            "/%zz",
            "/.",
            "/../a",
            "/a/..",
            "/%2E%2e/a",
            &long,
        ] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn names_that_mean_something_else_are_refused() {
        let header = |name: &str| SessionConfig {
            access_token_header: name.into(),
            ..SessionConfig::default()
        };
        assert_eq!(header("x-access").check(), Ok(()));
        for name in [
            "Set-Cookie",
            "front-token",
            "Content-Type",
            "Server",
            "age",
            "x-frame-options",
            "Access-Control-Allow-Origin",
            "",
            "a b",
        ] {
            let refused = header(name).check().expect_err(name);
            assert!(refused.contains("`access_token_header`"), "{refused}");
        }
    }
}
