//! Any value of any setting, in the debug and in the release profile, is a launch or a sentence,
//! never a panic; and what launches without a warning works for a browser.

mod settings;
mod work;

use proptest::prelude::*;
use rocket::error::ErrorKind;
use rocket::figment::value::Value;
use rocket::local::asynchronous::Client;
use session_runtime::SessionConfig;
use session_tests::server::MASTER_KEY;
use session_tests::{Log, Server};

use self::settings::{Kind, SETTINGS};

type Setting = (&'static str, Value);

/// What became of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Launch {
    Refused,
    /// It says that something will not work for browsers.
    Warned,
    Works,
}

/// What `cookie_secure`, `api_origin` and `master_key` mean by default depends on it.
const PROFILES: [&str; 2] = ["debug", "release"];

/// What a release build must be given, and then the settings.
fn complete(profile: &str, settings: &[Setting]) -> Vec<Setting> {
    let required: &[Setting] = if profile == "release" {
        &[
            ("api_origin", "https://api.example.com".into()),
            ("master_key", MASTER_KEY.into()),
        ]
    } else {
        &[]
    };
    [required, settings].concat()
}

/// A launch that serves, or a sentence that names one of the settings.
async fn launch_or_sentence(profile: &'static str, settings: &[Setting]) -> Launch {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::start();
    let rocket = Server::builder()
        .on_file(folder.path().join("test.db"))
        .profile(profile)
        .settings(&complete(profile, settings))
        .build();
    if let Err(error) = Client::untracked(rocket).await {
        // An error that nobody looked at panics when it is dropped.
        assert!(matches!(error.kind(), ErrorKind::FailedFairings(_)));
        let text = log.text();
        let sentence = text
            .lines()
            .find(|line| line.contains("could not be set up"));
        let named = settings
            .iter()
            .any(|(name, _)| sentence.is_some_and(|sentence| sentence.contains(name)));
        assert!(named, "{profile}, {settings:?}: {text}");
        return Launch::Refused;
    }
    if log.text().contains("settings_do_not_fit") {
        return Launch::Warned;
    }
    work::check(profile, &complete(profile, settings)).await;
    Launch::Works
}

fn launch(profile: &'static str, settings: &[Setting]) -> Launch {
    rocket::execute(launch_or_sentence(profile, settings))
}

/// A setting that is not in the list would not be tried.
#[test]
fn the_list_has_every_setting() {
    let printed = format!("{:#?}", SessionConfig::default());
    let fields: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .collect();
    let listed: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
    assert_eq!(fields, listed);
}

#[test]
fn sqlite_each_setting_by_itself_is_a_launch_or_a_sentence() {
    for profile in PROFILES {
        let mut launches = Vec::new();
        for (name, kind) in SETTINGS {
            for value in kind.values() {
                launches.push(launch(profile, &[(name, value)]));
            }
        }
        let count = |what| launches.iter().filter(|launch| **launch == what).count();
        let (refused, works) = (count(Launch::Refused), count(Launch::Works));
        assert!(refused > 150 && works > 150, "{refused} {works}");
    }
}

#[test]
fn sqlite_a_value_of_another_type_is_a_sentence() {
    for (name, kind) in SETTINGS {
        for value in kind.of_another_type() {
            let settings = [(name, value)];
            let launched = launch("debug", &settings);
            assert_eq!(launched, Launch::Refused, "{settings:?}");
        }
    }
}

fn any_setting() -> impl Strategy<Value = Setting> {
    prop::sample::select(&SETTINGS[..]).prop_flat_map(|(name, kind)| {
        let written = prop::sample::select(kind.values());
        let drawn = match kind {
            Kind::Duration => prop_oneof![
                (1..1_000_000_u32).prop_map(|seconds| format!("{seconds}s").into()),
                (
                    any::<u64>(),
                    prop::sample::select(&["ns", "ms", "s", "years"][..])
                )
                    .prop_map(|(number, unit)| format!("{number}{unit}").into()),
            ]
            .boxed(),
            Kind::Count => any::<u64>().prop_map(Value::from).boxed(),
            _ => written.clone().boxed(),
        };
        prop_oneof![3 => written, 1 => drawn].prop_map(move |value: Value| (name, value))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_any_settings_together_are_a_launch_or_a_sentence(
        profile in prop::sample::select(&PROFILES[..]),
        settings in prop::collection::vec(any_setting(), 1..4),
    ) {
        launch(profile, &settings);
    }

    /// Of the values that each are good alone, so that more of the combinations launch.
    #[test]
    fn sqlite_good_settings_together_are_a_launch_or_a_sentence(
        profile in prop::sample::select(&PROFILES[..]),
        settings in prop::collection::vec(good_setting(), 2..8),
    ) {
        launch(profile, &settings);
    }
}

fn good_setting() -> impl Strategy<Value = Setting> {
    prop::sample::select(&SETTINGS[..]).prop_flat_map(|(name, kind)| {
        prop::sample::select(kind.good_values()).prop_map(move |value| (name, value))
    })
}
