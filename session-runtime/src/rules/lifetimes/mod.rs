//! Every duration of the settings: its range, and what one demands of another.

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::TimeDelta;
use humantime_serde::re::humantime::format_duration as text;

use crate::config::SessionConfig;
use crate::rules::rotation::Policy;

/// A write that was not begun this long after its request arrived is refused, unexecuted. It bounds the
/// round trip that `rotation_min_age` has to allow for.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(10);

/// How long a request, or its answer, may be on its way.
const NETWORK: Duration = Duration::from_secs(5);

/// The clock difference that may remain between replicas.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(25);

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// As `humantime` reads `"1year"`.
const YEAR: Duration = Duration::from_secs(31_557_600);
/// The longest that anything may last: beyond it, times no longer fit.
const LONGEST: Duration = Duration::from_secs(1000 * YEAR.as_secs());

/// How long things live, as the settings have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// The longest life of an access token, in whole seconds.
    pub(crate) access_token: TimeDelta,
    /// How long a session lives from each rotation on.
    pub(crate) session: TimeDelta,
    /// How long a session lives at most.
    pub(crate) absolute: Option<TimeDelta>,
    /// How long a signing key signs.
    pub(crate) key_interval: TimeDelta,
    /// How long before its first signature a signing key is published.
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
            session: delta(config.refresh_token_validity),
            absolute: config.absolute_lifetime.map(delta),
            key_interval: delta(config.signing_key_interval),
            key_overlap: delta(config.signing_key_overlap),
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
        rotation_min_age: MILLISECOND..=DAY;
        signing_key_interval: 2 * SECOND..=LONGEST;
        signing_key_overlap: 10 * MILLISECOND..=LONGEST;
        revocation_bound: 20 * MILLISECOND..=DAY;
        cleanup_interval: SECOND..=30 * DAY;
    }
    if let Some(absolute) = config.absolute_lifetime {
        let range = config.access_token_validity..=LONGEST;
        within("absolute_lifetime", absolute, range, YEAR)?;
    }
    let access = config.access_token_validity;
    if access.subsec_nanos() != 0 {
        return Err(format!(
            "`access_token_validity` must be whole seconds, for tokens carry no fractions, not \"{}\": write for \
             example \"{}\"",
            text(access),
            text(Duration::from_secs(access.as_secs() + 1))
        ));
    }
    Ok(())
}

/// What must be longer than something else.
fn check_order(config: &SessionConfig) -> Result<(), String> {
    let (session, half) = (
        config.refresh_token_validity,
        config.signing_key_interval / 2,
    );
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
    if config.signing_key_overlap > half {
        return Err(format!(
            "`signing_key_overlap` must be at most half of `signing_key_interval`, but they are \"{}\" and \"{}\": write \
             for example `signing_key_overlap = \"{}\"`",
            text(config.signing_key_overlap),
            text(config.signing_key_interval),
            text(half)
        ));
    }
    Ok(())
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

/// The least age at which using a refresh token may retire its siblings: three times the longest round
/// trip of an honest client, and the clock difference between replicas.
///
/// A round trip is the way of the request, its wait for the writer, the wait for the database, and the way
/// of the answer.
fn least_min_age(database_timeout: Duration) -> Duration {
    let round_trip = NETWORK + MAX_WAIT + 2 * database_timeout + NETWORK;
    3 * round_trip + CLOCK_DIFFERENCE
}

/// How long a session lives that asks for a validity of its own.
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
