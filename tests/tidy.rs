//! The rules of this repository that a program can check.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the repository")
        .to_owned()
}

/// Files below `folder` with this ending, with their paths from the root.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .strip_prefix(root())
                .expect("below the root")
                .display()
                .to_string();
            let built = ["target", ".git", "node_modules"]
                .iter()
                .any(|skip| path.ends_with(skip));
            if path.is_dir() && !built {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.push((name, fs::read_to_string(&path).expect("UTF-8")));
            }
        }
    }
    assert!(!found.is_empty(), "no {ending} below {folder}");
    found
}

/// The library's source, without the tests that stand in it.
fn library() -> impl Iterator<Item = (String, String)> {
    let macros = files("session-macros/src", ".rs")
        .into_iter()
        .filter(|(name, _)| !name.ends_with("golden.rs"));
    files("session-runtime/src", ".rs")
        .into_iter()
        .chain(macros)
}

/// Lines of code: no comments, no blank lines.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//") && !line.trim().is_empty())
}

/// Fails if `word` stands in the code of any file that is not allowed to have it.
fn forbid(word: &str, allowed: impl Fn(&str) -> bool) {
    for (name, text) in library().filter(|(name, _)| !allowed(name)) {
        for (number, line) in code(&text) {
            assert!(
                !line.contains(word),
                "{name}:{number} names `{word}`: {line}"
            );
        }
    }
}

#[test]
fn only_web_names_rocket_and_only_store_names_diesel() {
    // The macros write code that names Rocket only through the runtime's hidden module.
    forbid("rocket::", |name| {
        name.contains("/web/") || name == "session-runtime/src/lib.rs"
    });
    forbid("diesel", |name| name.contains("/store/"));
}

/// SQLite has a statement with a `LIMIT ?`, which `first` adds, parsed anew whenever it is bound.
#[test]
fn a_row_is_found_by_its_key_without_a_limit() {
    forbid(".first(conn)", |_| false);
}

#[test]
fn the_leaves_know_nobody_and_the_rule_knows_less() {
    let allowed = [
        ("clock/mod", vec![]),
        ("config/mod", vec![]),
        ("rules/rotation", vec![]),
        ("handle", vec![]),
        ("payload/claims_set", vec!["payload", "user_id"]),
        ("requirement", vec!["payload", "unmet"]),
        ("error", vec!["handle", "unmet"]),
        ("unmet", vec![]),
        ("event", vec!["handle", "panics"]),
        ("panics", vec!["error"]),
        ("device", vec!["config"]),
        ("user_id", vec![]),
        ("payload/public_claim", vec!["handle", "payload"]),
        ("payload/members", vec!["payload"]),
        ("payload/depth", vec![]),
        ("payload/mod", vec!["payload", "error", "user_id"]),
        (
            "new_session",
            vec!["arrival", "error", "panics", "payload", "user_id"],
        ),
        ("arrival", vec!["device", "handle", "token"]),
        ("random", vec!["error"]),
        ("revocation/mod", vec!["handle"]),
    ];
    for (file, may_know) in allowed {
        let path = format!("session-runtime/src/{file}.rs");
        let text = fs::read_to_string(root().join(&path)).expect("the file");
        for (number, line) in code(&text) {
            for known in line.split("crate::").skip(1) {
                let module = known.split([':', ';', '}', ',']).next().unwrap_or_default();
                assert!(
                    may_know.contains(&module),
                    "{path}:{number} must not know `{module}`"
                );
            }
        }
    }
}

#[test]
fn nobody_below_looks_up() {
    forbid("crate::web", |name| {
        name.contains("/web/") || name == "session-runtime/src/lib.rs"
    });
    let above = |name: &str| {
        name.contains("/web/") || name.contains("/sessions") || name == "session-runtime/src/lib.rs"
    };
    forbid("crate::sessions", above);
}

#[test]
fn time_and_randomness_come_from_one_file_each() {
    let clock = |name: &str| name == "session-runtime/src/clock/mod.rs";
    for word in ["Utc::now", "SystemTime::now", "Instant::now", "Local::now"] {
        forbid(word, clock);
    }
    // These hand the generator to the library that makes key pairs and signs.
    let keys = ["src/random.rs", "src/keys/mod.rs", "src/keys/private.rs"];
    let random = |name: &str| keys.iter().any(|allowed| name.ends_with(allowed));
    for word in ["SystemRandom", "now_v7", "new_v4", "rand::"] {
        forbid(word, random);
    }
    // Any other generator than the operating system's, by way of aws-lc.
    for word in ["OsRng", "thread_rng", "StdRng", "SmallRng", "fastrand"] {
        forbid(word, |_| false);
    }
}

