//! Names: which are reserved, which look like secrets, and how serde renames them.

/// Claims of the session protocol, RFC 7519 and RFC 9068. The runtime has the same list, for names
/// that are only known at run time.
const RESERVED: [&str; 15] = [
    "sub",
    "iat",
    "exp",
    "sessionHandle",
    "parentRefreshTokenHash1",
    "refreshTokenHash1",
    "antiCsrfToken",
    "rsub",
    "tId",
    "stt",
    "iss",
    "aud",
    "nbf",
    "jti",
    "auth_time",
];

/// Words, and sequences of words, that name what no browser should see.
const SECRETS: [&[&str]; 24] = [
    &["password"],
    &["passwd"],
    &["passphrase"],
    &["pwd"],
    &["secret"],
    &["token"],
    &["credential"],
    &["apikey"],
    &["api", "key"],
    &["access", "key"],
    &["private", "key"],
    &["signing", "key"],
    &["encryption", "key"],
    &["otp"],
    &["totp"],
    &["pin"],
    &["cvv"],
    &["cvc"],
    &["credit", "card"],
    &["card", "number"],
    &["ssn"],
    &["social", "security"],
    &["recovery", "code"],
    &["backup", "code"],
];

pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The secret that `name` contains as whole words: `user_password` and `apiKeys` do, `discard` and
/// `tokenizer` do not.
pub(crate) fn secret_in(name: &str) -> Option<String> {
    let words = words(name);
    let found = SECRETS.iter().find(|secret| {
        words.windows(secret.len()).any(|run| {
            run.iter().zip(secret.iter()).all(|(word, secret)| {
                word.strip_suffix('s').unwrap_or(word) == *secret || word == secret
            })
        })
    })?;
    Some(found.join(" "))
}

/// The words of a name in any of the usual cases, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let starts = letter.is_uppercase() && !before.is_uppercase();
        if !letter.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `#[serde(rename_all = "..")]`, as serde applies it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum RenameRule {
    #[default]
    None,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl RenameRule {
    /// The rule with this name; serde reports unknown ones.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "lowercase" => Self::Lower,
            "snake_case" => Self::Snake,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => Self::None,
        }
    }

    pub(crate) fn apply(self, field: &str) -> String {
        match self {
            Self::None | Self::Lower | Self::Snake => field.to_owned(),
            Self::Upper | Self::ScreamingSnake => field.to_ascii_uppercase(),
            Self::Kebab => field.replace('_', "-"),
            Self::ScreamingKebab => field.to_ascii_uppercase().replace('_', "-"),
            Self::Pascal => field.split('_').map(capitalised).collect(),
            Self::Camel => {
                let pascal = Self::Pascal.apply(field);
                let mut letters = pascal.chars();
                letters
                    .next()
                    .map(|first| first.to_ascii_lowercase())
                    .into_iter()
                    .chain(letters)
                    .collect()
            }
        }
    }
}

impl RenameRule {
    /// Variants are in `PascalCase` already, so other rules change them.
    pub(crate) fn apply_to_variant(self, variant: &str) -> String {
        match self {
            Self::None | Self::Pascal => variant.to_owned(),
            Self::Lower => variant.to_ascii_lowercase(),
            Self::Upper => variant.to_ascii_uppercase(),
            Self::Camel => Self::Camel.apply(variant),
            Self::Snake => snake(variant),
            Self::ScreamingSnake | Self::Kebab | Self::ScreamingKebab => {
                self.apply(&snake(variant))
            }
        }
    }
}

fn snake(variant: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in variant.char_indices() {
        if index > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_whole_words_only() {
        for name in [
            "password",
            "user_password",
            "userPassword",
            "PASSWORDS",
            "apiKey",
            "api_keys",
            "api-key",
            "APIKey2",
            "refresh_token",
        ] {
            // `APIKey2` is one run of capitals and then a word, which nobody can split for sure.
            assert_eq!(secret_in(name).is_some(), name != "APIKey2", "{name}");
        }
        for name in [
            "discard",
            "tokenizer",
            "passwordless",
            "keyboard",
            "key",
            "card",
            "spin",
            "compass",
            "api",
            "keys_of_api",
        ] {
            assert_eq!(secret_in(name), None, "{name}");
        }
    }

    #[test]
    fn fields_are_renamed_as_serde_does() {
        let cases = [
            ("camelCase", "session_handle", "sessionHandle"),
            ("PascalCase", "session_handle", "SessionHandle"),
            ("UPPERCASE", "exp", "EXP"),
            ("SCREAMING_SNAKE_CASE", "auth_time", "AUTH_TIME"),
            ("kebab-case", "auth_time", "auth-time"),
            ("SCREAMING-KEBAB-CASE", "auth_time", "AUTH-TIME"),
            ("snake_case", "auth_time", "auth_time"),
            ("lowercase", "exp", "exp"),
        ];
        for (rule, field, renamed) in cases {
            assert_eq!(RenameRule::named(rule).apply(field), renamed, "{rule}");
        }
    }

    #[test]
    fn variants_are_renamed_as_serde_does() {
        let cases = [
            ("camelCase", "ApiToken", "apiToken"),
            ("PascalCase", "ApiToken", "ApiToken"),
            ("lowercase", "ApiToken", "apitoken"),
            ("UPPERCASE", "ApiToken", "APITOKEN"),
            ("snake_case", "ApiToken", "api_token"),
            ("SCREAMING_SNAKE_CASE", "ApiToken", "API_TOKEN"),
            ("kebab-case", "ApiToken", "api-token"),
            ("SCREAMING-KEBAB-CASE", "ApiToken", "API-TOKEN"),
            ("snake_case", "APIKey", "a_p_i_key"),
            ("no rule", "ApiToken", "ApiToken"),
        ];
        for (rule, variant, renamed) in cases {
            let found = RenameRule::named(rule).apply_to_variant(variant);
            assert_eq!(found, renamed, "{rule}");
        }
    }
}
