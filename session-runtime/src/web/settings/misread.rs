//! Settings that cannot be read: what is wrong, what was found, and what to write instead.

use std::net::IpAddr;

use rocket::figment::error::{Actual, Kind};
use rocket::figment::value::Value;
use rocket::figment::{Error, Figment, Source};

use crate::config::examples::EXAMPLES;
use crate::config::shown;

/// The name of the settings' table.
pub(super) const TABLE: &str = "sessions";

/// Figment's error as a sentence, without the value found for a secret: a list written as a string,
/// or a table that could not be read, would show it.
pub(super) fn sentence(figment: &Figment, error: &Error) -> String {
    let setting = error
        .path
        .iter()
        .find(|part| *part != TABLE && example(part).is_some());
    let Some(setting) = setting else {
        return outside_of_settings(figment, &error.kind);
    };
    let named = as_written(figment, setting);
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
            return format!("{named} must be one of {known}, not {}{hint}", shown(found));
        }
        Kind::Message(reason) => {
            let found = figment.find_value(&format!("{TABLE}.{setting}")).ok();
            if let Some(network) = found.as_ref().and_then(address_without_length) {
                return format!(
                    "{named} must be networks, and has an address without the length of one: write \"{network}\""
                );
            }
            let found = found.and_then(|value| serde_json::to_string(&value).ok());
            format!("cannot be {} ({reason})", found.unwrap_or_default())
        }
        other => format!("cannot be read ({other})"),
    };
    format!("{named} {wrong}: write for example {example}")
}

/// A setting by its name and the place where somebody wrote it: the table of a profile in a file,
/// the variable of the environment, or the line of code.
fn as_written(figment: &Figment, setting: &str) -> String {
    match source(figment, &format!("{TABLE}.{setting}")) {
        Some(source) => format!("`{setting}` {source}"),
        None => format!("`{TABLE}.{setting}`"),
    }
}

fn source(figment: &Figment, path: &str) -> Option<String> {
    let tag = figment.find_value(path).ok()?.tag();
    let from = figment.get_metadata(tag)?;
    // Figment names no source for the environment, but the prefix of its variables, in backticks.
    if from.name.ends_with("environment variable(s)") {
        let prefix = from.name.split('`').nth(1).unwrap_or_default();
        return Some(format!("in `{prefix}{}`", TABLE.to_uppercase()));
    }
    let profile = tag.profile();
    let profile = profile.as_ref().unwrap_or(figment.profile());
    Some(match (&from.source, from.provide_location) {
        (Some(Source::Code(line)), _) => format!("at {line}"),
        (Some(source), _) => format!("in `[{profile}.{TABLE}]` of {source}"),
        (None, Some(line)) => format!("at {line}"),
        (None, None) => format!("in `[{profile}.{TABLE}]`"),
    })
}

/// The network of one address, if a list has such an address where a network belongs.
fn address_without_length(list: &Value) -> Option<String> {
    let texts = list.as_array()?.iter().filter_map(Value::as_str);
    let address: IpAddr = texts.filter_map(|text| text.parse().ok()).next()?;
    let address = address.to_canonical();
    Some(format!(
        "{address}/{}",
        if address.is_ipv4() { 32 } else { 128 }
    ))
}

/// Refuses what is no table: a list would be read as the settings in their order.
///
/// # Errors
/// A sentence that says how to write a table.
pub(super) fn check_table(table: &Value) -> Result<(), String> {
    if table.as_dict().is_some() {
        return Ok(());
    }
    let example = r#"ROCKET_SESSIONS='{access_token_validity="1h"}'"#;
    if table
        .as_str()
        .is_some_and(|text| text.trim_start().starts_with('{'))
    {
        return Err(format!(
            "`{TABLE}` must be a table of settings, and begins with `{{` without being TOML, for example because it is JSON, has strings in single quotes, or \
             lacks its `}}`: write `{example}`, names without quotes, `=` and strings in double quotes"
        ));
    }
    Err(format!(
        "`{TABLE}` must be a table of settings, and is something else: write `[default.{TABLE}]` in Rocket.toml, or \
         `{example}` in the environment"
    ))
}

/// For errors that are not about the value of one setting.
fn outside_of_settings(figment: &Figment, kind: &Kind) -> String {
    match kind {
        Kind::UnknownField(name, known) => {
            let named = as_written(figment, name);
            match nearest(name, known.iter().copied()) {
                Some(meant) => format!("there is no setting {named}: did you mean `{meant}`?"),
                None => format!(
                    "there is no setting {named}: remove it, or write one of {}",
                    known.map_to(|name| format!("`{name}`"))
                ),
            }
        }
        other => other.to_string(),
    }
}

trait MapTo {
    /// Lists all of them in a sentence.
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
        other if other.split(' ').next() == Some("enum") => "one of its words, in quotes",
        other => other,
    }
}

/// The value that was found, as it would be written in `Rocket.toml`.
fn written(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        // With the `.0`, which is what is wrong.
        Actual::Float(value) => format!("{value:?}"),
        Actual::Str(value) => shown(value),
        Actual::Seq => "a list".into(),
        Actual::Map => "a table".into(),
        other => other.to_string(),
    }
}

/// The setting of this name, in any style of writing, and its example.
pub(super) fn setting_like(name: &str) -> Option<(&'static str, &'static str)> {
    let found = bare(name);
    EXAMPLES.into_iter().find(|(name, _)| bare(name) == found)
}

/// A name without its style of writing.
pub(super) fn bare(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_', '.', ' '], "")
}

/// The known word that was probably meant: up to a third of its letters differ, or it was written
/// in another style.
pub(super) fn nearest<'w>(found: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let found = bare(found);
    known
        .map(|word| (distance(&found, &bare(word)), word))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, word)| *distance * 3 <= word.len())
        .map(|(_, word)| word)
}

/// How many letters must be changed, added or removed to make one word of the other (Levenshtein).
pub(super) fn distance(one: &str, other: &str) -> usize {
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
