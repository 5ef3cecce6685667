//! The command, as a person runs it: what it prints, what it never prints, and how it ends.

use std::process::{Command, Output};

use session_tests::body::OK;
use session_tests::server::MASTER_KEY;
use session_tests::servers::Backend;
use session_tests::{Database, Server};

use super::Places;

session_tests::on_both! {
    the_command_moves_and_says_where_the_key_is
    sides_that_differ_in_the_end_are_a_failure
}

const COMMAND: &str = env!("CARGO_BIN_EXE_session-admin-under-test");

/// The exit code, and what went to standard output and standard error; no password is among it.
fn run(command: &mut Command, places: &Places) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .env("SESSION_ADMIN_FROM", &places.source)
        .env("SESSION_ADMIN_TO", &places.target)
        .output()
        .expect("the command");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(stdout), text(stderr));
    assert!(
        !out.contains("correct") && !err.contains("correct"),
        "the password"
    );
    (status.code(), out, err)
}

fn move_once(places: &Places) -> (Option<i32>, String, String) {
    run(Command::new(COMMAND).arg("move"), places)
}

async fn the_command_moves_and_says_where_the_key_is(backend: Backend) {
    let places = Places::new(backend, "command");
    let server = Server::builder()
        .set("database", places.source.as_str())
        .start()
        .await;
    super::fill(&server).await;
    drop(server.stop());

    let (code, out, err) = move_once(&places);
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
    // With another key in that file, and without the file.
    let file = format!("{}.key", places.file.display());
    let key = std::fs::read_to_string(&file).expect("the key");
    std::fs::write(&file, MASTER_KEY).expect("written");
    let (_, out, _) = move_once(&places);
    assert!(
        out.contains(".key (") && out.contains("do not open with"),
        "{out}"
    );
    std::fs::remove_file(&file).expect("removed");
    let (_, out, _) = move_once(&places);
    assert!(out.contains("keep `sessions.master_key` as it is"), "{out}");
    // On the server with the key that there was.
    let new = Server::builder()
        .set("database", places.target.as_str())
        .set("master_key", key.trim())
        .start()
        .await;
    drop(new.stop());
    let (code, _, err) = move_once(&places);
    assert_eq!(code, Some(1));
    assert!(
        err.starts_with("session-admin: the target is in use: it holds 25 sessions"),
        "{err}"
    );
}

/// Has `statement` run in the target when the first revocation arrives, which is after the
/// sessions.
fn spoil(target: &mut Database, backend: Backend, statement: &str) {
    target.execute(&match backend {
        Backend::Mariadb => format!(
            "CREATE TRIGGER spoil BEFORE INSERT ON session_revocation FOR EACH ROW {statement}"
        ),
        Backend::Postgres | Backend::Sqlite => format!(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NEW; END $$;
             CREATE TRIGGER spoil BEFORE INSERT ON session_revocation FOR EACH ROW EXECUTE FUNCTION spoil()"
        ),
    });
}

async fn sides_that_differ_in_the_end_are_a_failure(backend: Backend) {
    for (name, statement, rows) in [
        (
            "a row fewer",
            "DELETE FROM session_info WHERE user_id = 'user 3'",
            24,
        ),
        (
            "a row changed",
            "UPDATE session_info SET generation = 7 WHERE user_id = 'user 3'",
            25,
        ),
    ] {
        let places = Places::new(backend, name);
        let old = Server::builder().on_url(&places.source).start().await;
        super::fill(&old).await;
        let mut eve = old.browser();
        eve.log_in("eve").await;
        eve.sign_out().await.expect(200, OK);
        drop(old.stop());
        super::make_tables(&places.target).await;
        let mut target = Database::connect(&places.target);
        target.execute("DELETE FROM session_key");
        spoil(&mut target, backend, statement);

        let (code, out, err) = move_once(&places);
        assert_eq!((code, err.as_str()), (Some(1), ""), "{name}: {out}");
        let line = format!("session_info              {rows}        25         0         0  ");
        for words in [
            line.as_str(),
            ", but the source has 25 rows and ",
            "Not done: the source changed meanwhile.",
        ] {
            assert!(out.contains(words), "{name}: {words} in {out}");
        }
        super::refused::launch_is_refused(&places.target).await;
        // The next run puts it right.
        let (code, out, _) = move_once(&places);
        assert_eq!(code, Some(0), "{name}: {out}");
    }
}

/// `script` gives the command a terminal.
#[rocket::async_test]
async fn on_a_terminal_there_is_a_bar() {
    let places = Places::new(Backend::Postgres, "terminal");
    let old = Server::builder().on_url(&places.source).start().await;
    super::fill(&old).await;
    drop(old.stop());
    let line = format!("stty cols 120; {COMMAND} move --batch 5");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let (code, out, _) = run(script.env("TERM", "xterm"), &places);
    assert_eq!(code, Some(0), "{out}");
    for words in [
        "copying ",
        "checking",
        " 5 of 25 rows, ",
        " of 50 rows, ",
        "█",
        "both sides are equal",
    ] {
        assert!(out.contains(words), "{words} in {out}");
    }
    assert!(
        !out.contains("copying  25 of 25"),
        "a line for a log: {out}"
    );
}

/// What a person may type, and what the command answers; nothing is made for it.
#[test]
fn what_cannot_be_moved_is_said_and_leaves_nothing_behind() {
    let places = Places::new(Backend::Postgres, "typed");
    let other = places.file.with_file_name("other.db");
    let move_to = |to: &str, batch: &str| {
        let mut command = Command::new(COMMAND);
        command.args(["move", "--to", to, "--batch", batch]);
        run(&mut command, &places)
    };
    std::fs::write(&places.file, "").expect("an empty file");
    let to_other = format!("sqlite://{}", other.display());
    let (code, _, err) = move_to(&to_other, "1000");
    assert_eq!(code, Some(1));
    assert!(err.contains("the source has no session tables"), "{err}");
    assert!(!other.exists(), "a file for nothing");

    let (code, _, err) = move_to("", "1000");
    assert_eq!(code, Some(1));
    assert!(
        err.contains("the target, `--to`: no URL is given: write `sqlite://path`"),
        "{err}"
    );
    for batch in ["0", "10001", "-1"] {
        let (code, _, err) = move_to(&to_other, batch);
        assert_eq!(code, Some(2), "{err}");
        assert!(
            err.contains("1..=10000") || err.contains("unexpected argument"),
            "{err}"
        );
    }
}

/// A server of the other kind waits for the client to speak, and the client for it.
#[rocket::async_test]
async fn a_server_of_another_kind_is_not_waited_for_long() {
    let places = Places::new(Backend::Postgres, "kind");
    let old = Server::builder().on_url(&places.source).start().await;
    super::fill(&old).await;
    drop(old.stop());
    let to = places.target.replace("postgres://", "mysql://");
    let to = to.split('?').next().expect("a place");
    let (code, _, err) = run(Command::new(COMMAND).args(["move", "--to", to]), &places);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("did not answer within 10 s; check scheme, host and port"),
        "{err}"
    );
}

#[rocket::async_test]
async fn a_target_without_sessions_is_in_use_for_its_keys() {
    let places = Places::new(Backend::Postgres, "only_keys");
    super::make_tables(&places.source).await;
    super::make_tables(&places.target).await;
    let (code, _, err) = move_once(&places);
    assert_eq!(code, Some(1));
    assert!(
        err.contains("the target is in use: it holds keys of its own. If"),
        "{err}"
    );
}
