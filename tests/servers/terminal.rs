//! Ending all sessions of a user leaves none that takes the place of one of them meanwhile.

use std::sync::{Mutex, PoisonError};

use rocket::futures::future::join;
use rocket::serde::json::{Value, json};
use rocket::tokio::task::spawn_blocking;
use rocket::{post, routes};
use session_runtime::{Error, Session, SessionHandle};
use session_tests::app::Claims;
use session_tests::browser::ACCESS;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server, names};

session_tests::on_both! {
    a_successor_that_is_committed_meanwhile_ends_too
    so_it_does_in_the_transaction_of_an_application
    nothing_that_began_before_survives
    an_isolation_level_that_would_miss_a_session_is_refused
}

/// Of a successor whose handle sorts before that of the session it replaces, and after it.
const SUCCESSORS: [&str; 2] = [
    "00000000-0000-7000-8000-000000000001",
    "ffffffff-ffff-7fff-bfff-ffffffffffff",
];

/// A transaction that has replaced a session by another and is not committed yet.
fn replace(url: &str, old: SessionHandle, new: &str) -> Database {
    let mut database = Database::connect(url);
    let new = database.handle(new.parse().expect("a handle"));
    let old = database.handle(old);
    database.execute(&format!(
        "CREATE TEMPORARY TABLE successor AS SELECT * FROM session_info WHERE handle = {old};
         UPDATE successor SET handle = {new}"
    ));
    database.begin();
    database.execute(&format!(
        "INSERT INTO session_info SELECT * FROM successor;
         DELETE FROM session_info WHERE handle = {old};
         INSERT INTO session_revocation (handle, until) VALUES ({old}, 0)"
    ));
    database
}

/// Held by whoever asks a server who waits.
static ASKING: Mutex<()> = Mutex::new(());

/// Commits once somebody waits for this transaction.
fn commit_when_waited_for(backend: Backend, mut holder: Database) {
    let waiting = match backend {
        Backend::Mariadb => {
            "SELECT count(*) AS value FROM information_schema.innodb_lock_waits AS waits
             JOIN information_schema.innodb_trx AS holder ON holder.trx_id = waits.blocking_trx_id
             WHERE holder.trx_mysql_thread_id = connection_id()"
        }
        _ => {
            "SELECT count(*) AS value FROM pg_stat_activity
             WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        }
    };
    let asks = |holder: &mut Database| {
        // MariaDB looks anew only after nobody asked for a while, the tests beside this one included.
        let _alone = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
        std::thread::sleep(std::time::Duration::from_millis(150));
        holder.number(waiting)
    };
    while asks(&mut holder) == 0 {
        if backend == Backend::Postgres {
            // Within a transaction it remembers what it saw first.
            holder.execute("SELECT pg_stat_clear_snapshot()");
        }
    }
    holder.execute("COMMIT");
}

async fn a_successor_that_is_committed_meanwhile_ends_too(backend: Backend) {
    for (round, new) in SUCCESSORS.into_iter().enumerate() {
        let (server, url) = super::start(backend, &format!("successor {round}")).await;
        let mut ada = server.browser();
        ada.log_in("ada").await;
        let old = ada.handle().await;
        let holder = replace(&url, old, new);
        let commit = spawn_blocking(move || commit_when_waited_for(backend, holder));
        let (ended, committed) = join(server.sessions().revoke_all("ada"), commit).await;
        committed.expect("a commit");
        assert_eq!(ended, Ok(vec![new.parse().expect("a handle")]));
        assert_eq!(Database::connect(&url).sessions(), 0);
    }
}

async fn so_it_does_in_the_transaction_of_an_application(backend: Backend) {
    for (round, new) in SUCCESSORS.into_iter().enumerate() {
        let (server, url) = super::start(backend, &format!("within {round}")).await;
        let mut ada = server.browser();
        ada.log_in("ada").await;
        let old = ada.handle().await;
        let holder = replace(&url, old, new);
        let commit = spawn_blocking(move || commit_when_waited_for(backend, holder));
        let (sessions, target) = (server.sessions().clone(), url.clone());
        let ending = spawn_blocking(move || {
            Database::connect(&target).within(&sessions, |within| within.revoke_all("ada"))
        });
        let (ended, committed) = join(ending, commit).await;
        committed.expect("a commit");
        let ended = ended.expect("no panic");
        assert_eq!(ended, Ok(vec![new.parse().expect("a handle")]));
        assert_eq!(Database::connect(&url).sessions(), 0);
    }
}

#[post("/changed")]
async fn changed(session: Session<Claims>) -> Result<Value, Error> {
    Ok(json!(session.replace_and_revoke_others().await?))
}

/// Logins, credential changes and the end of all sessions in whatever order the database has them.
async fn nothing_that_began_before_survives(backend: Backend) {
    let url = DatabaseServer::shared(backend).database(std::path::Path::new("before"));
    let builder = || {
        let app = Server::builder().on_url(&url);
        app.rocket(|rocket| rocket.mount("/", routes![changed]))
    };
    let (here, there) = (builder().start().await, builder().start().await);
    let mut met = 0;
    for round in 0..1_000 {
        // As often as it takes on a busy machine until one round meets a successor.
        if round >= 30 && met > 0 {
            break;
        }
        let (mut changing, mut again) = (here.browser(), there.browser());
        changing.log_in("ada").await;
        again.log_in("ada").await;
        let before = here.sessions().handles("ada").await.expect("an answer");
        let (change, login) = (changing.post("/changed"), again.log_in("ada"));
        let all = here.sessions().revoke_all("ada");
        let ((change, login), ended) = join(join(change, login), all).await;
        login.expect(200, r#"{"status":"OK"}"#);
        let ended = ended.expect("an answer");
        met += usize::from(change.status == 200 && ended.iter().any(|end| !before.contains(end)));
        // A login that was committed after the end of all goes on, and nothing else.
        let left = here.sessions().handles("ada").await.expect("an answer");
        // By its token: the end of all may have met it too, and be known there by now.
        let token = again.cookie(ACCESS).expect("a token");
        let login = names::handle_in(&token).expect("a handle");
        assert!(left.iter().all(|left| *left == login), "{left:?}");
        here.sessions().revoke_all("ada").await.expect("an answer");
        for server in [&here, &there] {
            let read = server.sessions().read_revocations_now().await;
            read.expect("an answer");
            for browser in [&changing, &again] {
                let mut browser = server.browser().with_jar(browser.jar());
                assert_eq!(browser.get("/me").await.status, 401);
            }
        }
    }
    assert!(met > 0, "no round met a successor");
}

async fn an_isolation_level_that_would_miss_a_session_is_refused(backend: Backend) {
    let (server, url) = super::start(backend, "isolation").await;
    server.browser().log_in("ada").await;
    for level in ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] {
        let mut application = Database::connect(&url);
        let scope = match backend {
            Backend::Mariadb => "SESSION TRANSACTION ISOLATION LEVEL",
            _ => "SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL",
        };
        application.execute(&format!("SET {scope} {level}"));
        let ended = application.within(server.sessions(), |within| {
            let ended = within.revoke_all("ada")?;
            assert_eq!(ended.len(), 1, "{level}");
            // Taken back, for the next level.
            Err::<(), _>(Error::Conflict)
        });
        let refused = backend == Backend::Postgres && level != "READ COMMITTED";
        let expected = if refused {
            let found = level.to_lowercase();
            Error::IsolationLevel { found }
        } else {
            Error::Conflict
        };
        assert_eq!(ended, Err(expected), "{level}");
    }
}
