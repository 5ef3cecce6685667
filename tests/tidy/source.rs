//! What holds for every file of source.

use crate::{PACKAGES, files, library};

/// Lines of code: no comments, no blank lines.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().zip(1..).map(|(line, number)| (number, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//") && !line.trim().is_empty())
}

/// Fails if `word` stands in the code of any file that is not allowed to have it.
fn forbid(word: &str, allowed: impl Fn(&str) -> bool) {
    for (name, text) in library().filter(|(name, _)| !allowed(name)) {
        for (number, line) in code(&text) {
            assert!(!line.contains(word), "{name}:{number} has `{word}`: {line}");
        }
    }
}

/// SQLite parses a statement with a `LIMIT ?`, which `first` adds, anew whenever it is bound.
#[test]
fn a_row_is_found_by_its_key_without_a_limit() {
    forbid(".first(conn)", |_| false);
}

/// Clippy refuses the clock and the generator (`session-runtime/clippy.toml`) wherever that is not
/// expected in so many words.
#[test]
fn time_and_randomness_come_from_one_file_each() {
    let expecting = |lint: &str| -> Vec<String> {
        let lint = format!("clippy::{lint}");
        let named = library().filter(|(_, text)| text.contains(&lint));
        named.map(|(name, _)| name).collect()
    };
    let clock = "session-runtime/src/clock/mod.rs";
    assert_eq!(expecting("disallowed_methods"), [clock]);
    let random = "session-runtime/src/random.rs";
    assert_eq!(expecting("disallowed_types"), [random]);
    // Any other generator than the operating system's, by way of aws-lc.
    for word in ["OsRng", "thread_rng", "StdRng", "SmallRng", "fastrand"] {
        forbid(word, |_| false);
    }
}

#[test]
fn no_file_is_longer_than_one_sitting() {
    for folder in PACKAGES {
        for (name, text) in files(folder, ".rs") {
            let lines = text.lines().count();
            assert!(lines <= 400, "{name} has {lines} lines: make it a folder");
        }
    }
}

#[test]
fn nothing_unwraps_ignores_or_prints() {
    for word in [
        ".unwrap()",
        "todo!(",
        "unimplemented!(",
        "println!(",
        "dbg!(",
        "panic!(",
    ] {
        // There it is the compiler that panics, with its error.
        let compiles = |name: &str| word == "panic!(" && name.ends_with("payload/members.rs");
        forbid(word, compiles);
    }
    let here = "tests/tidy/";
    for folder in PACKAGES {
        for (name, text) in files(folder, ".rs") {
            let ignores = text.contains("#[ignore") && !name.starts_with(here);
            assert!(!ignores, "{name} leaves a test out");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (name, text) in library() {
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") || first.starts_with("#![doc"),
            "{name} begins with: {first}"
        );
    }
}

#[test]
fn the_text_speaks_of_no_machine() {
    let texts = [".rs", ".md", ".toml", ".stderr"]
        .into_iter()
        .flat_map(|ending| files("", ending));
    for (name, text) in texts.filter(|(name, _)| !name.starts_with("tests/tidy/")) {
        for word in ["/work/", "/root/", "/home/", "artifactory"] {
            assert!(!text.contains(word), "{name} names {word}");
        }
    }
}
