//! PostgreSQL: the primary dies under load and its standby is promoted, with all of what was acknowledged, or without the
//! last of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rocket::futures::future::join_all;
use rocket::{async_test, tokio};
use session_runtime::token::SessionTokens;
use session_runtime::token::Transport;
use session_runtime::{Error, Event, NewSession};
use session_tests::app::{Claims, Notes};
use session_tests::servers::Standby;
use session_tests::{Database, Log, Server, launches};

type Events = Arc<Mutex<Vec<Event>>>;

/// An application on both, and the alarms that it raises.
async fn on(standby: &Standby) -> (Server, Events) {
    let events = Events::default();
    let alarms = Arc::clone(&events);
    let server = Server::builder()
        .on_url(&standby.url())
        .set("database_timeout", "3s")
        .fairing(|fairing| {
            fairing.on_event(move |event| {
                if matches!(
                    event,
                    Event::TokenTheft { .. } | Event::StoreRollbackSuspected { .. }
                ) {
                    alarms.lock().expect("no panic").push(event.clone());
                }
            })
        })
        .start()
        .await;
    (server, events)
}

async fn log_in(server: &Server, user: &str) -> Result<SessionTokens, Error> {
    let claims = Claims {
        name: String::new(),
    };
    server
        .sessions()
        .create(
            NewSession::new(user.to_owned(), claims, Notes::default()),
            Transport::Header,
        )
        .await
}

async fn refresh(server: &Server, tokens: &SessionTokens) -> Result<SessionTokens, Error> {
    server
        .sessions()
        .refresh(tokens.refresh_token().expect("a token"))
        .await
}

async fn fail_over(standby: &Arc<Standby>) {
    let standby = Arc::clone(standby);
    tokio::task::spawn_blocking(move || standby.fail_over())
        .await
        .expect("no panic");
}

