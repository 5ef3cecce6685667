//! Every row of the rule's table, with its boundaries.

use session_runtime::internals::rotation::Verdict;

use crate::family::{
    CHILD, DAY, DEAD, GENERATION, M, YOUNG, advanced, check, child, decide_at, family, minted,
    parent, token,
};
use crate::{K, at};

#[test]
fn a_session_is_over_exactly_at_its_end_whoever_asks() {
    let mut lineage = family(&[M, 0]);
    lineage.ends_at = at(0);
    let dead = token(DEAD, GENERATION);
    for presented in [
        parent(),
        child(0),
        child(1),
        dead,
        token(DEAD, GENERATION + 1),
    ] {
        check(&lineage, presented, at(0), &Verdict::Ended);
        check(&lineage, presented, at(DAY), &Verdict::Ended);
    }
}

#[test]
fn one_millisecond_before_its_end_a_session_still_works() {
    let mut lineage = family(&[M, 0]);
    lineage.ends_at = at(1);
    check(&lineage, parent(), at(0), &minted(&lineage, false));
    check(&lineage, child(0), at(0), &advanced(0));
    check(&lineage, child(1), at(0), &YOUNG);
    check(&lineage, token(DEAD, GENERATION), at(0), &Verdict::Theft);
}

#[test]
fn the_parent_mints_a_child_and_keeps_the_siblings() {
    for ages in [&[][..], &[0], &[M], &[DAY, M, 0]] {
        let lineage = family(ages);
        check(&lineage, parent(), at(0), &minted(&lineage, false));
    }
}

#[test]
fn the_parent_fills_the_last_place() {
    let lineage = family(&[0; K - 1]);
    check(&lineage, parent(), at(0), &minted(&lineage, false));
}

#[test]
fn an_old_parent_that_is_used_again_is_marked_late() {
    let mut lineage = family(&[M]);
    for (since, late) in [(0, false), (1 - M, false), (-M, true), (-DAY, true)] {
        lineage.parent_since = at(since);
        check(&lineage, parent(), at(0), &minted(&lineage, late));
    }
}

/// The first refresh of a session comes an access token's lifetime after its login: nothing is late
/// about that.
#[test]
fn an_old_parent_that_is_used_for_the_first_time_is_not_late() {
    let mut lineage = family(&[]);
    lineage.parent_since = at(-DAY);
    check(&lineage, parent(), at(0), &minted(&lineage, false));
}

#[test]
fn a_parent_from_the_future_is_late_by_its_distance() {
    let mut lineage = family(&[M]);
    for (since, late) in [(M - 1, false), (M, true)] {
        lineage.parent_since = at(since);
        check(&lineage, parent(), at(0), &minted(&lineage, late));
    }
}

#[test]
fn a_child_younger_than_m_gets_an_access_token_only() {
    for age in [0, 1, M - 1] {
        check(&family(&[age]), child(0), at(0), &YOUNG);
    }
}

#[test]
fn a_child_becomes_the_parent_when_it_is_exactly_m_old() {
    for age in [M, M + 1, DAY, 100 * DAY] {
        check(&family(&[age]), child(0), at(0), &advanced(0));
    }
}

#[test]
fn a_child_minted_by_a_clock_ahead_of_ours_counts_by_its_distance() {
    for (ahead, verdict) in [(1, YOUNG), (M - 1, YOUNG), (M, advanced(0))] {
        check(&family(&[-ahead]), child(0), at(0), &verdict);
    }
}

#[test]
fn a_child_is_judged_by_its_own_age_and_not_by_the_cap_or_its_siblings() {
    let lineage = family(&[0, M, 0, M, 0, M, 0, M]);
    for index in [0, 2, 4, 6] {
        check(&lineage, child(index), at(0), &YOUNG);
        check(&lineage, child(index + 1), at(0), &advanced(index + 1));
    }
}

#[test]
fn an_advance_is_never_late() {
    let mut lineage = family(&[M]);
    lineage.parent_since = at(-DAY);
    check(&lineage, child(0), at(0), &advanced(0));
}

#[test]
fn a_new_pair_takes_over_the_end_of_the_successor_even_if_it_is_sooner() {
    let mut lineage = family(&[M]);
    lineage.ends_at = at(1_000 * DAY);
    check(&lineage, parent(), at(0), &minted(&lineage, false));
    check(&lineage, child(0), at(0), &advanced(0));
}

#[test]
fn after_an_advance_the_old_parent_and_the_old_siblings_are_theft() {
    let Verdict::NewPair { next, .. } = decide_at(&family(&[M, M, 0]), child(1), at(0)) else {
        panic!("an old child advances");
    };
    for dead in [parent(), child(0), child(2)] {
        check(&next, dead, at(0), &Verdict::Theft);
        check(&next, dead, at(DAY), &Verdict::Theft);
    }
}

#[test]
fn a_dead_token_is_theft_up_to_the_generation_of_the_row() {
    let lineage = family(&[M, 0]);
    for generation in [0, GENERATION - 1, GENERATION] {
        check(&lineage, token(DEAD, generation), at(0), &Verdict::Theft);
    }
}

#[test]
fn a_token_carries_the_generation_that_its_row_has_once_it_is_the_parent() {
    assert_eq!(parent().next_generation(), child(0).generation);
    let Verdict::NewPair { next, .. } = decide_at(&family(&[M]), child(0), at(0)) else {
        panic!("an old child advances");
    };
    assert_eq!(next.generation, child(0).generation);
}

#[test]
fn the_generation_stays_at_the_top_instead_of_starting_over() {
    let mut lineage = family(&[M]);
    lineage.generation = u32::MAX;
    let presented = token(CHILD, u32::MAX);
    let Verdict::NewPair { next, .. } = decide_at(&lineage, presented, at(0)) else {
        panic!("an old child advances");
    };
    assert_eq!(
        (next.generation, presented.next_generation()),
        (u32::MAX, u32::MAX)
    );
}

/// Enough to tell two apart in a log, and not the hash.
#[test]
fn a_hash_is_printed_by_its_first_bytes_only() {
    let hash = session_runtime::internals::rotation::TokenHash([0xab; 32]);
    assert_eq!(format!("{hash:?}"), "TokenHash(abab..)");
}
