//! Changing the password: it and the end of all other sessions are one commit, or nothing at all.

use std::sync::Barrier;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::application::{Application, free_port};
use crate::browser::Browser;
use crate::with_browsers;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The application's database, for a look and for trouble.
fn database_of(browser: &Browser<'_>) -> SqliteConnection {
    let file = browser.folder.join("app.db");
    SqliteConnection::establish(&file.to_string_lossy()).expect("the database")
}

#[test]
fn the_password_and_all_other_sessions_change_together_or_not_at_all() {
    with_browsers(
        ["laptop", "phone", "guest", "copy"],
        |[laptop, phone, guest, copy]| {
            let (old, new) = ("correct horse", "battery staple");
            laptop.log_in("ada");
            phone.log_in("ada");

            assert_eq!(guest.change_password(old, new), "401");
            assert_eq!(laptop.change_password("not the password", new), "403");
            assert_eq!(laptop.change_password(old, "short"), "422");

            // The feed of revocations refuses, after the password was written: all of it is rolled
            // back.
            let mut database = database_of(&laptop);
            let mut execute = |sql: &str| database.batch_execute(sql).expect(sql);
            execute(
                "CREATE TRIGGER no_feed BEFORE INSERT ON session_revocation BEGIN SELECT RAISE(ABORT, 'no'); END",
            );
            assert_eq!(laptop.change_password(old, new), "503");
            execute("DROP TRIGGER no_feed");
            assert!(laptop.is_in() && phone.is_in());
            let logins = [new, old].map(|password| guest.log_in_with("ada", password));
            assert_eq!(logins, ["401", "200"]);
            let feed = diesel::sql_query("SELECT count(*) AS count FROM session_revocation");
            let rows = feed.get_result::<Count>(&mut database).expect("a count");
            assert_eq!(rows.count, 0);

            laptop.copy_to(&copy);
            assert_eq!(laptop.change_password(old, new), "200");
            assert!(!copy.is_in(), "a stolen jar outlives the password");
            assert!(laptop.is_in() && !phone.is_in() && !guest.is_in());
            let logins = [old, new].map(|password| guest.log_in_with("ada", password));
            assert_eq!(logins, ["401", "200"]);
        },
    );
}

/// Whoever knows the old password keeps logging in: one of the logins is always under way.
#[test]
fn a_login_under_way_with_the_old_password_ends_with_the_change() {
    let jars = ["owner", "eve-1", "eve-2", "eve-3", "eve-4"];
    with_browsers(jars, |[owner, eves @ ..]| {
        owner.log_in("ada");
        let passwords = [
            "correct horse",
            "battery staple",
            "odd socks",
            "tin whistle",
        ];
        for change in passwords.windows(2) {
            let everybody = Barrier::new(eves.len() + 1);
            thread::scope(|scope| {
                for eve in &eves {
                    let everybody = &everybody;
                    scope.spawn(move || {
                        assert_eq!(eve.log_in_with("ada", change[0]), "200");
                        everybody.wait();
                        while eve.log_in_with("ada", change[0]) != "401" {}
                    });
                }
                everybody.wait();
                assert_eq!(owner.change_password(change[0], change[1]), "200");
            });
            for eve in &eves {
                let refreshed = eve.send(&["-X", "POST"], "/auth/session/refresh");
                assert_eq!(refreshed.status, "401", "{} is still in", eve.jar);
            }
            assert!(owner.is_in());
        }
    });
}

#[test]
fn a_database_that_is_locked_for_long_is_503_and_changes_nothing() {
    with_browsers(["ada", "guest"], |[ada, guest]| {
        ada.log_in("ada");
        let (old, new) = ("correct horse", "battery staple");
        let form = ["current=correct horse", "new=battery staple"];
        let account = r#"{"user":"bob","password":"correct horse"}"#;

        let mut database = database_of(&ada);
        database.batch_execute("BEGIN IMMEDIATE").expect("a lock");
        assert_eq!(ada.change_password(old, new), "503");
        let page = ada.submit(&ada.form("/account/password"), &form);
        assert!(page.status == "503" && page.body.contains("nothing has changed"));
        assert_eq!(guest.log_in_with("ada", old), "503");
        let busy = guest.json("/signup", account);
        assert!(busy.status == "503" && busy.head.contains("retry-after: "));
        database.batch_execute("ROLLBACK").expect("no lock");

        assert_eq!(ada.change_password(old, new), "200");
        assert_eq!(guest.json("/signup", account).status, "201");
    });
}

/// A hash takes 19 MiB, and guessing is free.
#[test]
fn sixty_wrong_logins_at_once_take_memory_for_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let application = Application::start(folder.path(), port, "");
    let eve = Browser {
        folder: folder.path(),
        jar: "/dev/null",
        port,
    };
    thread::scope(|scope| {
        for _ in 0..60 {
            scope.spawn(|| {
                let status = eve.log_in_with("ada", "not the password");
                // One that waits for too long is told to come back.
                assert!(["401", "503"].contains(&&*status), "{status}");
            });
        }
    });
    if let Some(peak) = application.peak_memory() {
        assert!(peak < 150_000, "{peak} kB");
    }
}
