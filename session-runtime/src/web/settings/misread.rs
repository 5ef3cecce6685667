//! Settings that cannot be read: what is wrong, what was found, and what to write instead.

use rocket::figment::error::{Actual, Kind};
use rocket::figment::{Error, Figment};

use super::TABLE;
use crate::config::examples::EXAMPLES;

/// What figment found wrong, in a sentence; of secrets not what it found: a list written as a string, or a
/// table that could not be read, would show them.
pub(super) fn sentence(figment: &Figment, error: &Error) -> String {
    let setting = error
        .path
        .iter()
        .find(|part| *part != TABLE && example(part).is_some());
    let place = error
        .metadata
        .as_ref()
        .and_then(|from| from.source.as_ref());
    let place = place.map_or_else(String::new, |source| format!(" in {source}"));
    let Some(setting) = setting else {
        return outside_of_settings(&error.kind, &place);
    };
    let example = example(setting).unwrap_or_default();
    let secret = setting.contains("master_key");
    let wrong = match &error.kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) if secret => {
            format!("must be {}, and is something else", in_words(expected))
        }
        _ if secret => "cannot be read".to_owned(),
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!("must be {}, not {}", in_words(expected), written(found))
        }
        Kind::UnknownVariant(found, known) => {
            let nearest = nearest(found, known.iter().copied());
            let hint =
                nearest.map_or_else(String::new, |word| format!(": did you mean \"{word}\"?"));
            let known = known.map_to(|word| format!("\"{word}\""));
            return format!(
                "`{TABLE}.{setting}`{place} must be one of {known}, not {found:?}{hint}"
            );
        }
        Kind::Message(reason) => {
            let found = figment.find_value(&format!("{TABLE}.{setting}")).ok();
            let found = found.and_then(|value| serde_json::to_string(&value).ok());
            format!("cannot be {} ({reason})", found.unwrap_or_default())
        }
        other => format!("cannot be read ({other})"),
    };
    format!("`{TABLE}.{setting}`{place} {wrong}: write for example {example}")
}

/// For what is not the value of one setting.
fn outside_of_settings(kind: &Kind, place: &str) -> String {
    match kind {
        Kind::UnknownField(name, known) => match nearest(name, known.iter().copied()) {
            Some(meant) => {
                format!("there is no setting `{TABLE}.{name}`{place}: did you mean `{meant}`?")
            }
            None => format!(
                "there is no setting `{TABLE}.{name}`{place}: remove it, or write one of {}",
                known.map_to(|name| format!("`{name}`"))
            ),
        },
        Kind::InvalidType(..) | Kind::InvalidValue(..) => format!(
            "`{TABLE}`{place} must be a table of settings, and is something else: write `[default.{TABLE}]` in Rocket.toml, \
             or `ROCKET_SESSIONS={{key=value, ..}}` in the environment"
        ),
        other => other.to_string(),
    }
}

trait MapTo {
    /// All of them in a sentence.
    fn map_to(&self, show: impl Fn(&str) -> String) -> String;
}

impl MapTo for [&str] {
    fn map_to(&self, show: impl Fn(&str) -> String) -> String {
        let shown: Vec<String> = self.iter().map(|item| show(item)).collect();
        shown.join(", ")
    }
}

fn example(setting: &str) -> Option<&'static str> {
    let named = EXAMPLES.iter().find(|(name, _)| *name == setting);
    named.map(|(_, example)| *example)
}

/// Serde's names of types, for people.
fn in_words(expected: &str) -> &str {
    match expected {
        "a string" | "string" => "a string in quotes",
        "usize" => "a whole number that is not negative",
        "u16" => "a whole number from 0 to 65535",
        "f64" => "a number",
        "a boolean" => "`true` or `false`, without quotes",
        "a sequence" => "a list in brackets",
        "a duration" => "a duration in quotes, a number and `ms`, `s`, `m`, `h` or `d`",
        other if other.starts_with("enum ") => "one of its words, in quotes",
        other => other,
    }
}

/// What was found, as it would stand in `Rocket.toml`.
fn written(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Str(value) => format!("{value:?}"),
        Actual::Seq => "a list".into(),
        Actual::Map => "a table".into(),
        other => other.to_string(),
    }
}

/// Settings that stand where nobody reads them.
///
/// # Errors
/// A sentence that says where to put them.
pub(super) fn check_places(figment: &Figment) -> Result<(), String> {
    let is_ours = |profile: &rocket::figment::Profile| profile.as_str() == TABLE;
    if figment.profiles().any(is_ours) && figment.profile().as_str() != TABLE {
        return Err(format!(
            "`[{TABLE}]` is read as a profile of that name, so none of its settings counts: write `[default.{TABLE}]`, or \
             `[release.{TABLE}]` for one profile"
        ));
    }
    for (setting, example) in EXAMPLES {
        let (flat, dashed) = (format!("{TABLE}_{setting}"), "ROCKET_");
        if figment.contains(&flat) {
            let variable = format!("{dashed}{}", flat.to_uppercase());
            let example = if setting.contains("master_key") {
                "\"..\""
            } else {
                example
            };
            return Err(format!(
                "`{flat}` (`{variable}` in the environment) is not read: write `{setting}` in `[default.{TABLE}]`, or \
                 `ROCKET_SESSIONS='{{{setting}={example}}}'` in the environment"
            ));
        }
        let singular = format!("session.{setting}");
        if figment.contains(&singular) {
            return Err(format!(
                "`[default.session]` is not read, and holds the setting `{setting}`: did you mean `[default.{TABLE}]`?"
            ));
        }
    }
    Ok(())
}

/// The word that was meant, if one is near: up to a third of its letters are wrong, or it was written in
/// another style.
pub(super) fn nearest<'w>(found: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let bare = |word: &str| word.to_ascii_lowercase().replace(['-', '_', '.', ' '], "");
    let found = bare(found);
    known
        .map(|word| (distance(&found, &bare(word)), word))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, word)| *distance * 3 <= word.len())
        .map(|(_, word)| word)
}

/// How many letters must be changed, added or removed to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (n, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = n + 1;
        for (m, target) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *target);
            diagonal = row[m + 1];
            row[m + 1] = replaced.min(row[m] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_that_was_meant_is_found() {
        let meant = |found| nearest(found, EXAMPLES.iter().map(|(name, _)| *name));
        for (found, name) in [
            ("acess_token_validity", Some("access_token_validity")),
            ("accessTokenValidity", Some("access_token_validity")),
            ("cookieDomain", Some("cookie_domain")),
            ("api-origin", Some("api_origin")),
            ("masterkey", Some("master_key")),
            ("databse", Some("database")),
            ("csfr", None),
            ("secret_key", None),
            ("", None),
        ] {
            assert_eq!(meant(found), name, "{found}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
