//! Any value of any setting is a launch or a sentence, never a panic.

use proptest::prelude::*;
use rocket::error::ErrorKind;
use rocket::figment::value::Value;
use rocket::local::asynchronous::Client;
use session_tests::body::OK;
use session_tests::{Log, Server};

const DURATIONS: [&str; 9] = [
    "access_token_validity",
    "refresh_token_validity",
    "absolute_lifetime",
    "rotation_min_age",
    "database_timeout",
    "signing_key_interval",
    "signing_key_overlap",
    "revocation_bound",
    "cleanup_interval",
];

const NUMBERS: [&str; 7] = [
    "max_data_size",
    "verified_token_cache",
    "write_queue",
    "write_connections",
    "read_connections",
    "rotation_max_children",
    "max_sessions_per_user",
];

/// Both sides of every bound, and what nobody means.
const VALUES: [&str; 26] = [
    "",
    "soon",
    "-1s",
    "0s",
    "1ns",
    "1ms",
    "10ms",
    "20ms",
    "999ms",
    "1s",
    "2500ms",
    "10s",
    "2m",
    "7m 25s",
    "1h",
    "1day",
    "3days 12h",
    "7days",
    "30days",
    "1year",
    "1000years",
    "1000years 1ns",
    "584542046090years",
    "18446744073709551615s",
    "18446744073709551615years",
    "99999999999999999999999s",
];

const COUNTS: [u64; 8] = [0, 1, 8, 64, 65, 100_000, 1 << 40, u64::MAX];

/// A launch that serves, or a sentence that names one of the settings.
async fn launch_or_sentence(settings: &[(&'static str, Value)]) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::start();
    let build = |settings: &[(&str, Value)]| {
        Server::builder()
            .on_file(folder.path().join("test.db"))
            .settings(settings)
            .build()
    };
    if let Err(error) = Client::untracked(build(settings)).await {
        // An error that nobody looked at panics when it is dropped.
        assert!(matches!(error.kind(), ErrorKind::FailedFairings(_)));
        let text = log.text();
        let sentence = text
            .lines()
            .find(|line| line.contains("could not be set up"));
        let named = settings
            .iter()
            .any(|(name, _)| sentence.is_some_and(|sentence| sentence.contains(name)));
        assert!(named, "{settings:?}: {text}");
        return false;
    }
    let server = Server::with(settings).await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    assert_eq!(browser.get("/me").await.status, 200, "{settings:?}");
    browser.refresh().await.expect(200, "{}");
    true
}

#[test]
fn sqlite_each_duration_by_itself_is_a_launch_or_a_sentence() {
    let mut launches = 0;
    for name in DURATIONS {
        for value in VALUES {
            let settings = [(name, value.into())];
            launches += usize::from(rocket::execute(launch_or_sentence(&settings)));
        }
    }
    assert!((50..150).contains(&launches), "{launches}");
}

#[test]
fn sqlite_each_number_by_itself_is_a_launch_or_a_sentence() {
    for name in NUMBERS {
        for value in COUNTS {
            let settings = [(name, value.into())];
            rocket::execute(launch_or_sentence(&settings));
        }
    }
}

fn any_settings() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let duration = (
        prop::sample::select(&DURATIONS[..]),
        prop_oneof![
            prop::sample::select(&VALUES[2..]).prop_map(str::to_owned),
            (
                any::<u64>(),
                prop::sample::select(&["ns", "ms", "s", "years"][..])
            )
                .prop_map(|(number, unit)| format!("{number}{unit}")),
            (1..1_000_000_u32).prop_map(|seconds| format!("{seconds}s")),
        ],
    );
    let duration = duration.prop_map(|(name, value)| (name, Value::from(value)));
    let number = (
        prop::sample::select(&NUMBERS[..]),
        prop_oneof![prop::sample::select(&COUNTS[..]), any::<u64>()],
    );
    let number = number.prop_map(|(name, value)| (name, Value::from(value)));
    prop::collection::vec(prop_oneof![4 => duration, 1 => number], 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_any_settings_together_are_a_launch_or_a_sentence(settings in any_settings()) {
        rocket::execute(launch_or_sentence(&settings));
    }
}
