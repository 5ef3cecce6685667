//! Three real processes on one database: what one ends, the others refuse within the bound, and no
//! request reads the database for it.

use std::thread;
use std::time::{Duration, Instant};

use session_tests::body::{OK, UNAUTHORISED};
use session_tests::process::{Answer, Place, Tokens};
use session_tests::servers::Backend;
use session_tests::{Database, Log};

use super::{ONE_SITE, Shared, three};

super::on! {
    Sqlite: a_counter_that_was_set_back_hides_no_revocation a_revocation_holds_everywhere_within_the_bound a_revocation_ends_what_is_open_everywhere_within_the_bound verifying_reads_no_row a_late_process_knows_everything;
    Postgres: a_counter_that_was_set_back_hides_no_revocation a_revocation_holds_everywhere_within_the_bound a_revocation_ends_what_is_open_everywhere_within_the_bound verifying_reads_no_row a_late_process_knows_everything
        a_revocation_committed_late_reaches_everybody;
    Mariadb: a_counter_that_was_set_back_hides_no_revocation a_revocation_holds_everywhere_within_the_bound a_revocation_ends_what_is_open_everywhere_within_the_bound verifying_reads_no_row a_late_process_knows_everything
        a_revocation_committed_late_reaches_everybody;
}

/// `revocation_bound`, as it is unless somebody sets it.
const BOUND: Duration = Duration::from_secs(1);

