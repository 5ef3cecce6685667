//! The range of every duration, and the least `rotation_min_age`.

use humantime_serde::re::humantime::parse_duration;

use super::*;

fn config(change: impl FnOnce(&mut SessionConfig)) -> SessionConfig {
    let mut config = SessionConfig::default();
    change(&mut config);
    config
}

fn of(change: impl FnOnce(&mut SessionConfig)) -> Result<Lifetimes, String> {
    Lifetimes::of(&config(change))
}

#[test]
fn the_default_min_age_fits_the_default_time_out() {
    let defaults = SessionConfig::default();
    let least = least_min_age(defaults.database_timeout);
    assert_eq!(least, Duration::from_secs(115));
    assert_eq!(defaults.rotation_min_age, Duration::from_secs(120));
    assert_eq!(check_min_age(&defaults), Ok(()));
}

#[test]
fn the_least_min_age_follows_the_time_out() {
    for (timeout, least, words) in [
        (
            1,
            91,
            "at least \"1m 31s\" with `database_timeout = \"1s\"`, not \"1m 30s\"",
        ),
        (
            5,
            115,
            "at least \"1m 55s\" with `database_timeout = \"5s\"`, not \"1m 54s\"",
        ),
        (
            10,
            145,
            "at least \"2m 25s\" with `database_timeout = \"10s\"`, not \"2m 24s\"",
        ),
        (
            60,
            445,
            "at least \"7m 25s\" with `database_timeout = \"1m\"`, not \"7m 24s\"",
        ),
    ] {
        let check = |seconds| {
            check_min_age(&config(|config| {
                config.database_timeout = Duration::from_secs(timeout);
                config.rotation_min_age = Duration::from_secs(seconds);
            }))
        };
        assert_eq!(check(least), Ok(()));
        let error = check(least - 1).expect_err("a second too short");
        assert!(error.starts_with("`rotation_min_age` must be "), "{error}");
        assert!(error.contains(words), "{error}");
    }
}

/// A setting, the ends of its range, and how it is set.
type Row = (
    &'static str,
    Duration,
    Duration,
    fn(&mut SessionConfig, Duration),
);

const RANGES: [Row; 9] = [
    (
        "database_timeout",
        Duration::from_millis(10),
        Duration::from_secs(60),
        |config, value| {
            config.database_timeout = value;
        },
    ),
    ("access_token_validity", SECOND, YEAR, |config, value| {
        config.access_token_validity = value;
        config.refresh_token_validity = LONGEST;
    }),
    (
        "refresh_token_validity",
        Duration::from_secs(2),
        LONGEST,
        |config, value| {
            config.refresh_token_validity = value;
            config.access_token_validity = SECOND;
            config.rotation_min_age = SECOND;
        },
    ),
    (
        "absolute_lifetime",
        Duration::from_secs(3600),
        LONGEST,
        |config, value| {
            config.absolute_lifetime = Some(value);
        },
    ),
    ("rotation_min_age", MILLISECOND, DAY, |config, value| {
        config.rotation_min_age = value;
    }),
    (
        "signing_key_interval",
        Duration::from_secs(2),
        LONGEST,
        |config, value| {
            config.signing_key_interval = value;
            config.signing_key_overlap = SECOND;
        },
    ),
    (
        "signing_key_overlap",
        Duration::from_millis(10),
        LONGEST,
        |config, value| {
            config.signing_key_overlap = value;
        },
    ),
    (
        "revocation_bound",
        Duration::from_millis(20),
        DAY,
        |config, value| {
            config.revocation_bound = value;
        },
    ),
    (
        "cleanup_interval",
        SECOND,
        Duration::from_secs(30 * 86_400),
        |config, value| {
            config.cleanup_interval = value;
        },
    ),
];

#[test]
fn every_duration_has_a_range_that_its_error_names() {
    for (name, least, most, set) in RANGES {
        let with = |value| of(|config| set(config, value));
        assert!(with(least).is_ok(), "{name}: {:?}", with(least));
        // An overlap is bounded by the interval as well.
        if name != "signing_key_overlap" {
            assert!(with(most).is_ok(), "{name}: {:?}", with(most));
        }
        let nanosecond = Duration::from_nanos(1);
        for wrong in [
            Duration::ZERO,
            nanosecond,
            least - nanosecond,
            most + nanosecond,
            Duration::MAX,
        ] {
            let error = with(wrong).expect_err(name);
            let range = format!(
                "`{name}` must be between \"{}\" and \"{}\", not \"{}\": write for example \"",
                text(least),
                text(most),
                text(wrong)
            );
            assert!(error.starts_with(&range), "{error}");
        }
    }
}

#[test]
fn the_example_in_an_error_is_accepted() {
    for (name, _, _, set) in RANGES {
        let error = of(|config| set(config, Duration::ZERO)).expect_err(name);
        let example = error.rsplit('"').nth(1).expect("a value in quotes");
        let example = parse_duration(example);
        let again = of(|config| set(config, example.expect("a duration")));
        assert!(again.is_ok(), "{error}: {again:?}");
    }
}

#[test]
fn what_must_be_longer_is_named_beside_the_other() {
    let access = of(|config| config.access_token_validity = config.refresh_token_validity);
    let min_age = of(|config| {
        config.rotation_min_age = Duration::from_secs(60 * 60);
        config.refresh_token_validity = config.rotation_min_age;
        config.access_token_validity = SECOND;
    });
    let overlap = of(|config| {
        config.signing_key_overlap = config.signing_key_interval / 2 + SECOND;
    });
    for (found, sentence) in [
        (
            access,
            "`refresh_token_validity` must be longer than `access_token_validity`, but they are \"3months 8days 16h \
             19m 12s\" and \"3months 8days 16h 19m 12s\": write for example `refresh_token_validity = \"",
        ),
        (
            min_age,
            "`refresh_token_validity` must be longer than `rotation_min_age`, but they are \"1h\" and \"1h\": write for \
             example `refresh_token_validity = \"10h\"`",
        ),
        (
            overlap,
            "`signing_key_overlap` must be at most half of `signing_key_interval`, but they are \"3days 12h 1s\" and \
             \"7days\": write for example `signing_key_overlap = \"3days 12h\"`",
        ),
    ] {
        let error = found.expect_err(sentence);
        assert!(error.starts_with(sentence), "{error}");
    }
}

/// `iat` and `exp` are whole seconds: a token of 2.5 s could show three, longer than was allowed.
#[test]
fn an_access_token_lives_whole_seconds() {
    let error = of(|config| config.access_token_validity = Duration::from_millis(2500));
    assert_eq!(
        error.expect_err("half a second"),
        "`access_token_validity` must be whole seconds, for tokens carry no fractions, not \"2s 500ms\": write for \
         example \"3s\""
    );
}

#[test]
fn a_session_of_its_own_validity_lives_a_second_to_a_thousand_years() {
    for (validity, good) in [
        (Duration::ZERO, false),
        (SECOND, true),
        (LONGEST, true),
        (LONGEST + SECOND, false),
        (Duration::MAX, false),
    ] {
        assert_eq!(own_validity(validity).is_ok(), good, "{validity:?}");
    }
}
