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

const RANGES: [Row; 8] = [
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
    (
        "signing_key_interval",
        Duration::from_secs(2),
        LONGEST,
        |config, value| {
            config.signing_key_interval = value;
        },
    ),
    (
        "signing_key_overlap",
        Duration::from_millis(10),
        LONGEST,
        |config, value| {
            config.signing_key_overlap = Some(value);
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
        // Beside long tokens the interval is bounded by the number of keys as well.
        if name != "signing_key_interval" {
            assert!(with(least).is_ok(), "{name}: {:?}", with(least));
        }
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

/// Tests may go below what its error demands.
#[test]
fn the_range_of_the_least_age_is_what_honest_clients_need() {
    let with = |value| of(|config| config.rotation_min_age = value);
    for good in [MILLISECOND, DAY] {
        assert!(with(good).is_ok(), "{good:?}");
    }
    for (wrong, found) in [(Duration::ZERO, "0s"), (2 * DAY, "2days")] {
        assert_eq!(
            with(wrong).expect_err(found),
            format!(
                "`rotation_min_age` must be between \"1m 55s\" and \"1day\", not \"{found}\": write for example \"2m\""
            )
        );
    }
}

#[test]
fn durations_are_shown_as_people_write_them() {
    for (seconds, shown) in [
        (100 * 86_400, "100d"),
        (1010 * 86_400, "1010d"),
        (31 * 86_400, "31d"),
        (30 * 86_400, "30days"),
        (86_400 * 45 + 3600, "1081h"),
        (115, "1m 55s"),
        (7200, "2h"),
        (31_557_600, "1year"),
        (3 * 86_400 + 43_201, "3days 12h 1s"),
    ] {
        let duration = Duration::from_secs(seconds);
        assert_eq!(text(duration), shown);
        assert_eq!(parse_duration(shown), Ok(duration));
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
fn a_key_is_published_for_a_minute_or_for_half_of_a_short_interval() {
    for (interval, set, overlap) in [
        (7 * 86_400, None, 60),
        (120, None, 60),
        (119, None, 59),
        (44, None, 22),
        (120, Some(1), 1),
        (120, Some(60), 60),
    ] {
        let lifetimes = of(|config| {
            config.signing_key_interval = Duration::from_secs(interval);
            config.signing_key_overlap = set.map(Duration::from_secs);
        });
        let found = lifetimes.expect("good settings").key_overlap;
        assert_eq!(found.num_seconds(), overlap, "{interval} {set:?}");
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
        config.signing_key_overlap = Some(config.signing_key_interval / 2 + SECOND);
    });
    for (found, sentence) in [
        (
            access,
            "`refresh_token_validity` must be longer than `access_token_validity`, but they are \"100d\" and \
             \"100d\": write for example `refresh_token_validity = \"1000d\"`",
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
