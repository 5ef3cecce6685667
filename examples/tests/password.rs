//! Changing the password: it and the end of all other sessions are one commit, or nothing at all.

mod application;

use std::path::Path;
use std::process::Command;

use application::{Application, free_port};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// curl with a jar of its own, as a browser would have.
struct Browser<'f> {
    folder: &'f Path,
    jar: &'static str,
    port: u16,
}

impl Browser<'_> {
    /// Sends a request; returns the status and the body.
    fn send(&self, path: &str, json: Option<&str>) -> (String, String) {
        let mut curl = Command::new("curl");
        curl.current_dir(self.folder).args([
            "-s",
            "-b",
            self.jar,
            "-c",
            self.jar,
            "-w",
            "\n%{http_code}",
        ]);
        if let Some(json) = json {
            curl.args(["--json", json]);
        }
        let output = curl
            .arg(format!("http://127.0.0.1:{}{path}", self.port))
            .output()
            .expect("curl");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let (body, status) = text.rsplit_once('\n').expect("a status");
        (status.to_owned(), body.to_owned())
    }

    fn log_in(&self, password: &str) -> String {
        let body = format!(r#"{{"user":"ada","password":"{password}"}}"#);
        self.send("/login", Some(&body)).0
    }

    fn change(&self, current: &str, new: &str) -> String {
        let body = format!(r#"{{"current":"{current}","new":"{new}"}}"#);
        self.send("/password", Some(&body)).0
    }

    /// What the database says of the session.
    fn is_in(&self) -> bool {
        self.send("/data", None).0 == "200"
    }
}

#[test]
fn the_password_and_all_other_sessions_change_together_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let _application = Application::start(folder.path(), port);
    let browser = |jar| Browser {
        folder: folder.path(),
        jar,
        port,
    };
    let (laptop, phone, guest) = (browser("laptop"), browser("phone"), browser("guest"));
    let (old, new) = ("correct horse", "battery staple");
    let account = format!(r#"{{"user":"ada","password":"{old}"}}"#);
    assert_eq!(laptop.send("/signup", Some(&account)).0, "201");
    assert_eq!(
        (laptop.log_in(old), phone.log_in(old)),
        ("200".into(), "200".into())
    );

    assert_eq!(guest.change(old, new), "401");
    assert_eq!(laptop.change("not the password", new), "403");
    assert_eq!(laptop.change(old, "short"), "400");

    // The feed of revocations refuses, after the password was written: all of it is rolled back.
    let file = folder.path().join("app.db");
    let mut database = SqliteConnection::establish(&file.to_string_lossy()).expect("the database");
    let mut execute = |sql: &str| database.batch_execute(sql).expect(sql);
    execute(
        "CREATE TRIGGER no_feed BEFORE INSERT ON session_revocation BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    assert_eq!(laptop.change(old, new), "500");
    execute("DROP TRIGGER no_feed");
    assert!(laptop.is_in() && phone.is_in());
    assert_eq!(
        (guest.log_in(new), guest.log_in(old)),
        ("401".into(), "200".into())
    );
    let feed = diesel::sql_query("SELECT count(*) AS count FROM session_revocation");
    assert_eq!(
        feed.get_result::<Count>(&mut database)
            .expect("a count")
            .count,
        0
    );

    let copy = browser("copy");
    std::fs::copy(folder.path().join("laptop"), folder.path().join("copy")).expect("a copy");
    assert_eq!(laptop.change(old, new), "200");
    assert!(!copy.is_in(), "a stolen jar outlives the password");
    assert!(laptop.is_in() && !phone.is_in() && !guest.is_in());
    assert_eq!(
        (guest.log_in(old), guest.log_in(new)),
        ("401".into(), "200".into())
    );
}
