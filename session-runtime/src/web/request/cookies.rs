//! The pairs of a `Cookie` header, read as browsers write them (RFC 6265bis section 4.2.1).

/// The names and values of a `Cookie` header, in order; what has no `=` is left out.
///
/// Only space and tab are trimmed, and nothing is decoded. A parser that trims more finds a prefix
/// (`__Host-`) in a name in which the browser saw none, and therefore did not check who set the
/// cookie.
pub(in crate::web) fn pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(';')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (trim(name), trim(value)))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_at_the_first_equals_sign_and_pairs_at_semicolons() {
        for (line, read) in [
            ("a=1", vec![("a", "1")]),
            ("a=1; b=2", vec![("a", "1"), ("b", "2")]),
            ("a=1;b=2;", vec![("a", "1"), ("b", "2")]),
            ("a=1; a=2", vec![("a", "1"), ("a", "2")]),
            ("a==1=2", vec![("a", "=1=2")]),
            ("a=", vec![("a", "")]),
            ("=1", vec![("", "1")]),
            ("a=\"1\"", vec![("a", "\"1\"")]),
            ("%61=%31", vec![("%61", "%31")]),
            ("a=1, b=2", vec![("a", "1, b=2")]),
            ("nothing; b=2", vec![("b", "2")]),
            ("", vec![]),
            (";;", vec![]),
        ] {
            assert_eq!(pairs(line).collect::<Vec<_>>(), read, "{line:?}");
        }
    }

    #[test]
    fn space_and_tab_are_all_that_is_trimmed() {
        for code in 0..=0x10_ffff {
            let Some(char) = char::from_u32(code).filter(|char| !";=".contains(*char)) else {
                continue;
            };
            let line = format!("{char}__Host-a{char}={char}1{char}");
            let (name, value) = (format!("{char}__Host-a{char}"), format!("{char}1{char}"));
            let expected = match char {
                ' ' | '\t' => ("__Host-a", "1"),
                _ => (name.as_str(), value.as_str()),
            };
            assert_eq!(pairs(&line).collect::<Vec<_>>(), [expected], "U+{code:04X}");
        }
    }
}
