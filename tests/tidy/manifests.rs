//! The packages and what they depend on.

use std::fs;

use crate::{PACKAGES, read, root};

#[test]
fn every_direct_dependency_has_its_reason() {
    for member in PACKAGES {
        let manifest = read(&format!("{member}/Cargo.toml"));
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
    for member in PACKAGES {
        let manifest = read(&format!("{member}/Cargo.toml"));
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
    for folder in &folders {
        assert!(
            PACKAGES.contains(&folder.as_str()),
            "{folder} does not belong here"
        );
    }
}
