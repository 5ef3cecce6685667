//! Settings in places where nothing reads them.

use rocket::figment::value::{Dict, Value};
use rocket::figment::{Figment, Profile};

use super::misread::{TABLE, bare, distance, nearest, setting_like};
use crate::config::examples::EXAMPLES;

/// Names of settings that an application, or another library, may well use for something else.
const COMMON: [&str; 6] = [
    "database",
    "audience",
    "transfer",
    "csrf",
    "revocation",
    "device_bound",
];

/// Other names that people may give the table.
const OTHER_NAMES: [&str; 5] = [
    "session_runtime",
    "sessions_runtime",
    "rocket_sessions",
    "session_config",
    "sessions_config",
];

/// How long the name of a setting is in which a mistake is looked for: a shorter one may be a word of
/// somebody else.
const LONG: usize = 12;

/// Refuses settings in places where nothing reads them.
///
/// # Errors
/// A sentence that says where to put them.
pub(super) fn check(figment: &Figment) -> Result<(), String> {
    let is_ours = |profile: &Profile| profile.as_str() == TABLE;
    if figment.profiles().any(is_ours) && figment.profile().as_str() != TABLE {
        return Err(format!(
            "`[{TABLE}]` is read as a profile of that name, so none of its settings counts: write `[default.{TABLE}]`, or \
             `[release.{TABLE}]` for one profile"
        ));
    }
    let Ok(settings) = figment.extract::<Dict>() else {
        return Ok(());
    };
    let others = settings.iter().filter(|(key, _)| *key != TABLE);
    for (key, value) in others {
        check_table(key, value)?;
        check_prefixed(key)?;
        let is_set = |setting: &str| figment.contains(&format!("{TABLE}.{setting}"));
        check_bare(key, is_set)?;
    }
    Ok(())
}

/// Checks a table beside ours, which belongs to the application or has our name with a mistake.
fn check_table(key: &str, value: &Value) -> Result<(), String> {
    let Some(table) = value.as_dict() else {
        return Ok(());
    };
    let name = bare(key);
    let singular = TABLE.trim_end_matches('s');
    let distance = distance(&name, TABLE).min(distance(&name, singular));
    let is_other_name = OTHER_NAMES.iter().any(|other| bare(other) == name);
    let distance = if is_other_name { 0 } else { distance };
    if distance > 2 {
        return Ok(());
    }
    // A word that is as near by chance holds none of our settings, or common words only.
    let is_setting = |name: &&String| {
        setting_like(name).is_some_and(|(setting, _)| distance < 2 || !COMMON.contains(&setting))
    };
    match table.keys().find(is_setting) {
        Some(found) => Err(format!(
            "`[default.{key}]` is not read, and holds the setting `{found}`: did you mean `[default.{TABLE}]`?"
        )),
        None => Ok(()),
    }
}

/// Checks a key such as `sessions_api_origin`.
fn check_prefixed(key: &str) -> Result<(), String> {
    let lower = key.to_ascii_lowercase();
    let singular = TABLE.trim_end_matches('s');
    let rest = lower.strip_prefix(TABLE).or(lower.strip_prefix(singular));
    let rest = rest.filter(|rest| rest.starts_with(['_', '-']));
    match rest.and_then(setting_like) {
        Some((setting, example)) => Err(not_read(key, setting, example)),
        None => Ok(()),
    }
}

/// Checks a key that is the name of a setting, beside the table and not in it. One that is in the table
/// as well belongs to somebody else.
fn check_bare(key: &str, is_set: impl Fn(&str) -> bool) -> Result<(), String> {
    let misspelt = || {
        let long = EXAMPLES.into_iter().filter(|(name, _)| name.len() >= LONG);
        let found = bare(key);
        let is_near = |name: &str| distance(&found, &bare(name)) <= 2;
        let meant = nearest(key, long.map(|(name, _)| name));
        meant.filter(|name| is_near(name)).and_then(setting_like)
    };
    let meant = setting_like(key).or_else(misspelt);
    match meant.filter(|(setting, _)| !COMMON.contains(setting) && !is_set(setting)) {
        Some((setting, example)) => Err(format!(
            "{} (if `{key}` is not ours, that helps as well)",
            not_read(key, setting, example)
        )),
        None => Ok(()),
    }
}

fn not_read(key: &str, setting: &str, example: &str) -> String {
    let example = if setting.contains("master_key") {
        "\"..\""
    } else {
        example
    };
    format!(
        "`{key}` (`ROCKET_{}` in the environment) is not read: write `{setting}` in `[default.{TABLE}]`, or \
         `ROCKET_SESSIONS='{{{setting}={example}}}'` in the environment",
        key.to_uppercase()
    )
}
