//! What is revoked stays revoked: whatever the validity of another process, whatever a clock does, and
//! after a failover.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use rocket::figment::value::Value;
use session_runtime::clock::Clock;
use session_runtime::internals::remember_revocations_at_most;
use session_runtime::token::SessionTokens;
use session_runtime::token::Transport;
use session_runtime::{Error, Event, NewSession, Sessions};
use session_tests::app::{Claims, Notes};
use session_tests::servers::Backend;
use session_tests::{Database, Server};

use super::Shared;

super::on! {
    Sqlite: a_shorter_validity_elsewhere_ends_no_revocation a_clock_that_jumps_and_returns_revives_nothing
        what_a_failover_takes_out_of_the_feed_is_put_back a_full_memory_asks_the_database;
    Postgres: a_shorter_validity_elsewhere_ends_no_revocation a_clock_that_jumps_and_returns_revives_nothing
        what_a_failover_takes_out_of_the_feed_is_put_back a_full_memory_asks_the_database;
    Mariadb: a_shorter_validity_elsewhere_ends_no_revocation a_clock_that_jumps_and_returns_revives_nothing
        what_a_failover_takes_out_of_the_feed_is_put_back a_full_memory_asks_the_database;
}

const MINUTE: Duration = Duration::from_secs(60);

/// Events, but for what happens to each session.
type Alarms = Arc<Mutex<Vec<Event>>>;

async fn start(shared: &Shared, settings: &[(&str, Value)]) -> (Server, Alarms) {
    let alarms = Alarms::default();
    let telling = Arc::clone(&alarms);
    let tell = move |event: &Event| {
        if matches!(
            event,
            Event::RevocationsRestored { .. } | Event::RevocationMemoryFull { .. }
        ) {
            telling.lock().expect("no panic").push(event.clone());
        }
    };
    let server = Server::builder()
        .on_url(&shared.url)
        .set("access_token_jitter", 0)
        .settings(settings)
        .fairing(|fairing| fairing.on_event(tell))
        .start();
    (server.await, alarms)
}

async fn log_in(sessions: &Sessions, user: &str) -> SessionTokens {
    let claims = Claims {
        name: String::new(),
    };
    let created = sessions
        .create(
            NewSession::new(user.to_owned(), claims, Notes::default()),
            Transport::Header,
        )
        .await;
    created.expect("a session")
}

async fn read(server: &Server) {
    let read = server.sessions().read_revocations_now().await;
    read.expect("an answer");
}

