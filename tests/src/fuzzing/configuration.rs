//! A configuration: read, or refused with a sentence that names the setting.

use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use rocket::figment::value::Dict;

use super::App;

/// Settings that a sentence may name.
const KEYS: &str = include_str!("../../../session-runtime/src/config/mod.rs");

/// The first letter chooses the profile, the rest is `Rocket.toml`. What is accepted makes cookies
/// of exactly the attributes that we mean; what is refused names a setting, and never shows a
/// master key.
pub(super) fn configuration(_: &App, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let (profile, text) = match text.strip_prefix('d') {
        Some(rest) => ("debug", rest),
        None => ("release", text.get(1..).unwrap_or_default()),
    };
    let figment = Figment::from(rocket::Config::default())
        .merge(Toml::string(text).nested())
        .select(profile);
    if figment.extract::<Dict>().is_err() {
        return false; // no TOML
    }
    match session_runtime::internals::configuration(&figment) {
        Ok(cookies) => {
            for cookie in cookies {
                assert!(is_one_cookie(&cookie), "{cookie:?}\n{text}");
            }
            true
        }
        Err(sentence) => {
            let names = keys().any(|key| sentence.contains(key))
                || sentence.starts_with("`[sessions]` is read as a profile")
                || sentence.starts_with("`sessions` must be a table");
            assert!(names, "{sentence}\n{text}");
            for secret in master_keys(text) {
                assert!(!sentence.contains(secret), "{sentence}");
            }
            false
        }
    }
}

/// What stands in quotes beside a master key, and nowhere else.
fn master_keys(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| {
        line.trim_start().starts_with("master_key")
            || line.trim_start().starts_with("accepted_master_keys")
    });
    lines
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|word| word.starts_with("secret-") && text.matches(word).count() == 1)
}

fn keys() -> impl Iterator<Item = &'static str> {
    let fields = KEYS
        .lines()
        .filter_map(|line| line.strip_prefix("    pub "));
    fields.filter_map(|field| field.split(':').next())
}

fn is_one_cookie(text: &str) -> bool {
    let mut names: Vec<&str> = text
        .split(';')
        .skip(1)
        .map(|part| part.split('=').next().unwrap_or_default().trim())
        .collect();
    names.sort_unstable();
    names.retain(|name| *name != "Domain" && *name != "Secure");
    names == ["Expires", "HttpOnly", "Path", "SameSite"] && !text.chars().any(char::is_control)
}
