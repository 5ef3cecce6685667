//! The README's curl transcript, run against the application as a newcomer would: what is printed
//! is what comes.

mod application;

use std::process::Command;

use application::{Application, free_port};

const README: &str = include_str!("../../README.md");
const ADDRESS: &str = "127.0.0.1:8000";

/// The console blocks of the README, each as (command, expected output).
fn blocks() -> Vec<Vec<(String, String)>> {
    let blocks = README
        .split("```console\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default());
    let entries = |block: &str| {
        let mut entries: Vec<(String, String)> = Vec::new();
        for line in block.lines() {
            match (line.strip_prefix("$ "), entries.last_mut()) {
                (Some(command), _) => entries.push((command.to_owned(), String::new())),
                (None, Some((_, output))) => output.push_str(line),
                (None, None) => panic!("output before the first command: {line}"),
            }
        }
        entries
    };
    blocks.map(entries).collect()
}

/// Ids differ from run to run: each becomes `<uuid>`.
fn without_ids(text: &str) -> String {
    let mut words: Vec<&str> = text.split('"').collect();
    for word in &mut words {
        if word.len() == 36
            && word
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        {
            *word = "<uuid>";
        }
    }
    words.join("\"")
}

#[test]
fn the_transcript_works_as_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let blocks = blocks();
    assert_eq!(blocks.len(), 2, "one block before the restart, one after");
    for block in blocks {
        let _application = Application::start(folder.path(), port, "");
        for (command, expected) in block {
            let here = command.replace(ADDRESS, &format!("127.0.0.1:{port}"));
            let output = Command::new("bash")
                .arg("-c")
                .arg(&here)
                .current_dir(folder.path())
                .output()
                .expect("a shell");
            let printed = String::from_utf8(output.stdout).expect("UTF-8");
            assert_eq!(without_ids(&printed), without_ids(&expected), "$ {command}");
        }
    }
    assert!(
        folder.path().join("app.db").exists(),
        "users and sessions share one file"
    );
}
