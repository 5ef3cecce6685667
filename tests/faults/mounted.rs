//! A file that is mounted without its folder, as into a container: its latest commits would lie
//! beside it, outside of the mount.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use session_tests::server::MASTER_KEY;

use crate::disk::left_out;

#[test]
fn a_file_that_is_mounted_alone_stops_the_launch() {
    if left_out() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (host, container) = (
        folder.path().join("host"),
        folder.path().join("a container"),
    );
    for folder in [&host, &container] {
        fs::create_dir(folder).expect("a folder");
        File::create(folder.join("app.db")).expect("a file");
    }
    // In a space of mounts of its own; `link` leads to what is mounted.
    let launch = |mount: &str, database: &str| {
        let script = format!(
            r#"mount --bind "$1{mount}" "$2{mount}" && ln -sf "$2/app.db" "$2/link" && exec timeout 5 "$0""#
        );
        let database = container.join(database).display().to_string();
        let settings = format!(r#"{{database="sqlite://{database}", master_key="{MASTER_KEY}"}}"#);
        let output = Command::new("unshare")
            .args(["--mount", "sh", "-c", &script])
            .arg(env!("CARGO_BIN_EXE_session-test-server"))
            .args([&host, &container])
            .env("ROCKET_PORT", "0")
            .env("ROCKET_SESSIONS", settings)
            .env("ROCKET_CLI_COLORS", "false")
            .stdin(Stdio::null())
            .output()
            .expect("unshare, of util-linux");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    for name in ["app.db", "link"] {
        let said = launch("/app.db", name);
        assert!(
            said.contains("which is mounted alone, as by `docker -v"),
            "{said}"
        );
        let mount = format!("Mount the folder `{}`, not the file", container.display());
        assert!(said.contains(&mount), "{said}");
    }
    assert_eq!(fs::metadata(host.join("app.db")).expect("a file").len(), 0);
    let said = launch("", "app.db");
    assert!(!said.contains("could not be set up"), "{said}");
    assert!(fs::metadata(host.join("app.db")).expect("a file").len() > 0);
}