#[async_test]
async fn with_a_synchronous_standby_nothing_acknowledged_is_lost() {
    let began = Instant::now();
    let standby = Arc::new(Standby::start(&["synchronous_standby_names=*"]));
    let (server, alarms) = on(&standby).await;
    let (known, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let load = join_all((0..8).map(|client| {
        let (server, known, over) = (&server, &known, &over);
        async move {
            let (mut ended, mut refused) = (Vec::new(), 0);
            let mut n = 0;
            while !over.load(Ordering::Relaxed) {
                n += 1;
                let Ok(mut tokens) = log_in(server, &format!("user {client} {n}")).await else {
                    refused += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                match refresh(server, &tokens).await {
                    Ok(next) => tokens = next,
                    Err(error) => assert_eq!(error, Error::Unavailable),
                }
                if n % 3 > 0 {
                    known.lock().expect("no panic").push(tokens);
                } else if server.sessions().revoke(tokens.handle()).await == Ok(true) {
                    ended.push(tokens);
                }
            }
            (ended, refused)
        }
    }));
    let count = || known.lock().expect("no panic").len();
    let story = async {
        for fail in [true, false] {
            let before = count();
            let deadline = Instant::now() + Duration::from_secs(60);
            while count() < before + 100 {
                assert!(Instant::now() < deadline, "nobody can log in");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if fail {
                fail_over(&standby).await;
            }
        }
        over.store(true, Ordering::Relaxed);
    };
    let (loads, ()) = tokio::join!(load, story);
    let known = known.into_inner().expect("no panic");
    for tokens in &known {
        refresh(&server, tokens)
            .await
            .expect("an acknowledged session");
    }
    let (mut ended, mut refused) = (0, 0);
    for (sessions, times) in loads {
        refused += times;
        ended += sessions.len();
        for tokens in sessions {
            assert_eq!(
                refresh(&server, &tokens).await.err(),
                Some(Error::Unauthorised)
            );
        }
    }
    assert_eq!(*alarms.lock().expect("no panic"), []);
    println!(
        "PostgreSQL, synchronous standby promoted: {} sessions and {ended} revocations acknowledged, {refused} logins refused \
         meanwhile, 0 lost, 0 alarms; {} s",
        known.len(),
        began.elapsed().as_secs()
    );
    assert!(refused > 0 && ended > 0);
}

#[async_test]
async fn what_an_asynchronous_standby_never_got_logs_nobody_out() {
    let began = Instant::now();
    let standby = Arc::new(Standby::start(&[]));
    let (server, alarms) = on(&standby).await;
    let mut sessions = Vec::new();
    for n in 0..20 {
        sessions.push(
            log_in(&server, &format!("user {n}"))
                .await
                .expect("a session"),
        );
    }
    let ended = log_in(&server, "ended").await.expect("a session");
    server
        .sessions()
        .revoke(ended.handle())
        .await
        .expect("an answer");
    let read = async || server.sessions().read_revocations_now().await;
    read().await.expect("an answer");
    let mut primary = Database::connect(&standby.url());
    wait_for_standby(&mut primary).await;

    standby.cut();
    // Two rotations further than the standby will ever know, and a revocation that it never hears of.
    for _ in 0..3 {
        for tokens in &mut sessions {
            *tokens = refresh(&server, tokens).await.expect("new tokens");
        }
        server.clock.advance(Duration::from_secs(121));
    }
    let young = log_in(&server, "young").await.expect("a session");
    let revoked = sessions.pop().expect("a session");
    server
        .sessions()
        .revoke(revoked.handle())
        .await
        .expect("an answer");
    read().await.expect("an answer");
    drop(primary);
    fail_over(&standby).await;

    // The last entry that was seen is not there any more: the feed is read whole, and what comes now is not missed.
    let another = log_in(&server, "another").await.expect("a session");
    Database::connect(&standby.url()).execute(&format!(
        "INSERT INTO session_revocation (handle, until) VALUES ('\\x{}', 9999999999999)",
        another.handle().to_string().replace('-', "")
    ));
    read().await.expect("an answer");
    let verified = server
        .sessions()
        .verify::<Claims>(another.access_token())
        .await;
    assert!(
        verified.is_err(),
        "an entry at a place that was seen before is missed"
    );

    // A login is gone; no more than the database lost.
    assert_eq!(
        refresh(&server, &young).await.err(),
        Some(Error::Unavailable)
    );
    // Each keeps the token that the standby does not know, and rotates with it a while later.
    for tokens in &mut sessions {
        let access_only = refresh(&server, tokens).await.expect("an access token");
        assert_eq!(access_only.refresh_token(), None);
        let known = server.sessions();
        let verified = known.verify::<Claims>(access_only.access_token()).await;
        assert_eq!(verified.map(|session| session.handle), Ok(tokens.handle()));
    }
    server.clock.advance(Duration::from_secs(121));
    for tokens in &mut sessions {
        *tokens = refresh(&server, tokens).await.expect("a new pair");
        assert!(tokens.refresh_token().is_some());
    }
    let alarms = alarms.lock().expect("no panic");
    let rolled_back = alarms
        .iter()
        .filter(|event| matches!(event, Event::StoreRollbackSuspected { .. }));
    let rolled_back = rolled_back.count();
    println!(
        "PostgreSQL, asynchronous standby promoted without the last refreshes: {} sessions go on, {rolled_back} times \
         store_rollback_suspected, {} times theft; {} s",
        sessions.len(),
        alarms.len() - rolled_back,
        began.elapsed().as_secs()
    );
    assert_eq!((rolled_back, alarms.len()), (19, 19));
}

/// As of a URL that was copied from the wrong line of a list.
#[async_test]
async fn a_launch_at_the_standby_alone_is_refused_until_it_is_the_primary() {
    let standby = Arc::new(Standby::start(&[]));
    let build = || Server::builder().on_url(&standby.standby_url()).build();
    let log = Log::start();
    assert!(!launches(build()).await);
    log.expect(&[
        "could not be set up: `sessions.database` names a server that only reads: `transaction_read_only` is on (a standby, \
         or `default_transaction_read_only`); sessions need the primary (`session_runtime::guide::databases` says more)",
    ]);
    fail_over(&standby).await;
    assert!(launches(build()).await);
}

async fn wait_for_standby(primary: &mut Database) {
    let behind =
        "SELECT count(*) AS value FROM pg_stat_replication WHERE replay_lsn < pg_current_wal_lsn()";
    for _ in 0..600 {
        if primary.number(behind) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the standby does not follow");
}
