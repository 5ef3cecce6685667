//! What the compiler says to mistakes: one message each, in our words, where the user has to change
//! something.
//!
//! `TRYBUILD=overwrite cargo test -p session-tests --test ui` writes the `.stderr` files anew; read
//! what changed.

use std::fs;
use std::path::{Path, PathBuf};

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

/// The files of `ui/` that end in `extension`.
fn files(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}
