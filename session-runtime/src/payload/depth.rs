//! How deep JSON nests, checked before anything parses it, because a parser recurses once per
//! level.

/// How deep objects and arrays may nest in a token, including the outermost.
pub(crate) const MAX_DEPTH: usize = 16;

/// Whether JSON nests deeper than [`MAX_DEPTH`]; invalid JSON is left to the parser.
pub(crate) fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_too_deep;

    #[test]
    fn sixteen_levels_pass_and_seventeen_do_not() {
        let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let objects =
            |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        for (json, too_deep) in [
            (arrays(16), false),
            (arrays(17), true),
            (objects(16), false),
            (objects(17), true),
            (format!("[{},{}]", arrays(15), arrays(15)), false),
            (format!("[{},{}]", arrays(15), arrays(16)), true),
            (format!(r#"["{}"]"#, "[".repeat(100)), false),
            (format!(r#"["\"{}"]"#, "[".repeat(100)), false),
            (format!(r#"["\\",{}]"#, arrays(16)), true),
            (format!(r#"["]",{}]"#, arrays(16)), true),
            ("1".into(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_too_deep(json.as_bytes()), too_deep, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_no_reason_to_panic() {
        for text in ["]]]]", "\"", "\\", "{\"\\", "\u{fffd}["] {
            assert!(!is_too_deep(text.as_bytes()), "{text}");
        }
    }
}
