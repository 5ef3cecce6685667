//! What one setting says against the others.

use std::time::Duration;

use chrono::TimeDelta;

use super::SessionConfig;

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
                !self.signing_key_overlap.is_zero()
                    && self.signing_key_overlap <= self.signing_key_interval / 2
                    && self.signing_key_interval <= longest,
                "`signing_key_overlap` must be more than zero and at most half of `signing_key_interval`, and that at most 1000 years",
            ),
            (
                self.audience.as_deref() != Some(""),
                "`audience` must not be empty: name the services the tokens are for, or leave it out",
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
                (1..=64).contains(&self.write_connections)
                    && (1..=64).contains(&self.read_connections),
                "`write_connections` and `read_connections` must be between 1 and 64",
            ),
            (
                self.absolute_lifetime.is_none_or(|lifetime| {
                    lifetime >= self.access_token_validity && lifetime <= longest
                }),
                "`absolute_lifetime` must be at least `access_token_validity` and at most 1000 years",
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

/// A word that may name a cookie or a header and looks like neither a prefix nor anything else.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with("__")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
