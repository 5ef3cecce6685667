//! The rules of this repository that a program can check.

mod commands;
mod documents;
mod graph;
mod inner;
mod layers;
mod manifests;
mod modules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

const PACKAGES: [&str; 4] = ["session-runtime", "session-macros", "examples", "tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the repository")
        .to_owned()
}

/// The text of a file.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
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
