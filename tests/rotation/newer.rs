//! A token that is newer than its row, because the database lost its last commits.

use session_runtime::internals::rotation::Verdict;

use crate::family::{
    DAY, DEAD, GENERATION, M, NO_ROOM, PARENT, YOUNG, born, check, child, decide_at, family,
    taken_in, token,
};
use crate::{K, at, hash};

#[test]
fn a_token_of_a_newer_generation_is_taken_in_as_a_child_that_is_minted_now() {
    for ages in [&[][..], &[0], &[M, 0], &[M; K - 1]] {
        let lineage = family(ages);
        for generation in [GENERATION + 1, GENERATION + 2, u32::MAX] {
            let newer = token(DEAD, generation);
            check(&lineage, newer, at(0), &taken_in(&lineage, DEAD));
        }
    }
}

#[test]
fn a_token_of_a_newer_generation_changes_nothing_where_there_is_no_room() {
    for count in [K, K + 1] {
        let lineage = family(&vec![M; count]);
        let newer = token(DEAD, GENERATION + 1);
        check(&lineage, newer, at(0), &NO_ROOM);
        check(&lineage, newer, at(DAY - 1), &NO_ROOM);
    }
}

#[test]
fn a_token_that_was_taken_in_advances_once_it_was_a_child_for_m() {
    let newer = token(DEAD, GENERATION + 3);
    let Verdict::AccessOnly {
        next: Some(lineage),
        ..
    } = decide_at(&family(&[M]), newer, at(0))
    else {
        panic!("there is room");
    };
    check(&lineage, newer, at(M - 1), &YOUNG);
    let Verdict::NewPair { next, .. } = decide_at(&lineage, newer, at(M)) else {
        panic!("an old child advances");
    };
    assert_eq!((next.parent, next.generation), (hash(DEAD), GENERATION + 3));
    // Whatever was handed out before it is superseded now.
    let superseded = token(PARENT, GENERATION + 3);
    check(&next, superseded, at(M), &Verdict::Theft);
}

/// A token that was taken in, and a child of the row that advances before it: the row moves by one,
/// and the other is still newer.
#[test]
fn a_child_of_the_row_advances_by_one_generation() {
    let mut lineage = family(&[M]);
    lineage.children.push(born(DEAD, -M));
    let Verdict::NewPair { next, .. } = decide_at(&lineage, child(0), at(0)) else {
        panic!("an old child advances");
    };
    assert_eq!(next.generation, GENERATION + 1);
    let newer = token(DEAD, GENERATION + 3);
    check(&next, newer, at(0), &taken_in(&next, DEAD));
}
