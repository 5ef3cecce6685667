//! What the documents promise.

use crate::{files, library, read};

/// The README's application is the one that the documentation compiles.
#[test]
fn the_readmes_code_compiles() {
    let readme = read("README.md");
    let code = readme
        .split("```rust\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("code");
    assert!(read("session-runtime/docs/front_door.md").contains(code));
}

/// Whoever reads the front page finds every feature and every chapter of the guide.
#[test]
fn the_front_page_names_every_feature_and_chapter() {
    let page = read("session-runtime/docs/front_door.md");
    let manifest = read("session-runtime/Cargo.toml");
    let features = manifest.split("[features]").nth(1).expect("features");
    let features = features.split("\n[").next().unwrap_or_default().lines();
    let features = features.filter(|line| !line.starts_with('#'));
    let names = features.filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    for name in names.filter(|name| !["default", "internals"].contains(name)) {
        assert!(page.contains(&format!("| `{name}`")), "no feature {name}");
    }
    let guide = read("session-runtime/src/guide.rs");
    let chapters = guide
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "));
    let chapters: Vec<_> = chapters.filter_map(|line| line.split(' ').next()).collect();
    for name in &chapters {
        assert!(
            page.contains(&format!("`guide::{name}`")),
            "no chapter {name}"
        );
    }
    assert!(chapters.len() > 6, "{chapters:?}");
}

/// Claims of these chapters, and of a table, name the test that shows them.
#[test]
fn the_tests_that_chapters_name_exist() {
    for (chapter, least) in [
        ("session-runtime/docs/design.md", 15),
        ("session-runtime/docs/compare.md", 8),
        ("tests/browser/device_bound.rs", 12),
    ] {
        let text = read(chapter);
        let words = text.split('`').filter_map(|word| word.split_once("::"));
        let named: Vec<_> = words.filter(|(file, _)| file.ends_with(".rs")).collect();
        for (file, test) in &named {
            let there = read(file).contains(&format!("fn {test}("));
            assert!(there, "{chapter}: no test {test} in {file}");
        }
        assert!(named.len() >= least, "{chapter} names only {}", named.len());
    }
}

/// The macros refuse what they see, the runtime what only it can see: both go by the same list.
#[test]
fn macros_and_runtime_reserve_the_same_names() {
    let names = |path: &str, start: &str| -> Vec<String> {
        let text = read(path);
        let list = text
            .split(start)
            .nth(1)
            .and_then(|rest| rest.split("];").next())
            .expect("the list");
        list.split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let runtime = names(
        "session-runtime/src/payload/mod.rs",
        "RESERVED_CLAIMS: &[&str] = &[",
    );
    assert_eq!(
        runtime,
        names("session-macros/src/names.rs", "RESERVED: [&str; 15] = [")
    );
    assert_eq!(runtime.len(), 15);
}

#[test]
fn every_behaviour_of_the_model_system_is_shown_or_explained() {
    let table = read("tests/behaviour.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
    let rows: Vec<Vec<&str>> = rows
        .map(|row| row.split(" | ").collect())
        .filter(|row: &Vec<&str>| row[0].parse::<u32>().is_ok())
        .collect();
    assert_eq!(rows.len(), 84);
    for row in &rows {
        let [number, _, shown] = row[..] else {
            unreachable!("a row has three cells: {row:?}")
        };
        let tests: Vec<_> = shown
            .split('`')
            .filter_map(|word| word.split_once("::"))
            .collect();
        for (file, test) in &tests {
            let there = read(file).contains(&format!("fn {test}("));
            assert!(there, "{number}: no test {test} in {file}");
        }
        let explained = ["does not apply", "holds in another way", "not offered"];
        let explained = explained.iter().any(|why| shown.starts_with(why));
        assert_eq!(explained, tests.is_empty(), "{number}: {shown}");
    }
}

/// What stands in another place than this repository cannot be read by whoever reads the code.
#[test]
fn no_reference_leads_out_of_the_repository() {
    let texts = [".rs", ".md", ".toml", ".sql"].into_iter();
    let texts = texts.flat_map(|ending| files("", ending));
    for (name, text) in texts.filter(|(name, _)| !name.starts_with("tests/tidy/")) {
        for word in [
            "(protocol:",
            "Behaviour ",
            "`security.md`",
            "`design.md`",
            "findings.md",
        ] {
            assert!(!text.contains(word), "{name} refers to {word}");
        }
    }
}

#[test]
fn every_function_of_the_model_system_finds_its_counterpart() {
    let table = read("session-runtime/docs/supertokens.md");
    let source: String = library().map(|(_, text)| text).collect();
    let names = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split(" |").next())
        .flat_map(|cell| cell.split('`').step_by(2))
        .filter(|name| !name.is_empty());
    let mut found = 0;
    for name in names {
        let alias = format!("#[doc(alias = \"{name}\")]");
        assert!(source.contains(&alias), "no {alias}");
        found += 1;
    }
    assert!(found > 30, "only {found} names in the table");
}
