//! Messages of serde without the values that they quote.

use serde_json::error::Category;

/// Serde's message about JSON that does not fit a type, without the value that it quotes, which may
/// be private.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    const OF_THE_TYPE: [&str; 2] = ["missing field", "duplicate field"];
    const KINDS: [&str; 5] = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown field",
        "unknown variant",
    ];
    let text = error.to_string();
    if error.classify() != Category::Data || OF_THE_TYPE.iter().any(|kind| text.starts_with(kind)) {
        return text;
    }
    // Serde writes "invalid type: string \"..\", expected u32": the value is between the two.
    match KINDS.iter().find(|kind| text.starts_with(**kind)) {
        Some(kind) => match text.rsplit_once(", expected ") {
            Some((_, expected)) => format!("{kind}, expected {expected}"),
            None => (*kind).to_owned(),
        },
        // A message of the application's own type may quote anything.
        None => "its type refuses it".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn what_does_not_fit_is_told_without_its_value() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Account {
            _iban: u32,
        }
        for (json, told) in [
            (
                r#"{"_iban":"DE02: x, expected y"}"#,
                "invalid type, expected u32",
            ),
            (r#"{"_iban":-1}"#, "invalid value, expected u32"),
            (r"{}", "missing field `_iban` at line 1 column 2"),
            (r#"{"secret":1}"#, "unknown field, expected `_iban`"),
            (r#"{"_iban":1,"_iban":2}"#, "duplicate field `_iban`"),
            (
                r#"{"_iban":1"#,
                "EOF while parsing an object at line 1 column 10",
            ),
        ] {
            let error = serde_json::from_str::<Account>(json).expect_err(json);
            let found = without_values(&error);
            assert!(found.starts_with(told), "{found}");
            assert!(
                !found.contains("DE02") && !found.contains("secret"),
                "{found}"
            );
        }
    }
}
