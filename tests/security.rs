//! `SECURITY.md` keeps its word: each requirement has a row, each yes names tests that exist, no
//! package may use unsafe code, and the test command checks what is built in.

use std::fs;
use std::path::Path;

/// The requirements, as (letter, how many).
const REQUIREMENTS: [(char, u32); 9] = [
    ('A', 23),
    ('R', 21),
    ('C', 16),
    ('B', 14),
    ('L', 15),
    ('K', 9),
    ('S', 8),
    ('O', 6),
    ('M', 2),
];

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_default()
}

/// How many tests a text names; each must be there.
fn named_tests(place: &str, text: &str) -> usize {
    let words = text.split('`').filter_map(|word| word.split_once("::"));
    let named = words.map(|(file, test)| {
        let there = read(file).contains(&format!("fn {test}("));
        assert!(there, "{place}: no test {test} in {file}");
    });
    named.count()
}

#[test]
fn every_promise_names_what_would_notice_its_breach() {
    let text = read("SECURITY.md");
    let (_, promises) = text.split_once("\n## Promises").expect("promises");
    let (promises, _) = promises.split_once("\n## ").expect("a chapter after them");
    let mut items = promises.split("\n- ").skip(1).peekable();
    assert!(items.peek().is_some());
    for item in items {
        assert!(named_tests(item, item) > 0, "no test is named: {item}");
    }
}

#[test]
fn every_requirement_is_answered_and_every_yes_shown() {
    let text = read("SECURITY.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").collect())
        .filter(|row: &Vec<&str>| row.first().is_some_and(|id| id.len() == 3))
        .collect();
    let wanted = REQUIREMENTS
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number:02}")));
    let found: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(wanted.collect::<Vec<_>>(), found);

    let mut counted = [("yes", 0), ("no", 0), ("n/a", 0)];
    for row in &rows {
        let [id, _, answer, reason] = row[..] else {
            unreachable!("a row has four cells: {row:?}")
        };
        let count = counted.iter_mut().find(|(word, _)| *word == answer);
        count.expect("yes, no or n/a").1 += 1;
        let named = named_tests(id, reason);
        assert!(reason.len() > 10, "{id} is silent");
        assert!(answer != "yes" || named > 0, "{id} shows nothing");
    }
    let [(_, yes), (_, no), (_, not)] = counted;
    assert!(yes >= 85, "only {yes} yes");
    assert!(
        text.contains(&format!("{yes} yes, {no} no, {not} not applicable")),
        "the counts are {yes}, {no}, {not}"
    );
}

#[test]
fn the_test_command_checks_what_is_built_in() {
    let command = read("tests/run");
    assert!(command.contains("cargo test --workspace --all-features --locked"));
    assert!(read("tests/Cargo.toml").contains("path = \"dependencies.rs\""));
    let rules = read("deny.toml");
    for rule in [
        r#"{ name = "jsonwebtoken", version = "<10.3" }"#,
        r#"{ name = "openssl" }"#,
        r#"unknown-registry = "deny""#,
        r#"unknown-git = "deny""#,
    ] {
        assert!(rules.contains(rule), "deny.toml says nothing of {rule}");
    }
}

#[test]
fn no_package_may_use_unsafe_code() {
    assert!(read("Cargo.toml").contains("[workspace.lints.rust]\nunsafe_code = \"forbid\""));
    for package in [
        "session-macros",
        "session-runtime",
        "examples",
        "tests",
        "tests/fuzz",
        "tests/bench/server",
        "tests/bench/load",
        "tests/bench/baseline",
        "tests/bench/peers/flex",
        "tests/bench/peers/tower",
    ] {
        let manifest = read(&format!("{package}/Cargo.toml"));
        let forbids = manifest.contains("[lints]\nworkspace = true")
            || manifest.contains("[lints.rust]\nunsafe_code = \"forbid\"");
        assert!(forbids, "{package} may use unsafe code");
    }
}
