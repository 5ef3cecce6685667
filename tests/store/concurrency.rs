//! Many at once: what waits is committed together, and nothing that was handed out is lost.

use base64::Engine;
use rocket::async_test;
use rocket::futures::future::{join, join_all};
use session_runtime::NewSession;
use session_runtime::token::SessionTokens;
use session_runtime::token::Transport;
use session_tests::Server;
use session_tests::app::{Claims, Notes};

async fn create(server: &Server, user: String) -> SessionTokens {
    let created = server
        .sessions()
        .create(
            NewSession::new(
                user,
                Claims {
                    name: String::new(),
                },
                Notes::default(),
            ),
            Transport::Header,
        )
        .await;
    created.expect("a session")
}

#[async_test]
async fn sqlite_everything_that_waits_is_one_commit() {
    let server = Server::start().await;
    create(&server, "first".into()).await;
    let mut lock = server.database();
    let before = lock.commits();
    // While the lock is held the writer waits with the first, so the others gather behind it.
    lock.execute("BEGIN IMMEDIATE");
    let release = async {
        rocket::tokio::task::yield_now().await;
        lock.execute("COMMIT");
    };
    let creates = join_all((0..100).map(|n| create(&server, format!("user {n}"))));
    rocket::futures::future::join(creates, release).await;

    assert_eq!(server.database().sessions(), 101);
    let commits = server.database().commits() - before;
    assert!(commits <= 2, "100 sessions took {commits} commits");
}

#[async_test]
async fn no_session_that_was_acknowledged_is_missing() {
    let server = Server::start().await;
    let created = join_all((0..300).map(|n| create(&server, format!("user {}", n % 7)))).await;
    let found = join_all(
        created
            .iter()
            .map(|tokens| server.sessions().info(tokens.handle())),
    )
    .await;
    assert!(found.iter().all(|info| matches!(info, Ok(Some(_)))));
    assert_eq!(server.database().sessions(), 300);
}

#[async_test]
async fn of_64_threads_with_one_token_every_token_handed_out_is_in_the_row() {
    let server = Server::start().await;
    let others = [server.beside().start().await, server.beside().start().await];
    let tokens = create(&server, "ada".into()).await;
    let parent = tokens.refresh_token().expect("a token");
    let processes = [
        server.sessions(),
        others[0].sessions(),
        others[1].sessions(),
    ];
    let runtime = rocket::tokio::runtime::Handle::current();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|n| {
                let (sessions, runtime) = (processes[n % 3], runtime.clone());
                scope.spawn(move || runtime.block_on(sessions.refresh(parent)))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });

    let minted: Vec<String> = answers
        .iter()
        .map(|answer| answer.as_ref().expect("no refresh is refused"))
        .filter_map(|tokens| tokens.refresh_token().map(str::to_owned))
        .collect();
    assert_eq!(minted.len(), 8, "K children are minted and no more");
    let children = server
        .database()
        .bytes("SELECT children AS value FROM session_info");
    assert_eq!(children.len(), 8 * 40);

    // Whichever is used next works.
    for token in minted {
        assert!(server.sessions().refresh(&token).await.is_ok());
    }
}

#[async_test]
async fn a_revocation_beats_the_refreshes_beside_it() {
    let server = Server::start().await;
    let mut outcomes = Vec::new();
    // 1,000 refreshes, each beside a revocation; half of them are asked for after it.
    for first in [true, false].repeat(125) {
        let tokens = create(&server, "ada".into()).await;
        let refresh = tokens.refresh_token().expect("a token");
        let sessions = server.sessions();
        let revoking = sessions.revoke(tokens.handle());
        let refreshing = join_all((0..4).map(|_| sessions.refresh(refresh)));
        let (refreshed, revoked) = if first {
            join(refreshing, revoking).await
        } else {
            let (revoked, refreshed) = join(revoking, refreshing).await;
            (refreshed, revoked)
        };
        assert_eq!(revoked, Ok(true));
        outcomes.extend(refreshed.iter().map(Result::is_ok));
        for fresh in refreshed.into_iter().flatten() {
            let token = fresh.refresh_token().expect("a token");
            assert!(sessions.refresh(token).await.is_err());
        }
        assert_eq!(server.database().sessions(), 0);
    }
    // Both orders came about.
    assert!(outcomes.contains(&true) && outcomes.contains(&false));
}

#[async_test]
async fn the_application_may_write_to_the_same_database_all_the_time() {
    let server = Server::start().await;
    server.database().execute("CREATE TABLE app (n INTEGER)");
    let mut database = server.database();
    let application = std::thread::spawn(move || {
        for n in 0..200 {
            database.begin();
            database.execute(&format!("INSERT INTO app VALUES ({n})"));
            database.execute("COMMIT");
        }
    });
    for n in 0..100 {
        create(&server, format!("user {n}")).await;
    }
    application.join().expect("an application without errors");
    assert_eq!(server.database().sessions(), 100);
    assert_eq!(
        server
            .database()
            .number("SELECT count(*) AS value FROM app"),
        200
    );
}

#[async_test]
async fn a_million_random_refresh_tokens_would_not_collide_so_a_thousand_do_not() {
    let server = Server::start().await;
    let created = join_all((0..1000).map(|n| create(&server, format!("user {n}")))).await;
    let secrets: std::collections::HashSet<Vec<u8>> = created
        .iter()
        .map(|tokens| {
            let token = &tokens.refresh_token().expect("a token")[3..];
            base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(token)
                .expect("base64url")[22..54]
                .to_vec()
        })
        .collect();
    assert_eq!(secrets.len(), 1000);
}
