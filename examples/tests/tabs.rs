//! The page in Chromium: what its tabs know of each other. `tabs.test.mjs` has the scenarios.

mod application;

use std::path::Path;
use std::process::Command;

use application::{Application, free_port};

#[test]
fn tabs_show_and_change_only_what_is_of_their_user() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let driver = tests.join("../../tests/browser/node_modules/playwright-core");
    assert!(
        driver.exists(),
        "{} is missing: run `tests/run browser` once, which installs it",
        driver.display()
    );
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let _application = Application::start(folder.path(), port, "");
    let other = tempfile::tempdir().expect("a folder");
    let other_port = free_port();
    let _other = Application::start(
        other.path(),
        other_port,
        r#"api_base_path="/api/session",session_expired_status=440,access_token_validity="1 s""#,
    );
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| {
        let found = Command::new("sh")
            .args(["-c", "command -v chromium"])
            .output();
        let path = found.expect("a shell").stdout;
        String::from_utf8(path).expect("UTF-8").trim().to_owned()
    });
    let run = Command::new("node")
        .args(["--test", "--test-reporter=spec"])
        .arg(tests.join("tabs.test.mjs"))
        .env("APPLICATION", format!("http://127.0.0.1:{port}"))
        .env("OTHER_SETTINGS", format!("http://127.0.0.1:{other_port}"))
        .env("CHROMIUM", chromium)
        .output()
        .expect("`node` is missing: run `tests/run browser` once, which installs it");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}");
}
