//! Values of settings in messages: shown, unless they may be a key that was pasted into the wrong
//! place.

/// How many letters a key has at least: 16 bytes in hexadecimal digits.
const SHORTEST_KEY: usize = 32;

/// The value in quotes, or what it looks like.
pub(crate) fn shown(value: &str) -> String {
    let longest_word = value
        .split(|letter: char| !is_of_a_key(letter))
        .filter(|word| may_be_key(word))
        .max_by_key(|word| word.len());
    match longest_word {
        Some(word) => format!(
            "something with what may be a key, {} letters long",
            word.len()
        ),
        None => format!("{value:?}"),
    }
}

fn is_of_a_key(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=' | '_' | '-')
}

/// Whether it has the length and the letters of random bytes, in base64 or in hexadecimal digits.
fn may_be_key(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    let mixed =
        has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.len() >= SHORTEST_KEY && (mixed || (hexadecimal && has(u8::is_ascii_digit)))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_may_be_a_key_is_not_shown() {
        for key in [
            "9f2V0bS3b3Zl4bq0b1rT8m9m1m8c2q4v6x8z0A2C4E0=",
            "https://9f2V0bS3b3Zl4bq0b1rT8m9m1m8c2q4v6x8z0A2C4E0=",
            "4f1d0b6a9c3e58724f1d0b6a9c3e5872",
            "k: 4f1d0b6a9c3e58724f1d0b6a9c3e5872 ",
        ] {
            let said = shown(key);
            assert!(
                said.contains("may be a key") && !said.contains("8724") && !said.contains("bS3b")
            );
        }
        for value in [
            "https://api.example.com",
            "example.com",
            "/auth/session/refresh",
            "https://a-rather-long-name-of-a-service.europe-west1.example.com",
            "",
        ] {
            assert_eq!(shown(value), format!("{value:?}"));
        }
    }
}
