//! The database hangs: its processes stand still and its connections stay open. What waits for it
//! is bounded, and nothing else waits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rocket::futures::future::join_all;
use rocket::tokio::task::{spawn_blocking, yield_now};
use rocket::tokio::{join, sync::Notify};
use session_runtime::Event;
use session_tests::body::UNAVAILABLE;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Builder, Server};

session_tests::on_both! {
    a_database_that_hangs_holds_up_nothing_else
    reads_wait_in_a_bounded_queue
}

/// What the breaker told.
#[derive(Default)]
struct Told {
    hangs: AtomicUsize,
    answers: Notify,
}

fn on(url: &str, told: &Arc<Told>) -> Builder {
    let told = Arc::clone(told);
    Server::builder()
        .on_url(url)
        .set("database_timeout", "1s")
        .fairing(|fairing| {
            fairing.on_event(move |event| match event {
                Event::DatabaseHangs => {
                    told.hangs.fetch_add(1, Ordering::SeqCst);
                }
                Event::DatabaseAnswers => told.answers.notify_one(),
                _ => {}
            })
        })
}

/// How long the feed counts, and a little.
const STALE: Duration = Duration::from_secs(2);

async fn a_database_that_hangs_holds_up_nothing_else(backend: Backend) {
    let database = DatabaseServer::start(backend, &[]);
    let url = database.database(Path::new("hangs"));
    let told = Arc::new(Told::default());
    let server = on(&url, &told).start().await;
    let accepting = on(&url, &Arc::default()).set("revocation_on_stall", "accept");
    let refusing = on(&url, &Arc::default()).set("revocation_on_stall", "refuse");
    let (accepting, refusing) = (accepting.start().await, refusing.start().await);
    let mut ada = server.logged_in("ada").await;

    database.hang();
    for server in [&server, &accepting, &refusing] {
        server.clock.advance(STALE);
    }
    let answered = AtomicUsize::new(0);
    let held = join_all((0..2_000).map(|_| {
        let mut tab = ada.clone();
        let answered = &answered;
        async move {
            let answer = tab.get("/me").await;
            answered.fetch_add(1, Ordering::SeqCst);
            answer.expect(503, UNAVAILABLE).expect_untouched();
        }
    }));
    let beside = async {
        // Work of the application's own, on the threads where reads would wait.
        for _ in 0..100 {
            spawn_blocking(|| ()).await.expect("no panic");
        }
        // So are requests that need no database, and what another setting says.
        for (server, status) in [(&accepting, 200), (&refusing, 503)] {
            let mut tab = server.browser().with_jar(ada.jar());
            assert_eq!(tab.get("/me").await.status, status);
        }
        assert_eq!(server.browser().get("/open").await.status, 200);
        assert_eq!(answered.load(Ordering::SeqCst), 0, "before any of them");
    };
    join!(held, beside);
    assert_eq!(told.hangs.load(Ordering::SeqCst), 1);
    // The clock stands still, so none of these is asked to find out.
    let refused = join_all((0..100).map(|_| {
        let mut tab = ada.clone();
        async move { tab.get("/live").await.status }
    }));
    assert_eq!(refused.await, [503; 100]);

    database.go_on();
    told.answers.notified().await;
    assert_eq!(ada.get("/me").await.status, 200);
    assert_eq!(ada.get("/live").await.status, 200);
    ada.refresh().await.expect(200, "{}");
    assert_eq!(told.hangs.load(Ordering::SeqCst), 1);
}

async fn reads_wait_in_a_bounded_queue(backend: Backend) {
    let database = DatabaseServer::start(backend, &[]);
    let url = database.database(Path::new("bounded"));
    let told = Arc::new(Told::default());
    let server = on(&url, &told)
        .set("database_timeout", "5s")
        .set("database_queue", 100)
        .start()
        .await;
    let ada = server.logged_in("ada").await;

    database.hang();
    let refused = AtomicUsize::new(0);
    let reads = join_all((0..150).map(|_| {
        let mut tab = ada.clone();
        let refused = &refused;
        async move {
            let answer = tab.get("/live").await;
            if answer.status == 503 {
                refused.fetch_add(1, Ordering::SeqCst);
            }
            answer.status
        }
    }));
    let go_on = async {
        // All but the queue's hundred and what the threads have taken.
        while refused.load(Ordering::SeqCst) < 150 - 100 - 4 {
            yield_now().await;
        }
        assert_eq!(told.hangs.load(Ordering::SeqCst), 0, "at once");
        database.go_on();
    };
    let (statuses, ()) = join!(reads, go_on);
    let served = statuses.iter().filter(|status| **status == 200).count();
    // The feed may have been among those that waited.
    assert!((99..=104).contains(&served), "{served} were served");
}
