//! The disk is full, or its fsync fails: 503, nothing half-written, and recovery without a restart.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use session_tests::Database;
use session_tests::body::UNAVAILABLE;

use session_tests::process::{Answer, Process};

fn unavailable() -> Answer {
    Answer::Came(503, UNAVAILABLE.into())
}

/// Whether the caller asked for these tests to be left out: they mount a file system and trace a
/// process, which needs root.
pub(crate) fn left_out() -> bool {
    let asked = env::var_os("WITHOUT_ROOT").is_some();
    if asked {
        println!("left out, as WITHOUT_ROOT asks: this test needs root");
    }
    asked
}

/// A file system of its own, two megabytes small.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(at: &Path) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(at)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "this test mounts a small tmpfs, which needs root (WITHOUT_ROOT=1 leaves it out)"
        );
        Self(at.to_owned())
    }

    /// Lets nobody write to it any more.
    pub(crate) fn only_read(&self) {
        let mounted = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.0)
            .status();
        assert!(mounted.is_ok_and(|status| status.success()));
    }

    /// Leaves no byte free.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.0.join("ballast");
        let mut ballast = File::create(&path).expect("a file");
        while ballast.write_all(&[0; 512]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_503_and_recovers_without_a_restart() {
    if left_out() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let disk = SmallDisk::mount(folder.path());
    let place = crate::place(folder.path(), "");
    let server = place.start();
    let (answer, mut tokens) = place.log_in("ada");
    assert_eq!(answer.status(), Some(200));

    let ballast = disk.fill();
    // The write-ahead log has some room of its own; it is soon used up.
    let mut acknowledged = 0;
    let refused = (0..2000).find_map(|n| match place.log_in(&format!("user {n}")) {
        (Answer::Came(200, _), _) => {
            acknowledged += 1;
            None
        }
        (answer, tokens) => Some((answer, tokens)),
    });
    let (answer, none) = refused.expect("a disk that is full at last");
    assert_eq!(
        (answer, none.access.as_str(), none.refresh.as_str()),
        (unavailable(), "", "")
    );
    let before = tokens.refresh.clone();
    assert_eq!(place.refresh(&mut tokens), unavailable());
    assert_eq!(tokens.refresh, before, "a cookie was touched");
    assert_eq!(
        place.get("/me", &tokens).status(),
        Some(200),
        "verifying needs no disk"
    );

    fs::remove_file(ballast).expect("the ballast");
    assert_eq!(place.log_in("bob").0.status(), Some(200));
    assert_eq!(place.refresh(&mut tokens).status(), Some(200));
    let mut database = Database::open(&folder.path().join("test.db"));
    assert_eq!(
        database.sessions(),
        1 + acknowledged + 1,
        "what was refused left no row"
    );
    assert_eq!(
        database.text("SELECT integrity_check AS value FROM pragma_integrity_check"),
        "ok"
    );
    drop((server, database));
}

/// Looks at, or tampers with, the system calls of a server.
struct Strace {
    child: Child,
    log: PathBuf,
}

impl Strace {
    fn attach(server: &Process, log: PathBuf, options: &[&str]) -> Self {
        let mut child = Command::new("strace")
            .args(["-f", "-e", "trace=fsync,fdatasync", "-o"])
            .arg(&log)
            .args(options)
            .args(["-p", &server.id().to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace, which tests/run installs");
        let stderr = BufReader::new(child.stderr.take().expect("its messages"));
        let mut lines = stderr.lines().map_while(Result::ok);
        assert!(
            lines.any(|line| line.contains("attached")),
            "strace could not attach to the server"
        );
        thread::spawn(move || lines.for_each(drop));
        Self { child, log }
    }

    /// Lets go of the server; returns how often it synced.
    fn detach(mut self) -> usize {
        let stopped = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(stopped.is_ok_and(|status| status.success()));
        self.child.wait().expect("strace ends");
        let log = fs::read_to_string(&self.log).expect("what strace saw");
        log.lines()
            .filter(|line| line.contains("sync(") && !line.contains("resumed"))
            .count()
    }
}

#[test]
fn a_failing_fsync_is_503_and_recovers_without_a_restart() {
    if left_out() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let place = crate::place(folder.path(), "");
    let server = place.start();
    let (answer, mut tokens) = place.log_in("ada");
    assert_eq!(answer.status(), Some(200));

    let failing = Strace::attach(
        &server,
        folder.path().join("eio"),
        &["-e", "inject=fsync,fdatasync:error=EIO"],
    );
    for n in 0..5 {
        let (answer, none) = place.log_in(&format!("user {n}"));
        assert_eq!((answer, none.access.as_str()), (unavailable(), ""));
    }
    assert_eq!(place.refresh(&mut tokens), unavailable());
    assert_eq!(place.sign_out(&tokens), unavailable());
    assert_eq!(place.get("/me", &tokens).status(), Some(200));
    assert!(
        failing.detach() > 0,
        "no sync failed, so nothing was tested"
    );

    assert_eq!(place.log_in("bob").0.status(), Some(200));
    assert_eq!(place.refresh(&mut tokens).status(), Some(200));
    assert_eq!(place.get("/live", &tokens).status(), Some(200));
    let mut database = Database::open(&folder.path().join("test.db"));
    assert_eq!(database.sessions(), 2, "ada and bob");
    assert_eq!(
        database.text("SELECT integrity_check AS value FROM pragma_integrity_check"),
        "ok"
    );
}

#[test]
fn every_acknowledged_login_was_synced_and_those_that_come_together_share_a_sync() {
    if left_out() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let place = crate::place(folder.path(), "");
    let server = place.start();
    assert_eq!(place.log_in("first").0.status(), Some(200));

    let watching = Strace::attach(&server, folder.path().join("alone"), &[]);
    for n in 0..20 {
        assert_eq!(place.log_in(&format!("user {n}")).0.status(), Some(200));
    }
    let alone = watching.detach();
    assert!(
        alone >= 20,
        "20 logins one after the other were synced {alone} times"
    );

    let watching = Strace::attach(&server, folder.path().join("together"), &[]);
    thread::scope(|scope| {
        for n in 0..100 {
            let place = &place;
            scope.spawn(move || {
                assert_eq!(place.log_in(&format!("user {n}")).0.status(), Some(200))
            });
        }
    });
    let together = watching.detach();
    println!("20 logins alone: {alone} syncs; 100 together: {together}");
    assert!(
        together < 100,
        "100 logins at once were synced {together} times"
    );
}
