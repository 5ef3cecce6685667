//! The database lets in fewer connections than the application would like.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rocket::futures::future::join_all;
use session_runtime::Event;
use session_tests::body::OK;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Log, Server};

session_tests::on_both! {
    as_many_connections_as_the_settings_say
    more_connections_than_are_let_in_refuse_nobody
    too_few_connections_to_work_with_stop_the_launch
}

/// A database whose user has `most` connections.
fn limited(backend: Backend, name: &str, most: u32) -> String {
    let shared = DatabaseServer::shared(backend);
    let url = shared.database(Path::new(&format!("{name} {most}")));
    shared.with_connections(&url, most)
}

/// Thirty people at once log in, ask the database and refresh.
async fn thirty(server: &Server) {
    let logins = (0..30).map(|n| async move {
        let mut browser = server.browser();
        browser.log_in(&format!("user {n}")).await.expect(200, OK);
        assert_eq!(browser.get("/live").await.status, 200);
        browser.refresh().await.expect(200, "{}");
    });
    join_all(logins).await;
}

async fn as_many_connections_as_the_settings_say(backend: Backend) {
    for (most, writers, readers) in [(5, 2, 2), (4, 1, 2), (3, 1, 1)] {
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        let server = Server::builder()
            .on_url(&limited(backend, "set", most))
            .set("write_connections", writers)
            .set("read_connections", readers)
            .fairing(|fairing| {
                fairing.on_event(move |event| {
                    if matches!(event, Event::ConnectionRefused { .. }) {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .start()
            .await;
        thirty(&server).await;
        assert_eq!(refused.load(Ordering::SeqCst), 0, "of {most}");
    }
}

async fn more_connections_than_are_let_in_refuse_nobody(backend: Backend) {
    for most in [5, 4, 3] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tells = Arc::clone(&told);
        let server = Server::builder()
            .on_url(&limited(backend, "defaults", most))
            .fairing(|fairing| {
                fairing.on_event(move |event| {
                    if let Event::ConnectionRefused { setting, open, .. } = event {
                        tells.lock().expect("no panic").push((*setting, *open));
                    }
                })
            })
            .start()
            .await;
        // Until one that works beside the others was wanted.
        for _ in 0..100 {
            thirty(&server).await;
            if !told.lock().expect("no panic").is_empty() {
                break;
            }
        }
        let told = told.lock().expect("no panic");
        let (setting, open) = told.first().expect("an event");
        assert!(["write_connections", "read_connections"].contains(setting));
        assert!((1..4).contains(open), "{open} {setting} of {most}");
    }
}

async fn too_few_connections_to_work_with_stop_the_launch(backend: Backend) {
    for most in [1, 2] {
        let url = limited(backend, "too few", most);
        let log: Log = super::refused::launch(&super::refused::on(url))
            .await
            .expect("no launch");
        log.expect(&[
            "`sessions.database` refuses another connection",
            "`write_connections` + `read_connections` + 1",
            "needs three: allow three",
            match backend {
                Backend::Mariadb => "max_user_connections",
                Backend::Postgres | Backend::Sqlite => "too many connections",
            },
        ]);
    }
}
