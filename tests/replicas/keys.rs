//! Keys and clocks: many processes make one key, and clocks that differ a little change nothing.

use std::time::Duration;

use rocket::futures::future::join_all;
use session_tests::Database;
use session_tests::body::OK;
use session_tests::servers::Backend;

use super::Shared;

super::on! {
    Sqlite: many_make_one_key clocks_may_differ_by_25_seconds;
    Postgres: many_make_one_key clocks_may_differ_by_25_seconds;
    Mariadb: many_make_one_key clocks_may_differ_by_25_seconds;
}

async fn many_make_one_key(backend: Backend) {
    let shared = Shared::new(backend, "keys");
    let servers = join_all((0..8).map(|_| shared.server())).await;
    let mut database = Database::connect(&shared.url);
    let mut keys =
        || database.number("SELECT count(*) AS value FROM session_key WHERE kind = 'ES256'");
    assert_eq!(keys(), 1, "all started at once");
    for expected in [2, 3] {
        let turns = servers.iter().map(|server| {
            server.clock.advance(Duration::from_secs(168 * 60 * 60));
            server.sessions().rotate_keys_now()
        });
        for turn in join_all(turns).await {
            turn.expect("an answer");
        }
        assert_eq!(keys(), expected, "one was due");
    }
    let kids = servers
        .iter()
        .map(|server| server.sessions().signing_keys());
    let kids: Vec<_> = kids.collect();
    assert!(kids.windows(2).all(|two| two[0] == two[1]), "{kids:?}");
}

async fn clocks_may_differ_by_25_seconds(backend: Backend) {
    let shared = Shared::new(backend, "clocks");
    let servers = [
        shared.server().await,
        shared.server().await,
        shared.server().await,
    ];
    // 25 s between any two neighbours of the ring is not possible with three: 0, 25 and again 0.
    servers[1].clock.advance(Duration::from_secs(25));
    for (one, other) in [(0, 1), (1, 0), (1, 2), (2, 1)] {
        let (one, other) = (&servers[one], &servers[other]);
        let mut here = one.browser();
        here.log_in("ada").await.expect(200, OK);
        let mut there = other.browser().with_jar(here.jar());
        assert_eq!(there.get("/me").await.status, 200);
        assert_eq!(there.get("/live").await.status, 200);
        // Ten rotations, each on the other process than the one before.
        for _ in 0..5 {
            there.refresh().await.expect(200, "{}");
            here = one.browser().with_jar(there.jar());
            for server in &servers {
                server.clock.advance(Duration::from_secs(150));
            }
            here.refresh().await.expect(200, "{}");
            there = other.browser().with_jar(here.jar());
            for server in &servers {
                server.clock.advance(Duration::from_secs(150));
            }
        }
        there.sign_out().await.expect(200, OK);
        one.sessions()
            .read_revocations_now()
            .await
            .expect("an answer");
        assert_eq!(here.get("/me").await.status, 401);
        assert_eq!(here.refresh().await.status, 401);
    }
}
