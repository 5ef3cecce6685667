//! A file that can only be read, or whose folder can: refused at launch, with what to do.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use session_tests::Database;
use session_tests::process::Place;
use session_tests::server::MASTER_KEY;

use crate::disk::{SmallDisk, left_out};

/// Why a launch on this file fails. The process is bound by permissions, as one of root's is not.
fn refusal(file: &Path) -> String {
    let database = format!("sqlite://{}", file.display());
    let settings = format!(r#"{{database="{database}", master_key="{MASTER_KEY}"}}"#);
    let output = Command::new("setpriv")
        .arg("--bounding-set=-dac_override,-dac_read_search")
        .arg(env!("CARGO_BIN_EXE_session-test-server"))
        .env("ROCKET_PORT", "0")
        .env("ROCKET_SESSIONS", settings)
        .env("ROCKET_CLI_COLORS", "false")
        .output()
        .expect("setpriv, of util-linux");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it launched and ended: {said}");
    let (_, reason) = said.split_once("could not be set up: ").expect(&said);
    reason.lines().next().unwrap_or_default().to_owned()
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("our own file");
}

/// A database with sessions' tables that nobody has open.
fn made(file: &Path) {
    let url = format!("sqlite://{}", file.display());
    drop(Place::on(&url, "").start());
    assert!(file.exists());
}

#[test]
fn what_can_only_be_read_stops_the_launch() {
    if left_out() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.db");
    made(&file);
    let (at, place) = (file.display(), folder.path().display());

    allow(&file, 0o444);
    for part in ["-wal", "-shm"] {
        let _was_there = fs::remove_file(format!("{at}{part}"));
    }
    let read_only = format!(
        "`sessions.database` names the file `{at}`, which can only be read (Permission denied (os error 13)), but sessions are \
         written: let the user of this process write to it and to its folder `{place}` (`session_runtime::guide::databases` says more)"
    );
    assert_eq!(refusal(&file), read_only);

    allow(&file, 0o000);
    assert_eq!(
        refusal(&file),
        format!(
            "`sessions.database` names the file `{at}`, which cannot be read (Permission denied (os error 13)): let the user of \
             this process read and write it, and write to its folder `{place}` (`session_runtime::guide::databases` says more)"
        )
    );

    allow(&file, 0o644);
    let index = folder.path().join("app.db-shm");
    made(&file);
    allow(&index, 0o444);
    assert_eq!(
        refusal(&file),
        format!(
            "`sessions.database` names the file `{at}`, beside which SQLite cannot write `{}` (Permission denied (os error \
             13)): let the user of this process write to it (`session_runtime::guide::databases` says more)",
            index.display()
        )
    );

    allow(folder.path(), 0o555);
    for part in ["-wal", "-shm"] {
        let _was_there = fs::remove_file(format!("{at}{part}"));
    }
    let beside = format!(
        "`sessions.database` names the file `{at}`, beside which SQLite keeps two more files (`-wal`, `-shm`): let the user \
         of this process write to the folder `{place}` (`session_runtime::guide::databases` says more)"
    );
    assert_eq!(refusal(&file), beside);
    let new = folder.path().join("new.db");
    assert_eq!(
        refusal(&new),
        format!(
            "`sessions.database` names the file `{}`, which cannot be made in its folder: let the user of this process \
             write to `{place}` (`session_runtime::guide::databases` says more)",
            new.display()
        )
    );
    assert!(!new.exists());
    allow(folder.path(), 0o755);
}

#[test]
fn a_disk_that_is_mounted_read_only_stops_the_launch() {
    if left_out() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let disk = SmallDisk::mount(folder.path());
    let file = folder.path().join("app.db");
    made(&file);
    // Nothing waits in the log, so that it can be read without writing beside it.
    Database::open(&file).execute("PRAGMA wal_checkpoint(TRUNCATE)");
    disk.only_read();
    let said = refusal(&file);
    assert!(
        said.contains("whose file system is mounted read-only, but sessions are written"),
        "{said}"
    );
    let said = refusal(&folder.path().join("new.db"));
    assert!(said.contains("is mounted read-only"), "{said}");
}

#[test]
fn a_full_disk_stops_the_launch() {
    if left_out() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let disk = SmallDisk::mount(folder.path());
    let file = folder.path().join("app.db");
    made(&file);
    let _ballast = disk.fill();
    for file in [file, folder.path().join("new.db")] {
        let said = refusal(&file);
        for words in [
            "`sessions.database`",
            "full",
            "make room",
            "`session_runtime::guide::databases`",
        ] {
            assert!(said.contains(words), "{said}");
        }
    }
}
