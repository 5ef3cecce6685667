//! The script with three processes behind nginx: it prints what the documentation shows, numbers
//! aside.

use std::process::Command;

const DOCS: &str = include_str!("../../session-runtime/docs/deployment.md");

/// Ports and times differ from run to run: each becomes `0`.
fn without_numbers(text: &str) -> String {
    let mut zeros = String::new();
    for letter in text.chars() {
        if !letter.is_ascii_digit() {
            zeros.push(letter);
        } else if !zeros.ends_with('0') {
            zeros.push('0');
        }
    }
    zeros
}

#[test]
fn the_other_processes_refuse_within_the_bound() {
    let output = Command::new("bash")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/replicas/run"))
        .env("REPLICA", env!("CARGO_BIN_EXE_session-replica"))
        .output()
        .expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    println!("{printed}");
    let shown = DOCS
        .split("$ examples/replicas/run\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a transcript");
    assert_eq!(without_numbers(&printed), without_numbers(shown));
}
