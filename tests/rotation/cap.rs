//! The parent with as many children as may live at once.

use chrono::TimeDelta;
use session_runtime::internals::rotation::{Policy, Verdict};

use crate::family::{
    DAY, FULL, M, NEW, YOUNG, advanced, born, capped, check, child, family, parent,
};
use crate::{K, at};

#[test]
fn a_session_at_the_cap_has_24_hours() {
    assert_eq!(Policy::CAPPED_FOR, TimeDelta::hours(24));
}

#[test]
fn the_parent_at_the_cap_gets_an_access_token_however_old_the_children_are() {
    let lineage = family(&[M; K]);
    check(&lineage, parent(), at(0), &capped(&lineage, 0, DAY));
    // Tabs that refresh at once, more than there is room for: one of the answers will be stored.
    for young in [0, M - 1] {
        check(&family(&[young; K]), parent(), at(0), &FULL);
        let mut ages = [M; K];
        ages[K - 1] = young;
        check(&family(&ages), parent(), at(0), &FULL);
    }
}

#[test]
fn a_session_at_the_cap_ends_a_day_later_at_the_latest() {
    let mut lineage = family(&[M; K]);
    for (end, expected) in [
        (100 * DAY, DAY),
        (DAY + 1, DAY),
        (DAY, DAY),
        (DAY - 1, DAY - 1),
        (1, 1),
    ] {
        lineage.ends_at = at(end);
        check(&lineage, parent(), at(0), &capped(&lineage, 0, expected));
    }
}

#[test]
fn the_cap_is_written_once() {
    let mut lineage = family(&[M; K]);
    lineage.capped_since = Some(at(-1));
    check(&lineage, parent(), at(0), &FULL);
    check(&lineage, parent(), at(DAY - 1), &FULL);
    check(&lineage, parent(), at(DAY), &Verdict::Ended);
}

#[test]
fn a_young_child_leaves_the_end_of_a_capped_session_alone() {
    let mut lineage = family(&[0; K]);
    lineage.capped_since = Some(at(-1));
    check(&lineage, child(0), at(0), &YOUNG);
}

#[test]
fn a_child_that_becomes_the_parent_lifts_the_cap() {
    let mut lineage = family(&[M; K]);
    lineage.capped_since = Some(at(-1));
    lineage.ends_at = at(1);
    check(&lineage, child(3), at(0), &advanced(3));
}

/// The setting was raised meanwhile: there is room, and the day goes on.
#[test]
fn minting_alone_does_not_lift_the_cap() {
    let mut lineage = family(&[M; K - 1]);
    lineage.capped_since = Some(at(-1));
    let mut next = lineage.clone();
    next.children.push(born(NEW, 0));
    next.ends_at = at(DAY - 1);
    let minted = Verdict::NewPair {
        next,
        late_parent: false,
    };
    check(&lineage, parent(), at(0), &minted);
}

#[test]
fn more_children_than_a_lowered_cap_allows_are_not_dropped() {
    let lineage = family(&[M; K + 1]);
    check(&lineage, parent(), at(0), &capped(&lineage, 0, DAY));
    check(&lineage, child(0), at(0), &advanced(0));
}
