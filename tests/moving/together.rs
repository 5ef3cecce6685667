//! Two moves at once into one target, and an application that starts on it meanwhile.

use std::sync::{Arc, Barrier};
use std::thread;

use session_runtime::transfer::{Moved, Transfer, TransferError};
use session_tests::servers::Backend;
use session_tests::{Database, Server};

use super::Places;

session_tests::on_both! {
    two_moves_of_one_source_end_with_everything
    moves_of_two_sources_do_not_mix
    a_move_stops_when_an_application_starts_on_the_target
}

type Outcome = Result<Moved, TransferError>;

/// Runs both at the same time.
fn at_once(moves: [Transfer; 2]) -> [Outcome; 2] {
    let start = Arc::new(Barrier::new(2));
    let running = moves.map(|moves| {
        let start = Arc::clone(&start);
        thread::spawn(move || {
            start.wait();
            moves.run(|_| ())
        })
    });
    running.map(|running| running.join().expect("no panic"))
}

/// It is complete, or says that another move is under way.
fn expect_says_who(outcome: &Outcome) -> bool {
    match outcome {
        Ok(moved) => moved.is_complete(),
        Err(error) => {
            let said = error.to_string();
            assert!(
                said.contains("another `session-admin move`")
                    && said.contains("wait until it has ended, and run this again"),
                "{said}"
            );
            false
        }
    }
}

async fn two_moves_of_one_source_end_with_everything(backend: Backend) {
    let places = Places::new(backend, "twice");
    let old = Server::builder().on_url(&places.source).start().await;
    super::fill(&old).await;
    drop(old.stop());
    for _ in 0..10 {
        let moves = [places.transfer().batch(1), places.transfer().batch(1)];
        let outcomes = at_once(moves);
        let complete = outcomes.iter().filter(|outcome| expect_says_who(outcome));
        assert!(complete.count() >= 1, "{outcomes:?}");
        let mut target = Database::connect(&places.target);
        assert_eq!(target.sessions(), 25);
        target.execute("DELETE FROM session_info");
    }
    assert!(places.run().expect("moved").is_complete());
}

async fn moves_of_two_sources_do_not_mix(backend: Backend) {
    let (places, others) = (Places::new(backend, "one"), Places::new(backend, "other"));
    for source in [&places.source, &others.source] {
        let old = Server::builder().on_url(source).start().await;
        super::fill(&old).await;
        drop(old.stop());
    }
    for _ in 0..10 {
        let of = |source: &str| Transfer::new(source, &*places.target).batch(1);
        let outcomes = at_once([of(&places.source), of(&others.source)]);
        let complete = outcomes.iter().filter(|outcome| expect_says_who(outcome));
        // Both, if one began when the other had ended; what is there then is of one source.
        assert!(complete.count() >= 1, "{outcomes:?}");
        assert_eq!(Database::connect(&places.target).sessions(), 25);
    }
}

/// The mark that a move sets is gone then.
async fn a_move_stops_when_an_application_starts_on_the_target(backend: Backend) {
    let places = Places::new(backend, "started");
    let old = Server::builder().on_url(&places.source).start().await;
    let handles = super::fill(&old).await;
    drop(old.stop());
    assert!(places.run().expect("moved").is_complete());
    let mut source = Database::connect(&places.source);
    let last = source.handle(handles[24]);
    source.execute(&format!("DELETE FROM session_info WHERE handle = {last}"));
    let target = places.target.clone();
    let mut started = None;
    let moved = places.transfer().batch(5).run(|_| {
        started.get_or_insert_with(|| {
            let mut target = Database::connect(&target);
            // As a launch does once a move has ended.
            target.execute("DELETE FROM session_counter WHERE name = 'transfer'");
        });
    });
    let error = moved.expect_err("a move over live sessions");
    let said = error.to_string();
    assert!(
        said.starts_with("the target is in use: it holds 25 sessions"),
        "{said}"
    );
    assert_eq!(Database::connect(&places.target).sessions(), 25);
}
