//! What a thief gets who copies the jar once while the owner goes on.

use proptest::prelude::*;
use session_runtime::internals::rotation::Withheld;

use crate::schedule::{ROUGH, Weather, steps, wait};
use crate::script::{End, Fate, Heist, Move, Pick, Step};
use crate::server::{CAPPED_FOR, D, M, POLICY, Reply, SKEW, Server, VALIDITY, production};
use crate::world::World;

/// The owner comes back at least this often.
const X: i64 = 3 * M;

pub(crate) fn heist(
    pick: impl Strategy<Value = Pick>,
    longest_wait: i64,
) -> impl Strategy<Value = Heist> {
    let step = (wait(longest_wait), pick, 0..=SKEW).prop_map(|(wait, pick, skew)| Move {
        wait,
        pick,
        skew,
    });
    (0..10 * M, prop::collection::vec(step, 1..40))
        .prop_map(|(copy_at, moves)| Heist { copy_at, moves })
}

pub(crate) fn any_pick() -> impl Strategy<Value = Pick> {
    prop_oneof![
        Just(Pick::Newest),
        Just(Pick::Any(0)),
        (0_usize..40).prop_map(Pick::Any)
    ]
}

proptest! {
    /// The bound is in `World::count_round`. This thief is as clever as random is: it keeps every
    /// token it ever got, floods the parent, pretends lost answers.
    #[test]
    fn thief_and_owner_both_get_new_tokens_twice_and_once_per_lost_or_parallel_answer(
        steps in steps(ROUGH, 1..=60),
        heist in heist(any_pick(), VALIDITY / 2),
    ) {
        let end = World::new(production, POLICY, &steps, Some(&heist)).play();
        prop_assert!(end.is_ok(), "{:?}", end);
    }

    /// When both go on with their newest tokens, two more rounds are enough: in the first each
    /// mints from a token that both hold, or one of them advances; in the second the first to come
    /// advances, and the other is holding a dead token. The owner loses few enough answers here
    /// that the cap is never reached: at most three, one more for each of three tabs, and one child
    /// of the thief.
    #[test]
    fn a_thief_who_goes_on_refreshing_is_found_out(
        steps in steps(Weather { longest_wait: X, double_clicks: false, losses: 3 }, 1..=30),
        heist in heist(Just(Pick::Newest), X),
        thief_first: bool,
    ) {
        let mut world = World::new(production, POLICY, &steps, Some(&heist));
        let end = match world.play() {
            Ok(End::Working) => world.go_on(2, thief_first),
            end => end,
        };
        prop_assert_eq!(end, Ok(End::Detected));
    }
}

fn refresh_after(wait: i64, fate: Fate) -> Step {
    Step {
        wait,
        tab: 0,
        impatient: false,
        serve: 0,
        answer: D,
        fate,
        skew: 0,
    }
}

fn newest_after(wait: i64) -> Move {
    Move {
        wait,
        pick: Pick::Newest,
        skew: 0,
    }
}

fn copy_after(wait: i64) -> Move {
    Move {
        wait,
        pick: Pick::Any(0),
        skew: 0,
    }
}

/// The bound has no slack: both mint from the copied token, the thief, who pretends a lost answer,
/// once more, and the owner's child advances.
#[test]
fn two_rounds_are_reached_without_a_lost_answer() {
    let steps = [
        refresh_after(1, Fate::Answered),
        refresh_after(2 * M, Fate::Answered),
    ];
    let moves = vec![copy_after(1), copy_after(1), newest_after(3 * M)];
    let heist = Heist { copy_at: 0, moves };
    let mut world = World::new(production, POLICY, &steps, Some(&heist));
    assert_eq!((world.play(), world.rounds), (Ok(End::Detected), 2));
}

/// Each lost answer of the owner gives the thief one more. Thief and owner take turns with the
/// copied token until the owner's child advances; what the thief holds then is dead.
#[test]
fn two_lost_answers_give_four_rounds() {
    let steps = [
        refresh_after(1, Fate::AnswerLost),
        refresh_after(M, Fate::AnswerLost),
        refresh_after(M, Fate::Answered),
        refresh_after(M + D, Fate::Answered),
    ];
    let copy = copy_after(M);
    let moves = vec![copy_after(0), copy, copy, copy, newest_after(2 * M)];
    let heist = Heist { copy_at: 0, moves };
    let mut world = World::new(production, POLICY, &steps, Some(&heist));
    assert_eq!((world.play(), world.rounds), (Ok(End::Detected), 4));
}

/// The price of never dropping a child: a thief who fills the cap from the parent stops the
/// rotation. It gets access tokens beside the owner and no new refresh token, and it is out when
/// the time at the cap is over.
#[test]
fn a_thief_who_fills_the_cap_shares_access_for_a_day_and_cannot_prolong_it() {
    let (mut server, stolen) = Server::login(production, POLICY);
    let mut pairs = 0;
    while let Reply::NewPair(_) = server.refresh(stolen, 1) {
        pairs += 1;
    }
    assert_eq!(pairs, POLICY.max_children);

    // The time begins when no child is young.
    for now in [M, 1 + M] {
        assert_eq!(
            server.refresh(stolen, now),
            Reply::AccessOnly(Withheld::Capped)
        );
    }
    let end = server.ends_at();
    assert_eq!(end, 1 + M + CAPPED_FOR);
    for now in (2 + M..end).step_by(10) {
        assert_eq!(
            server.refresh(stolen, now),
            Reply::AccessOnly(Withheld::Capped)
        );
    }
    assert_eq!(server.refresh(stolen, end), Reply::Ended);
}

/// The owner stored an answer in time: it lifts the cap, the thief is found out.
#[test]
fn an_owner_who_holds_a_child_lifts_the_cap() {
    let (mut server, stolen) = Server::login(production, POLICY);
    let Reply::NewPair(child) = server.refresh(stolen, 1) else {
        panic!("the parent mints");
    };
    while let Reply::NewPair(_) = server.refresh(stolen, 2) {}
    let full = server.refresh(stolen, 2 + M);
    assert_eq!(full, Reply::AccessOnly(Withheld::Capped));
    assert_eq!(server.ends_at(), 2 + M + CAPPED_FOR);
    let now = 3 + M;
    assert!(matches!(server.refresh(child, now), Reply::NewPair(_)));
    assert_eq!(server.ends_at(), now + VALIDITY);
    assert_eq!(server.refresh(stolen, now + 1), Reply::Theft);
}
