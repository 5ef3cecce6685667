//! What the tests and scripts start is there on a fresh Debian machine: in a package that every
//! machine has, or in one that `tests/run` installs.

use std::collections::BTreeSet;

use crate::{files, read};

/// In packages that Debian calls essential (`bash`, `coreutils`, `util-linux` ..), and cargo itself.
const ALWAYS_THERE: [&str; 9] = [
    "bash", "sh", "cargo", "chown", "mkfifo", "prlimit", "script", "setpriv", "unshare",
];

/// A program of a package that `tests/run` asks for by another of its programs.
const COMES_WITH: [(&str, &str); 8] = [
    ("kill", "pkill"),
    ("umount", "mount"),
    ("apache2ctl", "apache2"),
    ("psql", "initdb"),
    ("pg_isready", "initdb"),
    ("postgres", "initdb"),
    ("mariadb-install-db", "mariadbd"),
    ("pg_basebackup", "initdb"),
];

#[test]
fn the_test_command_installs_what_the_tests_start() {
    let run = read("tests/run");
    let installed: BTreeSet<&str> = run
        .split_whitespace()
        .filter_map(|word| word.split_once('=').map(|(command, _)| command))
        .collect();
    let mut started = BTreeSet::new();
    for (path, text) in files("tests", ".rs")
        .into_iter()
        .chain(files("examples", ".rs"))
    {
        // Of benchmarks, `tests/run` starts one, which starts nothing.
        if path.starts_with("tests/bench/") {
            continue;
        }
        for rest in text.split("Command::new(\"").skip(1) {
            started.extend(rest.split('"').next().map(str::to_owned));
        }
    }
    assert!(started.len() > 10, "{started:?}");
    started.extend(["psql", "pgbouncer", "pg_isready", "rsync"].map(str::to_owned));
    for command in started {
        let with = COMES_WITH.iter().find(|(name, _)| *name == command);
        let asked = with.map_or(command.as_str(), |(_, asked)| asked);
        assert!(
            ALWAYS_THERE.contains(&asked) || installed.contains(asked),
            "`tests/run` installs no package for `{command}`"
        );
    }
}
