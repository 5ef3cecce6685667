//! What was tried on whom, in which version: `target/neighbours.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::proxies::Kind;

type Lines = BTreeMap<(&'static str, String), String>;

static TABLE: Mutex<Lines> = Mutex::new(BTreeMap::new());

/// Adds a line, and writes the table anew.
pub(crate) fn record(kind: Kind, tried: &str, seen: &str) {
    let mut lines = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    let subject = (kind.name(), tried.to_owned());
    lines.insert(subject, format!("{} | {seen}", kind.version()));
    let mut text = String::from("| with | tried | version | seen |\n|---|---|---|---|\n");
    for ((name, tried), seen) in lines.iter() {
        writeln!(text, "| {name} | {tried} | {seen} |")
            .expect("a text takes what is written to it");
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target folder");
    fs::write(target.join("neighbours.md"), text).expect("a table in the target folder");
}
