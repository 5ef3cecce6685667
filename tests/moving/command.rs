//! The command, as a person runs it: what it prints, what it never prints, and how it ends.

use std::process::Command;

use session_runtime::SystemClock;
use session_tests::Server;
use session_tests::servers::Backend;

use super::Places;

super::on_both! {
    the_command_moves_and_says_where_the_key_is
}

async fn the_command_moves_and_says_where_the_key_is(backend: Backend) {
    let places = Places::new(backend, "command");
    let server = Server::attached(&[("database", places.source.as_str().into())], |fairing| {
        fairing.clock(SystemClock::default())
    })
    .await;
    super::fill(&server).await;
    drop(server.stop());

    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_session-admin-under-test"))
            .args(["move", "--from", &places.source])
            .env("SESSION_ADMIN_TO", &places.target)
            .output()
            .expect("the command");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert!(
            !out.contains("correct") && !err.contains("correct"),
            "the password"
        );
        (output.status.code(), out, err)
    };
    let (code, out, err) = run();
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    for line in [
        "copying  25 of 25\n",
        "checking 50 of 50\n",
        "session_info              25        25         0         0  ",
        ", equal\n",
        "both sides are equal",
        ".key: set `sessions.master_key` to what that file holds.\n",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
    // On the server with that key.
    let key = std::fs::read_to_string(format!("{}.key", places.file.display())).expect("the key");
    let new = Server::with(&[
        ("database", places.target.as_str().into()),
        ("master_key", key.trim().into()),
    ])
    .await;
    drop(new.stop());
    let (code, _, err) = run();
    assert_eq!(code, Some(1));
    assert!(
        err.starts_with("session-admin: the target is in use: it holds 25 sessions"),
        "{err}"
    );
}
