//! What one setting says against the others.

use super::SessionConfig;

impl SessionConfig {
    /// Checks what one setting says against the others. Durations are checked where they are converted.
    ///
    /// # Errors
    /// A sentence that names the setting and what to write instead.
    pub fn check(&self) -> Result<(), String> {
        let jitter = self.access_token_jitter;
        if !(0.0..=0.25).contains(&jitter) {
            return Err(format!(
                "`access_token_jitter` must be between 0 and 0.25, not {jitter}: write for example 0.05"
            ));
        }
        within(
            "rotation_max_children",
            self.rotation_max_children,
            1,
            64,
            8,
        )?;
        within("write_queue", self.write_queue, 1, 1_000_000, 10_000)?;
        within("write_connections", self.write_connections, 1, 64, 3)?;
        within("read_connections", self.read_connections, 1, 64, 4)?;
        within("max_data_size", self.max_data_size, 64, 8 << 20, 1 << 20)?;
        let cache = self.verified_token_cache;
        within("verified_token_cache", cache, 0, 10_000_000, 80_000)?;
        let rules = [
            (
                self.audience.as_deref() != Some(""),
                "`audience` must not be empty: name the services the tokens are for, or leave it out",
            ),
            (
                self.api_base_path.starts_with('/') && self.access_token_path.starts_with('/'),
                "`api_base_path` and `access_token_path` must start with `/`",
            ),
            (
                self.cookie_paths()
                    .all(|path| !path.contains(is_end_of_path)),
                "`api_base_path`, `outer_path`, `access_token_path` and `refresh_token_path` become the `Path` of a cookie, \
                 so they must hold printable ASCII only, and no `;`",
            ),
            (
                self.max_sessions_per_user != Some(0),
                "`max_sessions_per_user` must be at least 1; leave it out for no limit",
            ),
            (
                (400..600).contains(&self.session_expired_status)
                    && (400..600).contains(&self.invalid_claim_status)
                    && self.session_expired_status != self.invalid_claim_status,
                "`session_expired_status` and `invalid_claim_status` must be two different numbers from 400 to 599: front \
                 ends refresh at the one and not at the other",
            ),
            (
                is_token(&self.access_cookie_name)
                    && is_token(&self.refresh_cookie_name)
                    && self.access_cookie_name != self.refresh_cookie_name,
                "`access_cookie_name` and `refresh_cookie_name` must be two different words of letters, digits, `-` and `_`, \
                 without a prefix such as `__Host-`: that is `cookie_prefix`",
            ),
            (
                is_token(&self.access_token_header)
                    && is_token(&self.refresh_token_header)
                    && !self
                        .access_token_header
                        .eq_ignore_ascii_case(&self.refresh_token_header),
                "`access_token_header` and `refresh_token_header` must be two different header names",
            ),
            (
                self.refresh_token_path
                    .as_ref()
                    .is_none_or(|path| path.starts_with('/')),
                "`refresh_token_path` must start with `/`",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err((*rule).to_owned()),
            None => Ok(()),
        }
    }
}

impl SessionConfig {
    /// The settings that the path of a cookie is made of.
    fn cookie_paths(&self) -> impl Iterator<Item = &str> {
        let always = [&self.api_base_path, &self.access_token_path];
        let named = [&self.outer_path, &self.refresh_token_path];
        let all = always.into_iter().chain(named.into_iter().flatten());
        all.map(String::as_str)
    }
}

/// Whether a browser would end the path of a cookie here, or drop the cookie.
fn is_end_of_path(letter: char) -> bool {
    letter == ';' || !letter.is_ascii_graphic()
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

/// A word that may name a cookie or a header and looks like neither a prefix nor anything else.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with("__")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