#[test]
fn no_file_is_longer_than_one_sitting() {
    for folder in ["session-runtime", "session-macros", "examples", "tests"] {
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
    for folder in ["session-runtime", "session-macros", "examples", "tests"] {
        for (name, text) in files(folder, ".rs")
            .into_iter()
            .filter(|(name, _)| name != "tests/tidy.rs")
        {
            assert!(!text.contains("#[ignore"), "{name} leaves a test out");
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
fn every_direct_dependency_has_its_reason() {
    for member in ["session-runtime", "session-macros", "examples", "tests"] {
        let path = root().join(member).join("Cargo.toml");
        let manifest = fs::read_to_string(path).expect("a manifest");
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            } else if section.contains("dependencies]") && line.contains('=') {
                assert!(line.contains(" # "), "{member}: why {line}?");
            }
        }
    }
}

#[test]
fn every_package_inherits_version_and_rust_version() {
    for member in ["session-runtime", "session-macros", "examples", "tests"] {
        let manifest =
            fs::read_to_string(root().join(member).join("Cargo.toml")).expect("a manifest");
        for key in ["version", "edition", "rust-version", "license"] {
            assert!(
                manifest.contains(&format!("{key}.workspace = true")),
                "{member}: {key}"
            );
        }
    }
}

#[test]
fn the_top_level_holds_four_packages_and_nothing_else() {
    let folders: Vec<String> = fs::read_dir(root())
        .expect("the root")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    let known = ["examples", "session-macros", "session-runtime", "tests"];
    for folder in &folders {
        assert!(
            known.contains(&folder.as_str()),
            "{folder} does not belong here"
        );
    }
}

#[test]
fn the_text_speaks_of_no_machine() {
    let texts = [".rs", ".md", ".toml", ".stderr"]
        .into_iter()
        .flat_map(|ending| files("", ending));
    for (name, text) in texts.filter(|(name, _)| name != "tests/tidy.rs") {
        for word in ["/work/", "/root/", "/home/", "artifactory"] {
            assert!(!text.contains(word), "{name} names {word}");
        }
    }
}

/// The README's application is the one that the documentation compiles.
#[test]
fn the_readmes_code_compiles() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let code = readme
        .split("```rust\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("code");
    let docs = root().join("session-runtime/docs/front_door.md");
    assert!(
        fs::read_to_string(docs)
            .expect("the front door")
            .contains(code)
    );
}

/// The macros refuse what they see, the runtime what only it can see: both go by the same list.
#[test]
fn macros_and_runtime_reserve_the_same_names() {
    let names = |path: &str, start: &str| -> Vec<String> {
        let text = fs::read_to_string(root().join(path)).expect("the file");
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
        "RESERVED_CLAIMS: [&str; 15] = [",
    );
    assert_eq!(
        runtime,
        names("session-macros/src/words.rs", "RESERVED: [&str; 15] = [")
    );
    assert_eq!(runtime.len(), 15);
}

/// The numbers that a line names: `15, 16, 17`.
fn numbers(text: &str) -> Vec<u32> {
    let list: String = text
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || ", ".contains(*letter))
        .collect();
    list.split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect()
}

#[test]
fn every_line_of_the_behaviour_checklist_is_shown_or_explained() {
    let tests = files("tests", ".rs")
        .into_iter()
        .chain(files("session-runtime/src", ".rs"));
    let shown = tests.flat_map(|(_, text)| {
        let named = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("/// Behaviour "));
        named.flat_map(numbers).collect::<Vec<_>>()
    });
    let table = fs::read_to_string(root().join("tests/behaviour.md")).expect("the table");
    let explained = table
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .flat_map(numbers);
    let covered: std::collections::BTreeSet<u32> = shown.chain(explained).collect();
    let missing: Vec<u32> = (1..=84).filter(|line| !covered.contains(line)).collect();
    assert!(missing.is_empty(), "not covered: {missing:?}");
}

#[test]
fn every_function_of_the_model_system_finds_its_counterpart() {
    let table =
        fs::read_to_string(root().join("session-runtime/docs/supertokens.md")).expect("the table");
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