/// Polls until a process refuses; how long before its answer the last accepted request was sent,
/// after `since`.
fn accepted_for(place: &Place, tokens: &Tokens, since: Instant) -> Duration {
    let mut last = Duration::ZERO;
    for _ in 0..2000 {
        // Judged by when a request was sent: how long a busy machine takes to answer is not the
        // promise.
        let sent = since.elapsed();
        match place.get("/me", tokens) {
            Answer::Came(200, _) => last = sent,
            Answer::Came(401, body) => {
                assert_eq!(body, UNAUTHORISED);
                return last;
            }
            other => panic!("{other:?}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("a revoked session is accepted for ever");
}

async fn a_revocation_holds_everywhere_within_the_bound(backend: Backend) {
    let shared = Shared::new(backend, "bound");
    let processes = three(&shared.url);
    let mut worst = Duration::ZERO;
    for round in 0..9 {
        let (place, _) = &processes[round % 3];
        let (answer, tokens) = place.log_in(&format!("user {round}"));
        assert_eq!(answer.status(), Some(200));
        for (place, _) in &processes {
            assert_eq!(place.get("/me", &tokens).status(), Some(200));
        }
        // The bound counts from the commit, which comes before this answer: what is sent a bound
        // after the answer is refused whatever the load, for a process that could not read in time
        // asks the database.
        assert_eq!(place.sign_out(&tokens).status(), Some(200));
        let since = Instant::now();
        let others = thread::scope(|scope| {
            let others = [1, 2].map(|n| &processes[(round + n) % 3].0);
            let polls = others.map(|place| {
                let tokens = &tokens;
                scope.spawn(move || accepted_for(place, tokens, since))
            });
            polls.map(|poll| poll.join().expect("no panic"))
        });
        worst = worst.max(others[0]).max(others[1]);
        assert_eq!(
            place.get("/me", &tokens).status(),
            Some(401),
            "its own counts at once"
        );
    }
    println!(
        "{backend:?}: 9 revocations, refused by the two other processes after at most {} ms",
        worst.as_millis()
    );
    assert!(worst < BOUND, "{worst:?}");
}

async fn a_revocation_ends_what_is_open_everywhere_within_the_bound(backend: Backend) {
    let shared = Shared::new(backend, "open");
    let processes = three(&shared.url);
    let mut worst = Duration::ZERO;
    for round in 0..3 {
        let (place, _) = &processes[round];
        let (_, tokens) = place.log_in("ada");
        let open = processes
            .each_ref()
            .map(|(place, _)| place.stream("/events", &tokens));
        let ends = thread::scope(|scope| {
            let ends = open.map(|mut stream| {
                scope.spawn(move || {
                    let rest = std::io::copy(&mut stream, &mut std::io::sink());
                    rest.expect("a stream that ends");
                    Instant::now()
                })
            });
            assert!(ends.iter().all(|end| !end.is_finished()));
            assert_eq!(place.sign_out(&tokens).status(), Some(200));
            let since = Instant::now();
            let ends = ends.map(|end| end.join().expect("no panic"));
            ends.map(|end| end.saturating_duration_since(since))
        });
        worst = ends.into_iter().fold(worst, Duration::max);
    }
    println!(
        "{backend:?}: 3 revocations, streams of three processes ended after at most {} ms",
        worst.as_millis()
    );
    // A busy machine may be late to say so.
    assert!(worst < 2 * BOUND, "{worst:?}");
}

/// Without the table nobody can read a row of it: what is answered then was answered without.
async fn verifying_reads_no_row(backend: Backend) {
    let shared = Shared::new(backend, "reads");
    let processes = three(&shared.url);
    let (answer, tokens) = processes[0].0.log_in("ada");
    assert_eq!(answer.status(), Some(200));
    let all = |path: &str, times: usize| -> Vec<Option<u16>> {
        let asked = (0..times).flat_map(|_| &processes);
        asked
            .map(|(place, _)| place.get(path, &tokens).status())
            .collect()
    };
    assert_eq!(all("/live", 1), [Some(200); 3]);
    let mut database = Database::connect(&shared.url);
    database.execute("ALTER TABLE session_info RENAME TO hidden");
    assert_eq!(all("/me", 100), [Some(200); 300]);
    assert_eq!(all("/live", 1), [Some(503); 3]);
    database.execute("ALTER TABLE hidden RENAME TO session_info");
}

async fn a_late_process_knows_everything(backend: Backend) {
    let shared = Shared::new(backend, "late process");
    let place = Place::on(&shared.url, ONE_SITE);
    let _process = place.start();
    let ended: Vec<Tokens> = (0..40)
        .map(|n| {
            let (_, tokens) = place.log_in(&format!("user {n}"));
            assert_eq!(place.sign_out(&tokens).status(), Some(200));
            tokens
        })
        .collect();
    let late = Place::on(&shared.url, ONE_SITE);
    let _late = late.start();
    // Its first requests, sooner than its first turn.
    for tokens in &ended {
        let answer = late.get("/me", tokens);
        assert_eq!(answer, Answer::Came(401, UNAUTHORISED.into()));
    }
}

async fn a_revocation_committed_late_reaches_everybody(backend: Backend) {
    let shared = Shared::new(backend, "out of order");
    let processes = three(&shared.url);
    let (_, slow) = processes[0].0.log_in("slow");
    let mut application = Database::connect(&shared.url);
    let handle = application.text(match backend {
        Backend::Postgres => "SELECT encode(handle, 'hex') AS value FROM session_info",
        _ => "SELECT lower(hex(handle)) AS value FROM session_info",
    });
    let handle = application.blob(&handle);
    application.begin();
    application.execute(&format!(
        "DELETE FROM session_info WHERE handle = {handle};
         INSERT INTO session_revocation (handle, until) VALUES ({handle}, 9999999999999)"
    ));
    // Twenty that are written later and committed earlier; everybody reads past the place of the
    // first.
    for n in 0..20 {
        let (place, _) = &processes[n % 3];
        let (_, tokens) = place.log_in(&format!("fast {n}"));
        assert_eq!(place.sign_out(&tokens).status(), Some(200));
        let since = Instant::now();
        for (place, _) in &processes {
            assert!(accepted_for(place, &tokens, since) < BOUND);
        }
    }
    for (place, _) in &processes {
        assert_eq!(place.get("/me", &slow).status(), Some(200));
    }
    application.execute("COMMIT");
    let since = Instant::now();
    let worst = processes
        .iter()
        .map(|(place, _)| accepted_for(place, &slow, since))
        .max();
    println!("{backend:?}: committed after 20 later ones, refused everywhere after {worst:?}");
    assert!(worst < Some(BOUND));
}

/// As if one of the two tables had been restored alone.
async fn a_counter_that_was_set_back_hides_no_revocation(backend: Backend) {
    let shared = Shared::new(backend, "set back");
    let log = Log::start();
    let servers = [shared.server().await, shared.server().await];
    let read_all = async || {
        for server in &servers {
            let read = server.sessions().read_revocations_now().await;
            read.expect("an answer");
        }
    };
    let mut database = Database::connect(&shared.url);
    for round in 1..4 {
        let mut browsers = [servers[0].browser(), servers[0].browser()];
        for browser in &mut browsers {
            browser.log_in("ada").await.expect(200, OK);
        }
        let late = browsers.each_ref().map(|browser| browser.jar());
        for browser in &mut browsers {
            browser.sign_out().await.expect(200, OK);
            read_all().await;
        }
        for (server, jar) in servers
            .iter()
            .flat_map(|server| late.iter().map(move |jar| (server, jar)))
        {
            let mut out = server.browser().with_jar(jar.clone());
            assert_eq!(out.get("/me").await.status, 401, "round {round}");
        }
        let numbers =
            database.number("SELECT count(DISTINCT number) AS value FROM session_revocation");
        assert_eq!(numbers, 2 * round, "each number is there once");
        database.execute("UPDATE session_counter SET value = 0 WHERE name = 'revocation'");
        if round == 2 {
            drop(shared.server().await);
            let counter = "SELECT value FROM session_counter WHERE name = 'revocation'";
            assert_eq!(database.number(counter), 4, "the launch raises it");
        }
    }
    assert!(!log.text().contains("revocations_restored"));
}
