//! Galera: three nodes, a process on each, and a node that is killed under load.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use session_tests::process::{Answer, Place};
use session_tests::servers::Galera;

use crate::load::{Load, Stop};
use crate::stale;

/// Three processes of one site, each on a node of its own; what it wrote a client may refresh at
/// once elsewhere.
pub(crate) const SETTINGS: &str =
    r#", api_origin="http://127.0.0.1:8000", rotation_min_age="1ms", database_timeout="2s""#;

const CLIENTS: usize = 6;

#[test]
fn a_node_is_killed_under_load_and_nothing_acknowledged_is_lost() {
    let began = Instant::now();
    let cluster = Galera::start();
    let formed = began.elapsed();
    let places = [0, 1, 2].map(|node| Place::on(&cluster.url(node), SETTINGS));
    // One after the other: each finds what the one before has made, on its own node.
    let _processes = places.each_ref().map(Place::start);

    what_one_node_acknowledged_the_others_have(&places);
    conflicts_are_not_seen(&places);
    stale::a_node_that_lags_ends_no_session(&cluster, &places[0]);

    let load = Load::default();
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let mut table = Vec::new();
    let mut row = |phase: &str| {
        table.push(format!(
            "{phase:<24} {:>7} {:>9} {:>11} {:>8}",
            count(&load.logins),
            count(&load.refreshes),
            count(&load.revocations),
            load.refused
                .lock()
                .expect("no panic")
                .values()
                .sum::<usize>()
        ));
    };
    thread::scope(|scope| {
        let _stop = Stop(&load);
        for client in 0..CLIENTS {
            let (load, places) = (&load, &places);
            scope.spawn(move || load.run(places, client));
        }
        let more = |most: usize| {
            let enough = count(&load.logins) + most;
            until(|| {
                count(&load.logins) >= enough || !load.wrong.lock().expect("no panic").is_empty()
            });
        };
        more(60);
        row("three nodes");
        for node in [2, 0] {
            cluster.crash(node);
            // The process on that node says so, and the other two go on.
            until(|| places[node].log_in("nobody").0.status() == Some(503));
            more(60);
            row(&format!("node {node} is dead"));
            cluster.restart(node);
            until(|| places[node].log_in("anybody").0.status() == Some(200));
            more(60);
            row(&format!("node {node} is back"));
        }
    });
    let (gone, back) = load.check(&places);
    let wrong = load.wrong.into_inner().expect("no panic");
    let theft = wrong
        .iter()
        .filter(|answer| answer.contains("theft"))
        .count();
    println!(
        "Galera, a cluster formed in {} s; acknowledged so far, and 503 or no answer:",
        formed.as_secs()
    );
    println!(
        "{:<24} {:>7} {:>9} {:>11} {:>8}",
        "", "logins", "refreshes", "revocations", "refused"
    );
    table.iter().for_each(|row| println!("{row}"));
    println!(
        "lost logins {gone}, lost revocations {back}, theft alarms {theft}, honest logouts {}; {} s in all",
        wrong.len() - theft,
        began.elapsed().as_secs()
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!((gone, back), (0, 0));
}

/// Logs in on one node, reads and refreshes on the next at once, signs out there.
fn what_one_node_acknowledged_the_others_have(places: &[Place; 3]) {
    for n in 0..60 {
        let at = |step: usize| &places[(n + step) % 3];
        let (answer, mut tokens) = at(0).log_in(&format!("reader {n}"));
        assert_eq!(answer.status(), Some(200), "{answer:?}");
        assert_eq!(at(1).get("/live", &tokens).status(), Some(200));
        assert_eq!(at(2).refresh(&mut tokens).status(), Some(200));
        assert_eq!(at(1).sign_out(&tokens).status(), Some(200));
        assert_eq!(at(2).get("/live", &tokens).status(), Some(401));
        assert_eq!(at(0).refresh(&mut tokens).status(), Some(401));
    }
}

/// One session, refreshed on three nodes at once: all but one of the commits fail certification,
/// and are tried again.
fn conflicts_are_not_seen(places: &[Place; 3]) {
    let (_, tokens) = places[0].log_in("contended");
    let mut unavailable = 0;
    for _ in 0..20 {
        let answers: Vec<Answer> = thread::scope(|scope| {
            let asked = places.each_ref().map(|place| {
                let mut tokens = tokens.clone();
                scope.spawn(move || place.refresh(&mut tokens))
            });
            asked
                .into_iter()
                .map(|asked| asked.join().expect("no panic"))
                .collect()
        });
        for answer in answers {
            assert!(matches!(answer.status(), Some(200 | 503)), "{answer:?}");
            unavailable += usize::from(answer.status() == Some(503));
        }
    }
    println!(
        "Galera: 60 refreshes of one session on three nodes at once, {unavailable} answered 503"
    );
    assert_eq!(unavailable, 0);
}

/// Polls until something happens, at most a minute and a half.
fn until(mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !happened() {
        assert!(Instant::now() < deadline, "it did not happen");
        thread::sleep(Duration::from_millis(50));
    }
}
