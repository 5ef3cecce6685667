//! Every duration in the settings: its range, and how durations depend on each other.

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::TimeDelta;
use humantime_serde::re::humantime::format_duration;

use crate::config::{DeviceBound, SessionConfig};
use crate::rules::rotation::Policy;

/// A write that was not started this long after its request arrived is refused. This limits the
/// round trip that `rotation_min_age` must allow for.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(10);

/// How long a request, or its answer, may take on the network.
const NETWORK: Duration = Duration::from_secs(5);

/// The clock difference that may remain between processes.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(25);

/// How long a signing key verifies after its last token has expired (`keys/schedule.rs`).
const KEY_MARGIN: Duration = Duration::from_secs(10 * 60);

/// How many signing keys may verify at once.
const MOST_KEYS: u32 = 100;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a signing key is published before it signs, unless the settings say otherwise.
const KEY_OVERLAP: Duration = Duration::from_secs(60);
/// As `humantime` reads `"1year"`.
const YEAR: Duration = Duration::from_secs(31_557_600);
/// The longest duration; beyond it, times overflow.
const LONGEST: Duration = Duration::from_secs(1000 * YEAR.as_secs());

/// The lifetimes that the settings ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// The longest lifetime of an access token, in whole seconds.
    pub(crate) access_token: TimeDelta,
    /// The life of an access token of a session that is bound to a device, in whole seconds.
    pub(crate) bound_access_token: TimeDelta,
    /// How long a session lives after each rotation.
    pub(crate) session: TimeDelta,
    /// How long a session lives at most.
    pub(crate) absolute: Option<TimeDelta>,
    /// How long a signing key is used to sign.
    pub(crate) key_interval: TimeDelta,
    /// How long a signing key is published before it first signs.
    pub(crate) key_overlap: TimeDelta,
    /// The numbers of the rotation rule.
    pub(crate) rotation: Policy,
}

impl Lifetimes {
    /// Those of `config`. [`check_min_age`] is left to the caller.
    ///
    /// # Errors
    /// A sentence that names the setting, the value found and what to write instead.
    pub(crate) fn of(config: &SessionConfig) -> Result<Self, String> {
        check_ranges(config)?;
        check_order(config)?;
        Ok(Self {
            access_token: delta(config.access_token_validity),
            bound_access_token: delta(
                config
                    .device_bound_validity
                    .min(config.access_token_validity),
            ),
            session: delta(config.refresh_token_validity),
            absolute: config.absolute_lifetime.map(delta),
            key_interval: delta(config.signing_key_interval),
            key_overlap: delta(key_overlap(config)),
            rotation: Policy {
                min_age: delta(config.rotation_min_age),
                max_children: config.rotation_max_children,
                capped_for: Policy::CAPPED_FOR,
            },
        })
    }
}

/// Each duration by itself.
fn check_ranges(config: &SessionConfig) -> Result<(), String> {
    let default = SessionConfig::default();
    macro_rules! within {
        ($($setting:ident: $range:expr;)*) => {
            $(within(stringify!($setting), config.$setting, $range, default.$setting)?;)*
        };
    }
    within! {
        database_timeout: 10 * MILLISECOND..=60 * SECOND;
        access_token_validity: SECOND..=YEAR;
        refresh_token_validity: 2 * SECOND..=LONGEST;
        device_bound_validity: 5 * MINUTE..=YEAR;
        signing_key_interval: 2 * SECOND..=LONGEST;
        revocation_bound: 20 * MILLISECOND..=DAY;
        cleanup_interval: SECOND..=30 * DAY;
    }
    if !(MILLISECOND..=DAY).contains(&config.rotation_min_age) {
        // Tests may go below what the sentence demands.
        let least = least_min_age(config.database_timeout);
        let example = default.rotation_min_age;
        within(
            "rotation_min_age",
            config.rotation_min_age,
            least..=DAY,
            example,
        )?;
    }
    if let Some(overlap) = config.signing_key_overlap {
        let range = 10 * MILLISECOND..=LONGEST;
        within("signing_key_overlap", overlap, range, KEY_OVERLAP)?;
    }
    if let Some(absolute) = config.absolute_lifetime {
        let range = config.access_token_validity..=LONGEST;
        within("absolute_lifetime", absolute, range, YEAR)?;
        if absolute <= config.rotation_min_age {
            return Err(format!(
                "`absolute_lifetime` must be longer than `rotation_min_age`, but they are \"{}\" and \"{}\": write for example \
                 `absolute_lifetime = \"{}\"`",
                text(absolute),
                text(config.rotation_min_age),
                text(config.rotation_min_age * 10)
            ));
        }
    }
    whole_seconds("access_token_validity", config.access_token_validity)?;
    whole_seconds("device_bound_validity", config.device_bound_validity)
}