/// Whether a process takes the access token.
async fn takes(server: &Server, tokens: &SessionTokens) -> bool {
    let verified = server.sessions().verify::<Claims>(tokens.access_token());
    match verified.await {
        Ok(_) => true,
        Err(Error::Unauthorised) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn a_shorter_validity_elsewhere_ends_no_revocation(backend: Backend) {
    let shared = Shared::new(backend, "validity");
    let (long, _) = start(&shared, &[("access_token_validity", "1h".into())]).await;
    let (short, _) = start(&shared, &[("access_token_validity", "1m".into())]).await;
    let tokens = log_in(long.sessions(), "ada").await;
    let ended = short.sessions().revoke(tokens.handle()).await;
    assert_eq!(ended, Ok(true));
    // The last minute of the token, and all before.
    for _ in 0..59 {
        for server in [&long, &short] {
            server.clock.advance(MINUTE);
            read(server).await;
            server.sessions().clean_up_now().await.expect("an answer");
        }
        assert!(!takes(&long, &tokens).await);
        let (late, _) = start(&shared, &[("access_token_validity", "1h".into())]).await;
        late.clock.advance(MINUTE * 59);
        assert!(!takes(&late, &tokens).await, "a process that starts later");
    }
    // Nobody mints such tokens any more, so entries are short-lived again.
    drop(long);
    let tokens = log_in(short.sessions(), "ada").await;
    for _ in 0..71 {
        short.clock.advance(MINUTE);
        read(&short).await;
    }
    let ended = short.sessions().revoke(tokens.handle()).await;
    assert_eq!(ended, Ok(true));
    read(&short).await;
    let now = short.clock.now().timestamp_millis();
    let longest = "SELECT max(until) AS value FROM session_revocation";
    let until = Database::connect(&shared.url).number(longest);
    assert_eq!(until - now, 60_000);
}

async fn a_clock_that_jumps_and_returns_revives_nothing(backend: Backend) {
    let shared = Shared::new(backend, "jump");
    let (server, _) = start(&shared, &[]).await;
    let tokens = log_in(server.sessions(), "ada").await;
    let ended = server.sessions().revoke(tokens.handle()).await;
    assert_eq!(ended, Ok(true));
    read(&server).await;

    server.clock.jump(TimeDelta::hours(2));
    for _ in 0..5 {
        server.clock.advance(MINUTE);
        read(&server).await;
        server.sessions().clean_up_now().await.expect("an answer");
    }
    server.clock.jump(-TimeDelta::hours(2));
    read(&server).await;
    assert!(!takes(&server, &tokens).await);
    // Nor has the clean-up deleted the entry meanwhile.
    let (late, _) = start(&shared, &[]).await;
    assert!(!takes(&late, &tokens).await);
}

/// An asynchronous standby takes over: the database is what it was some commits ago.
async fn what_a_failover_takes_out_of_the_feed_is_put_back(backend: Backend) {
    let shared = Shared::new(backend, "failover");
    let (here, alarms) = start(&shared, &[]).await;
    let (there, _) = start(&shared, &[]).await;
    let mut database = Database::connect(&shared.url);
    let before = log_in(here.sessions(), "bob").await;
    here.sessions().revoke(before.handle()).await.expect("yes");
    let tokens = log_in(here.sessions(), "ada").await;
    let other = log_in(there.sessions(), "eve").await;
    read(&here).await;
    read(&there).await;
    let (saved, restore) = ("CREATE TABLE saved AS SELECT * FROM", "INSERT INTO");
    database.execute(&format!(
        "{saved} session_info; CREATE TABLE feed AS SELECT * FROM session_revocation;
         CREATE TABLE counter AS SELECT * FROM session_counter"
    ));

    // One is revoked and read everywhere, one is only in the memory of the process that revoked it.
    here.sessions().revoke(tokens.handle()).await.expect("yes");
    read(&here).await;
    read(&there).await;
    there.sessions().revoke(other.handle()).await.expect("yes");
    database.execute(&format!(
        "DELETE FROM session_info; {restore} session_info SELECT * FROM saved;
         DELETE FROM session_revocation; {restore} session_revocation SELECT * FROM feed;
         DELETE FROM session_counter; {restore} session_counter SELECT * FROM counter"
    ));
    for server in [&here, &there] {
        server.clock.advance(Duration::from_secs(1));
        read(server).await;
        read(server).await;
    }
    read(&here).await;
    assert_eq!(database.sessions(), 0, "both rows are gone again");
    let (late, _) = start(&shared, &[]).await;
    for server in [&here, &there, &late] {
        for tokens in [&before, &tokens, &other] {
            assert!(!takes(server, tokens).await);
        }
    }
    let alarms = alarms.lock().expect("no panic").clone();
    let handles = vec![tokens.handle()];
    assert_eq!(alarms, [Event::RevocationsRestored { handles }]);
    let numbers = "SELECT count(DISTINCT number) AS value FROM session_revocation";
    assert_eq!(database.number(numbers), 3);
}

async fn a_full_memory_asks_the_database(backend: Backend) {
    let shared = Shared::new(backend, "full");
    let (server, alarms) = start(&shared, &[]).await;
    remember_revocations_at_most(server.sessions(), 2);
    let mut ended = Vec::new();
    for n in 0..4 {
        let tokens = log_in(server.sessions(), &format!("user {n}")).await;
        let revoked = server.sessions().revoke(tokens.handle()).await;
        assert_eq!(revoked, Ok(true));
        ended.push(tokens);
    }
    let alive = log_in(server.sessions(), "ada").await;
    read(&server).await;
    read(&server).await;
    // Old enough to be over, not missing.
    server.clock.advance(Duration::from_secs(20));
    read(&server).await;
    assert_eq!(server.sessions().remembered_revocations(), 2);
    for tokens in &ended {
        assert!(!takes(&server, tokens).await);
    }
    assert!(takes(&server, &alive).await);
    let remembered = 2;
    assert_eq!(
        *alarms.lock().expect("no panic"),
        [Event::RevocationMemoryFull { remembered }]
    );
    // As soon as all of them are over, memory is enough again.
    server.clock.advance(MINUTE * 70);
    read(&server).await;
    let alive = log_in(server.sessions(), "ada").await;
    Database::connect(&shared.url).execute("DELETE FROM session_info");
    assert!(takes(&server, &alive).await, "nothing was asked");
}
