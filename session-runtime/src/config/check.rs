//! What one setting says against the others.

use super::SessionConfig;

/// The most letters of a name or a path that travels with every request.
const LONGEST_NAME: usize = 64;
const LONGEST_PATH: usize = 255;

/// Headers that mean something already, in lower case: browsers, proxies and front ends act on them.
const TAKEN_HEADERS: [&str; 13] = [
    "anti-csrf",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "front-token",
    "location",
    "set-cookie",
    "transfer-encoding",
    "vary",
    "www-authenticate",
];

impl SessionConfig {
    /// Checks what one setting says against the others. Durations are checked where they are converted.
    ///
    /// # Errors
    /// A sentence that names the setting, the value found and what to write instead.
    pub fn check(&self) -> Result<(), String> {
        self.check_numbers()?;
        self.check_names()?;
        self.check_paths()
    }

    fn check_numbers(&self) -> Result<(), String> {
        let jitter = self.access_token_jitter;
        if !(0.0..=0.25).contains(&jitter) {
            return Err(format!(
                "`access_token_jitter` must be between 0 and 0.25, not {jitter}: write for example 0.05"
            ));
        }
        let children = self.rotation_max_children;
        within("rotation_max_children", children, 1, 64, 8)?;
        within("write_queue", self.write_queue, 1, 1_000_000, 10_000)?;
        within("write_connections", self.write_connections, 1, 64, 3)?;
        within("read_connections", self.read_connections, 1, 64, 4)?;
        within("max_data_size", self.max_data_size, 64, 8 << 20, 1 << 20)?;
        let cache = self.verified_token_cache;
        within("verified_token_cache", cache, 0, 10_000_000, 80_000)?;
        if self.max_sessions_per_user == Some(0) {
            return Err(
                "`max_sessions_per_user` must be at least 1, not 0: nobody could log in; leave it out for no limit"
                    .into(),
            );
        }
        let (expired, invalid) = (self.session_expired_status, self.invalid_claim_status);
        within("session_expired_status", expired.into(), 400, 599, 401)?;
        within("invalid_claim_status", invalid.into(), 400, 599, 403)?;
        if expired == invalid {
            return Err(format!(
                "`session_expired_status` and `invalid_claim_status` must be two different numbers, but both are {expired}: \
                 front ends refresh at the one and not at the other; write for example 401 and 403"
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
        let (access, refresh) = (&self.access_cookie_name, &self.refresh_cookie_name);
        for (setting, name, example) in [
            ("access_cookie_name", access, "sAccessToken"),
            ("refresh_cookie_name", refresh, "sRefreshToken"),
        ] {
            if !is_token(name) || name.starts_with("__") {
                return Err(format!(
                    "`{setting}` must be one word of at most {LONGEST_NAME} letters, digits, `-` and `_`, without a prefix \
                     such as `__Host-` (that is `cookie_prefix`), not {name:?}: write for example \"{example}\""
                ));
            }
        }
        differ("access_cookie_name", "refresh_cookie_name", access, refresh)?;
        let (access, refresh) = (&self.access_token_header, &self.refresh_token_header);
        for (setting, name, example) in [
            ("access_token_header", access, "st-access-token"),
            ("refresh_token_header", refresh, "st-refresh-token"),
        ] {
            let taken = TAKEN_HEADERS.contains(&&*name.to_ascii_lowercase());
            if !is_token(name) || taken {
                return Err(format!(
                    "`{setting}` must be a header that has no other meaning, one word of at most {LONGEST_NAME} letters, \
                     digits, `-` and `_`, not {name:?}: write for example \"{example}\""
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
        let paths = [
            ("api_base_path", Some(&self.api_base_path), "/auth"),
            ("outer_path", self.outer_path.as_ref(), "/app"),
            ("access_token_path", Some(&self.access_token_path), "/"),
            (
                "refresh_token_path",
                self.refresh_token_path.as_ref(),
                "/auth/session/refresh",
            ),
        ];
        for (setting, path, example) in paths {
            let Some(path) = path else { continue };
            // Rocket matches the paths of routes once they are decoded, so an escape would match nothing.
            let escapes = setting != "api_base_path";
            if !is_path(path) || (!escapes && path.contains('%')) {
                let escape = if escapes { "" } else { "`%`, " };
                return Err(format!(
                    "`{setting}` must start with `/` and be a path as browsers send it, of at most {LONGEST_PATH} letters \
                     (no `//`, `..`, `;`, `?`, `#`, {escape}space or letter beyond ASCII), not {path:?}: write for example \
                     \"{example}\""
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
        "`{one}` and `{other}` must differ, but both are \"{value}\": remove one of them, and its default is used"
    ))
}

/// A word that may name a cookie or a header.
fn is_token(name: &str) -> bool {
    let of_a_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(of_a_word)
}

/// Whether browsers send this path as it stands (URL standard, section "path state"), and keep all of it
/// as the `Path` of a cookie (RFC 6265bis section 5.2).
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
        for name in ["Set-Cookie", "front-token", "Content-Type", "", "a b"] {
            let refused = header(name).check().expect_err(name);
            assert!(refused.contains("`access_token_header`"), "{refused}");
        }
    }
}
