//! What the compiler says to mistakes: one message each, in our words, where the user has to change
//! something.
//!
//! `TRYBUILD=overwrite cargo test -p session-tests --test ui` writes the `.stderr` files anew; read
//! what changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn mistakes_are_reported_in_our_words() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/*.rs");
    cases.compile_fail("ui/several/*.rs");
}

#[test]
fn each_mistake_is_reported_once() {
    let messages = files("stderr");
    assert_eq!(messages.len(), files("rs").len(), "a message for each case");
    for message in messages {
        let text = fs::read_to_string(&message).expect("a readable message");
        let errors = text
            .lines()
            .filter(|line| line.starts_with("error"))
            .filter(|line| !line.starts_with("error: aborting"))
            .filter(|line| !line.starts_with("error: could not compile"))
            .count();
        assert_eq!(errors, 1, "{}:\n{text}", message.display());
    }
}

/// A package of its own, since a name of a dependency is a package's. It shares the target folder
/// and the versions with this one, so that little is built for it.
#[test]
fn a_dependency_under_another_name_is_found() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = tests.parent().expect("the repository");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("renamed");
    let manifest = format!(
        r#"[package]
name = "renamed"
edition = "2024"

[[bin]]
name = "renamed"
path = {main:?}

[dependencies]
rocket = {{ version = "0.5.1", default-features = false, features = ["http2", "json", "tls"] }}
serde = {{ version = "1", features = ["derive"] }}
sessions = {{ package = "session-runtime", path = {library:?}, features = ["internals", "json", "mysql", "postgres", "uuid"] }}

[workspace]

# As in the workspace, or everything is built anew.
[profile.dev.package."*"]
debug = false
"#,
        main = tests.join("ui/renamed/main.rs"),
        library = root.join("session-runtime"),
    );
    fs::create_dir_all(&package).expect("a folder");
    fs::write(package.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("the versions");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--color", "never", "--target-dir"])
        .arg(package.ancestors().nth(2).expect("the target folder"))
        .current_dir(&package)
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("warning"),
        "{said}"
    );
}

/// The files of `ui/` that end in `extension`.
fn files(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}
