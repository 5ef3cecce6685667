//! The script with stolen cookies: it prints what the documentation shows.

use std::process::Command;

const DOCS: &str = include_str!("../../session-runtime/docs/device_bound.md");

#[test]
fn stolen_cookies_get_no_new_token_and_their_owner_goes_on() {
    let output = Command::new("bash")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/device-bound/run"))
        .env("BANK", env!("CARGO_BIN_EXE_session-device-bound"))
        .output()
        .expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let shown = DOCS
        .split("$ examples/device-bound/run\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a transcript");
    assert_eq!(printed, shown);
}