fn whole_seconds(name: &str, value: Duration) -> Result<(), String> {
    if value.subsec_nanos() == 0 {
        return Ok(());
    }
    Err(format!(
        "`{name}` must be whole seconds, for tokens carry no fractions, not \"{}\": write for example \"{}\"",
        text(value),
        text(Duration::from_secs(value.as_secs() + 1))
    ))
}

/// What must be longer than something else.
fn check_order(config: &SessionConfig) -> Result<(), String> {
    let session = config.refresh_token_validity;
    let longer_than = |name: &str, value: Duration| {
        if value < session {
            return Ok(());
        }
        Err(format!(
            "`refresh_token_validity` must be longer than `{name}`, but they are \"{}\" and \"{}\": write for example \
             `refresh_token_validity = \"{}\"`",
            text(session),
            text(value),
            text(value * 10)
        ))
    };
    longer_than("access_token_validity", config.access_token_validity)?;
    longer_than("rotation_min_age", config.rotation_min_age)?;
    let (access, bound) = (config.access_token_validity, config.device_bound_validity);
    if config.device_bound != DeviceBound::Off && bound > access {
        return Err(format!(
            "`device_bound_validity` must be at most `access_token_validity`, but they are \"{}\" and \"{}\": write for \
             example `access_token_validity = \"{}\"`",
            text(bound),
            text(access),
            text(bound)
        ));
    }
    let half = config.signing_key_interval / 2;
    if let Some(overlap) = config.signing_key_overlap.filter(|overlap| *overlap > half) {
        return Err(format!(
            "`signing_key_overlap` must be at most half of `signing_key_interval`, but they are \"{}\" and \"{}\": write \
             for example `signing_key_overlap = \"{}\"`",
            text(overlap),
            text(config.signing_key_interval),
            text(half)
        ));
    }
    let least = (config.access_token_validity + KEY_MARGIN) / MOST_KEYS;
    if config.signing_key_interval < least {
        return Err(format!(
            "`signing_key_interval` must be at least \"{}\" with `access_token_validity = \"{}\"`, not \"{}\": every key verifies \
             until its tokens have expired, and more than {MOST_KEYS} would be published at once",
            text(Duration::from_secs(least.as_secs() + 1)),
            text(config.access_token_validity),
            text(config.signing_key_interval)
        ));
    }
    Ok(())
}

/// How long a signing key is published before it signs.
fn key_overlap(config: &SessionConfig) -> Duration {
    let default = KEY_OVERLAP.min(config.signing_key_interval / 2);
    config.signing_key_overlap.unwrap_or(default)
}

/// Checks that `rotation_min_age` is long enough for honest clients.
///
/// # Errors
/// A sentence that names both settings and the number to write.
pub(crate) fn check_min_age(config: &SessionConfig) -> Result<(), String> {
    let least = least_min_age(config.database_timeout);
    if config.rotation_min_age >= least {
        return Ok(());
    }
    Err(format!(
        "`rotation_min_age` must be at least \"{}\" with `database_timeout = \"{}\"`, not \"{}\": otherwise two tabs and a \
         reload over a slow connection would be taken for a theft",
        text(least),
        text(config.database_timeout),
        text(config.rotation_min_age)
    ))
}

/// The least age at which using a refresh token may supersede its siblings: three times an honest
/// client's longest round trip, plus the clock difference between processes.
///
/// A round trip consists of the request's way, its wait for the writer, the wait for the database,
/// and the answer's way.
fn least_min_age(database_timeout: Duration) -> Duration {
    let round_trip = NETWORK + MAX_WAIT + 2 * database_timeout + NETWORK;
    3 * round_trip + CLOCK_DIFFERENCE
}

/// The lifetime of a session that sets its own with `NewSession::valid_for`.
///
/// # Errors
/// A sentence that says what is possible.
pub(crate) fn own_validity(validity: Duration) -> Result<TimeDelta, String> {
    let default = SessionConfig::default().refresh_token_validity;
    within("valid_for", validity, SECOND..=LONGEST, default)?;
    Ok(delta(validity))
}

fn within(
    name: &str,
    value: Duration,
    range: RangeInclusive<Duration>,
    example: Duration,
) -> Result<(), String> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    Err(format!(
        "`{name}` must be between \"{}\" and \"{}\", not \"{}\": write for example \"{}\"",
        text(least),
        text(most),
        text(value),
        text(example.clamp(least, most))
    ))
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// A duration as people write it. `humantime` writes 100 days in more than two units, because its
/// months have a fraction of a day; then it is written in one.
fn text(duration: Duration) -> String {
    let exact = format_duration(duration).to_string();
    let seconds = duration.as_secs();
    if duration.subsec_nanos() != 0 || exact.split(' ').count() < 3 {
        return exact;
    }
    let units = [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "m")];
    let unit = units
        .into_iter()
        .find(|(unit, _)| seconds.is_multiple_of(*unit));
    unit.map_or(exact, |(unit, name)| format!("{}{name}", seconds / unit))
}
