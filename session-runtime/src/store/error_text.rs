//! What a database says of an error, without the values that it names: MariaDB shows what was to be
//! stored, which is a session's. The kind of the error and the column stay.

use diesel::result::Error;

/// The text of an error for the log, without what may be a session's.
pub(super) fn without_values(error: &Error) -> String {
    let text = error.to_string();
    match error {
        Error::DatabaseError(..) => hide_values(text),
        _ => text,
    }
}

/// What stands before a value: MariaDB's words (1062, 1292, 1366, 1411, 1525, 1690), then
/// PostgreSQL's, each with the quote around the value.
const BEFORE: [(&str, char); 8] = [
    ("Duplicate entry ", '\''),
    (" value: ", '\''),
    (" value '", '\''),
    ("out of range in ", '\''),
    ("near ", '\''),
    ("input syntax for type ", '"'),
    ("value \"", '"'),
    ("invalid byte sequence for encoding ", '"'),
];

/// Replaces each value by `..`. It may hold quotes itself, so it ends at the last one before the
/// words about its column or key.
fn hide_values(text: String) -> String {
    let found = BEFORE.iter().find(|(words, _)| text.contains(words));
    let Some((words, quote)) = found else {
        return text;
    };
    let begin = text.find(words).unwrap_or_default() + words.trim_end_matches(*quote).len();
    let value = &text[begin..];
    let Some(opening) = value.find(*quote) else {
        return text;
    };
    let after = &value[opening + quote.len_utf8()..];
    let closing = ["for column", "for key", "for function", "at row", "at line"]
        .iter()
        .filter_map(|words| after.rfind(&format!("{quote} {words}")))
        .max()
        .or_else(|| after.rfind(*quote))
        .unwrap_or(after.len());
    let rest = &after[closing..];
    format!("{}{}{quote}..{rest}", &text[..begin], &value[..opening])
}

#[cfg(test)]
mod tests {
    use super::hide_values;

    #[test]
    fn values_are_not_shown() {
        for (text, shown) in [
            (
                r"Incorrect string value: '\xF0\x9F\xA6\x80' for column `app`.`session_info`.`user_id` at row 1",
                "Incorrect string value: '..' for column `app`.`session_info`.`user_id` at row 1",
            ),
            (
                "Duplicate entry 'o'hara for key 'x' for key 'session_info_user'",
                "Duplicate entry '..' for key 'session_info_user'",
            ),
            (
                "Incorrect integer value: 'ada' for column `app`.`session_info`.`validity` at row 1",
                "Incorrect integer value: '..' for column `app`.`session_info`.`validity` at row 1",
            ),
            (
                "Truncated incorrect DOUBLE value: 'it's'",
                "Truncated incorrect DOUBLE value: '..'",
            ),
            ("Incorrect TIME value: 'a", "Incorrect TIME value: '.."),
            ("Incorrect DATE value 'a'", "Incorrect DATE value '..'"),
            (
                "You have an error in your SQL syntax; .. near 'ada' at line 1",
                "You have an error in your SQL syntax; .. near '..' at line 1",
            ),
            (
                r#"invalid input syntax for type bigint: "ada""#,
                r#"invalid input syntax for type bigint: "..""#,
            ),
            (
                r#"value "99999" is out of range for type integer"#,
                r#"value ".." is out of range for type integer"#,
            ),
        ] {
            assert_eq!(hide_values(text.to_owned()), shown);
        }
        for text in [
            "Data too long for column 'device' at row 1",
            "UNIQUE constraint failed: session_info.handle",
            r#"duplicate key value violates unique constraint "session_info_pkey""#,
            r#"null value in column "device" of relation "session_info" violates not-null constraint"#,
            r#"relation "session_info" does not exist"#,
            "Table 'app.session_info' doesn't exist",
            "Unknown column 'session_info.device' in 'field list'",
        ] {
            assert_eq!(hide_values(text.to_owned()), text);
        }
    }
}
