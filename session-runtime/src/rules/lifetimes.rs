//! Every duration of the settings, converted once.

use std::time::Duration;

use chrono::TimeDelta;

use super::rotation::Policy;
use crate::config::SessionConfig;

/// How long things live, as the settings have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// The longest life of an access token.
    pub(crate) access_token: TimeDelta,
    /// How long a session lives from each rotation on.
    pub(crate) session: TimeDelta,
    /// How long a session lives at most.
    pub(crate) absolute: Option<TimeDelta>,
    /// How long a signing key signs.
    pub(crate) key_interval: TimeDelta,
    /// How long before its first signature a signing key is published.
    pub(crate) key_overlap: TimeDelta,
    /// The two numbers of the rotation rule.
    pub(crate) rotation: Policy,
}

impl Lifetimes {
    /// Those of `config`.
    ///
    /// # Errors
    /// A sentence for the log that names the setting.
    pub(crate) fn of(config: &SessionConfig) -> Result<Self, String> {
        Ok(Self {
            access_token: convert("access_token_validity", config.access_token_validity)?,
            session: convert("refresh_token_validity", config.refresh_token_validity)?,
            absolute: config
                .absolute_lifetime
                .map(|lifetime| convert("absolute_lifetime", lifetime))
                .transpose()?,
            key_interval: convert("signing_key_interval", config.signing_key_interval)?,
            key_overlap: convert("signing_key_overlap", config.signing_key_overlap)?,
            rotation: Policy {
                min_age: convert("rotation_min_age", config.rotation_min_age)?,
                max_children: config.rotation_max_children,
                capped_for: Policy::CAPPED_FOR,
            },
        })
    }
}

fn convert(name: &str, duration: Duration) -> Result<TimeDelta, String> {
    TimeDelta::from_std(duration).map_err(|_| format!("`{name}` is too long: {duration:?}"))
}
