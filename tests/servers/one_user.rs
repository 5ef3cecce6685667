//! One user cannot slow the others.

use rocket::futures::future::join_all;
use rocket::tokio::sync::oneshot;
use rocket::tokio::task::spawn_blocking;
use session_runtime::NewSession;
use session_runtime::token::Transport;
use session_tests::app::{Claims, Notes};
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server};

session_tests::on_both! {
    logins_under_a_limit_wait_for_the_same_user_only
    logins_of_one_user_at_once_keep_to_the_limit
    many_sessions_end_in_short_transactions
}

const LOGGED_IN: &str = r#"{"status":"OK"}"#;

async fn limited(backend: Backend, name: &str) -> (Server, String) {
    let url = DatabaseServer::shared(backend).database(std::path::Path::new(name));
    (beside(&url).await, url)
}

async fn beside(url: &str) -> Server {
    let builder = Server::builder().on_url(url);
    builder.set("max_sessions_per_user", 2).start().await
}

fn ada() -> NewSession {
    let claims = Claims { name: "Ada".into() };
    NewSession::new("ada".to_owned(), claims, Notes::default())
}

async fn logins_under_a_limit_wait_for_the_same_user_only(backend: Backend) {
    let (server, url) = limited(backend, "limited").await;
    let bob = server.browser().log_in("bob").await;
    bob.expect(200, LOGGED_IN);
    let (created, is_created) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let (sessions, target) = (server.sessions().clone(), url.clone());
    let application = spawn_blocking(move || {
        Database::connect(&target).within(&sessions, |within| {
            let committed = within.create(ada(), Transport::Cookie)?;
            created.send(()).expect("a listener");
            may_go_on.blocking_recv().expect("a word");
            Ok(committed.handle())
        })
    });
    is_created.await.expect("a session");
    // Its transaction is open.
    for round in 0..3 {
        let logins = (0..10).map(|n| {
            let server = &server;
            async move { server.browser().log_in(&format!("user {round} {n}")).await }
        });
        for login in join_all(logins).await {
            login.expect(200, LOGGED_IN);
        }
    }
    let ended = server.sessions().revoke_all("bob").await;
    assert_eq!(ended.map(|ended| ended.len()), Ok(1));
    let read = server.sessions().read_revocations_now().await;
    read.expect("the feed is numbered and read");
    let unnumbered = "SELECT count(*) AS value FROM session_revocation WHERE number IS NULL";
    assert_eq!(Database::connect(&url).number(unnumbered), 0);
    go_on.send(()).expect("a listener");
    application.await.expect("no panic").expect("a session");
    assert_eq!(
        server.sessions().handles("ada").await.map(|all| all.len()),
        Ok(1)
    );
}

async fn logins_of_one_user_at_once_keep_to_the_limit(backend: Backend) {
    let (server, url) = limited(backend, "at once").await;
    let there = beside(&url).await;
    let servers = [&server, &there];
    let logins = (0..20).map(|n| {
        let server = servers[n % 2];
        async move { server.browser().log_in("ada").await.status }
    });
    let within = spawn_blocking({
        let (sessions, url) = (server.sessions().clone(), url.clone());
        move || {
            let mut application = Database::connect(&url);
            for _ in 0..5 {
                let created =
                    application.within(&sessions, |within| within.create(ada(), Transport::Cookie));
                let _ = created.expect("a session");
            }
        }
    });
    assert_eq!(join_all(logins).await, [200; 20]);
    within.await.expect("no panic");
    assert_eq!(
        server.sessions().handles("ada").await.map(|all| all.len()),
        Ok(2)
    );
}

/// Rows that one transaction deletes and numbers are counted by the entries that share it.
async fn many_sessions_end_in_short_transactions(backend: Backend) {
    let (server, url) = super::start(backend, "many").await;
    let claims = Claims {
        name: String::new(),
    };
    let creates = (0..1_200).map(|_| {
        let (sessions, claims) = (server.sessions(), &claims);
        async move {
            sessions
                .create(
                    NewSession::new("ada".to_owned(), claims.clone(), Notes::default()),
                    Transport::Header,
                )
                .await
        }
    });
    for created in join_all(creates).await {
        created.expect("a session");
    }
    let mut database = Database::connect(&url);
    // Whoever would end or number more than 100 at once is refused.
    let guard = match backend {
        Backend::Mariadb => {
            "CREATE TABLE most (at INT, ending INT);
             CREATE TRIGGER ends AFTER DELETE ON session_info FOR EACH ROW
             INSERT INTO most SELECT 0, 1 FROM DUAL"
        }
        _ => {
            "CREATE TABLE most (at xid8, ending INT);
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO most VALUES (pg_current_xact_id(), TG_ARGV[0]::int); RETURN NULL; END $$;
             CREATE TRIGGER ends AFTER DELETE ON session_info FOR EACH ROW EXECUTE FUNCTION note(1);
             CREATE TRIGGER numbers AFTER UPDATE ON session_revocation FOR EACH ROW EXECUTE FUNCTION note(0)"
        }
    };
    database.execute(guard);
    let ended = server.sessions().revoke_all("ada").await;
    assert_eq!(ended.map(|ended| ended.len()), Ok(1_200));
    let read = server.sessions().read_revocations_now().await;
    read.expect("an answer");
    for sql in [
        "SELECT count(DISTINCT number) AS value FROM session_revocation",
        "SELECT max(number) AS value FROM session_revocation",
        "SELECT sum(ending) AS value FROM most",
    ] {
        assert_eq!(database.number(sql), 1_200, "{sql}");
    }
    if backend == Backend::Postgres {
        let most = |ending: u8| {
            format!(
                "SELECT max(rows) AS value FROM (SELECT count(*) AS rows FROM most WHERE ending = {ending} GROUP BY at) AS each"
            )
        };
        assert_eq!(database.number(&most(1)), 100);
        // The background task reads the feed, too, and may share its transaction.
        assert!(database.number(&most(0)) <= 200);
    }
}
