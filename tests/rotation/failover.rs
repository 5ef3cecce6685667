//! A standby takes over without the last commits, while tabs race and a thief may hold a copy.

use proptest::prelude::*;

use crate::schedule::{ROUGH, steps};
use crate::script::{End, Fate, Step};
use crate::server::{Broken, D, M, POLICY, Rule, VALIDITY, production};
use crate::thief::{any_pick, heist};
use crate::world::World;

/// The schedule with a failover in it, and then a few refreshes in fair weather.
pub(crate) fn honest_through(
    rule: Rule,
    steps: &[Step],
    failover: (i64, i64),
) -> Result<End, Broken> {
    let (cut, lasts) = failover;
    let mut world = World::new(rule, POLICY, steps, None).with_failover(cut, cut + lasts);
    match world.play()? {
        End::Working => world.settle(),
        end => Ok(end),
    }
}

/// When the standby stops following, and how long it takes until it is the store.
pub(crate) fn failover() -> impl Strategy<Value = (i64, i64)> {
    let lasts = prop_oneof![0..=2 * D, 0..=4 * M, 0..=VALIDITY / 4];
    (prop_oneof![0..4 * D, 0..20 * M], lasts)
}

fn step(wait: i64, tab: usize, answer: i64) -> Step {
    Step {
        wait,
        tab,
        impatient: false,
        serve: 0,
        answer,
        fate: Fate::Answered,
        skew: 0,
    }
}

proptest! {
    /// Never theft, never sent away, never over before the end that the row promises, and the jar's
    /// token works at every instant.
    #[test]
    fn an_honest_client_keeps_its_session_through_a_failover(
        steps in steps(ROUGH, 1..=60),
        failover in failover(),
    ) {
        let end = honest_through(production, &steps, failover);
        prop_assert!(matches!(end, Ok(End::Working | End::Expired | End::Capped)), "{:?}", end);
    }

    /// The bound of a thief, and two rounds more for the failover.
    #[test]
    fn a_failover_gives_thief_and_owner_two_more_rounds(
        steps in steps(ROUGH, 1..=60),
        heist in heist(any_pick(), VALIDITY / 2),
        (cut, lasts) in failover(),
    ) {
        let world = World::new(production, POLICY, &steps, Some(&heist));
        let end = world.with_failover(cut, cut + lasts).play();
        prop_assert!(end.is_ok(), "{:?}", end);
    }
}

/// One rotation is lost. The client is told apart from a thief, keeps its token, and rotates with
/// it a while later.
#[test]
fn a_lost_rotation_is_taken_in_and_rotates_again() {
    let steps = [
        step(M, 0, D),
        step(2 * M, 0, D),
        step(2 * M, 0, D),
        step(2 * M, 0, D),
    ];
    let end = honest_through(production, &steps, (2 * M, 2 * M));
    assert_eq!(end, Ok(End::Working));
}
