//! Schedules that break rules that are known to be bad: proof that the other tests can fail.

use chrono::TimeDelta;
use proptest::prelude::{Strategy, prop_assert};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use session_runtime::internals::rotation::Policy;

use crate::bad_rules::{
    advance_that_spares_siblings, cap_that_drops_the_oldest, newer_as_parent, refuse_newer,
    strict_single_use,
};
use crate::failover::{failover, honest_through};
use crate::schedule::{ROUGH, honest, steps};
use crate::script::{End, Fate, Heist, Move, Pick, Step};
use crate::server::{Broken, D, M, POLICY, Rule, SKEW, production};
use crate::thief::{any_pick, heist};
use crate::world::World;

fn step(wait: i64, tab: usize, serve: i64, fate: Fate) -> Step {
    Step {
        wait,
        tab,
        impatient: false,
        serve,
        answer: D,
        fate,
        skew: 0,
    }
}

#[test]
fn strict_single_use_takes_the_victim_of_a_lost_answer_for_a_thief() {
    let schedule = [
        step(M, 0, 0, Fate::AnswerLost),
        step(M, 0, 0, Fate::Answered),
    ];
    assert_eq!(
        honest(strict_single_use, &schedule),
        Err(Broken::JudgedTheft)
    );
    assert_eq!(honest(production, &schedule), Ok(End::Working));
}

#[test]
fn strict_single_use_takes_two_tabs_for_a_thief() {
    let schedule = [step(M, 0, 0, Fate::Answered), step(1, 1, 0, Fate::Answered)];
    assert_eq!(
        honest(strict_single_use, &schedule),
        Err(Broken::JudgedTheft)
    );
    assert_eq!(honest(production, &schedule), Ok(End::Working));
}

#[test]
fn strict_single_use_takes_a_double_click_for_a_thief() {
    let mut schedule = [step(M, 0, 0, Fate::Answered); 2];
    schedule[1].wait = 0;
    schedule[1].impatient = true;
    assert_eq!(
        honest(strict_single_use, &schedule),
        Err(Broken::JudgedTheft)
    );
    assert_eq!(honest(production, &schedule), Ok(End::Working));
}

/// The sum of section 4.3: the first tab's token can be stored until D, the second tab's sibling
/// until 2D, and a refresh with the first can arrive at 3D. Counted as old then, it would kill the
/// sibling that the jar holds.
#[test]
fn an_m_of_three_round_trips_and_the_clock_difference_is_one_millisecond_too_short() {
    let late = step(D, 0, D, Fate::AnswerLost);
    let behind = [
        step(0, 0, 0, Fate::Answered),
        step(D, 1, 0, Fate::Answered),
        Step { skew: SKEW, ..late },
    ];
    let play = |m| {
        let policy = Policy {
            min_age: TimeDelta::milliseconds(m),
            ..POLICY
        };
        World::new(production, policy, &behind, None).play()
    };
    assert_eq!(play(3 * D + SKEW), Err(Broken::JarDead));
    assert_eq!(play(3 * D + SKEW + 1), Ok(End::Working));
}

#[test]
fn a_cap_that_drops_the_oldest_loses_tokens_when_answers_are_lost() {
    let schedule = [step(M, 0, 0, Fate::AnswerLost); POLICY.max_children + 1];
    assert_eq!(
        honest(cap_that_drops_the_oldest, &schedule),
        Err(Broken::TokenLost)
    );
    assert_eq!(honest(production, &schedule), Ok(End::Working));
}

/// Two tabs ask with one token, and a standby that misses both answers takes over. The first answer
/// is stored and presented, then the second is stored.
#[test]
fn taking_in_as_the_parent_kills_the_answer_that_is_stored_last() {
    let answered_after = |answer, tab| Step {
        answer,
        ..step(0, tab, 0, Fate::Answered)
    };
    let schedule = [
        answered_after(1, 0),
        answered_after(3, 1),
        step(2, 2, 0, Fate::AnswerLost),
        step(M, 0, 0, Fate::Answered),
    ];
    let play = |rule| honest_through(rule, &schedule, (0, 1));
    assert_eq!(play(newer_as_parent), Err(Broken::JarDead));
    assert_eq!(play(refuse_newer), Err(Broken::LoggedOut));
    assert_eq!(play(production), Ok(End::Working));
}

#[test]
fn an_advance_that_spares_siblings_lets_thief_and_owner_live_side_by_side() {
    let schedule = [step(2 * M, 0, 0, Fate::Answered); 6];
    let newest = Move {
        wait: 2 * M,
        pick: Pick::Newest,
        skew: 0,
    };
    let heist = Heist {
        copy_at: M,
        moves: vec![newest; 6],
    };
    let play = |rule| World::new(rule, POLICY, &schedule, Some(&heist)).play();
    assert_eq!(
        play(advance_that_spares_siblings),
        Err(Broken::SharedTooLong)
    );
    assert_eq!(play(production), Ok(End::Detected));
}

/// The random schedules are wild enough to find each of these rules by themselves.
#[test]
fn the_random_schedules_break_each_bad_rule() {
    let too_short_an_m: Rule = |lineage, presented, successor, now, policy| {
        let min_age = TimeDelta::milliseconds(D);
        production(
            lineage,
            presented,
            successor,
            now,
            Policy { min_age, ..policy },
        )
    };
    for rule in [
        strict_single_use as Rule,
        cap_that_drops_the_oldest,
        too_short_an_m,
    ] {
        assert_found(&steps(ROUGH, 1..=60), |steps| honest(rule, steps));
    }
    let robberies = (steps(ROUGH, 1..=60), heist(any_pick(), 3 * M));
    let failovers = (steps(ROUGH, 1..=60), failover());
    for rule in [refuse_newer as Rule, newer_as_parent] {
        assert_found(&failovers, |(steps, failover)| {
            honest_through(rule, steps, *failover)
        });
    }
    assert_found(&robberies, |(steps, heist)| {
        World::new(advance_that_spares_siblings, POLICY, steps, Some(heist)).play()
    });
}

/// The seed is fixed, so that this is the same run every time.
#[track_caller]
fn assert_found<S: Strategy>(schedules: &S, play: impl Fn(&S::Value) -> Result<End, Broken>) {
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config {
        cases: 600,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    let found = TestRunner::new_with_rng(config, seed).run(schedules, |schedule| {
        prop_assert!(play(&schedule).is_ok());
        Ok(())
    });
    assert!(matches!(found, Err(TestError::Fail(..))), "{found:?}");
}
