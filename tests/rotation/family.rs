//! The session that `table`, `cap`, `newer` and `grid` ask about: a parent since a moment ago, and
//! children of given ages; and the verdicts on it.

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::{
    Child, Lineage, Policy, Presented, Successor, Verdict, Withheld, decide,
};

use crate::{K, at, hash};

pub(crate) const M: i64 = 120_000;
pub(crate) const DAY: i64 = 24 * 3_600_000;
/// The row's generation; the parent carries it, its children carry one more.
pub(crate) const GENERATION: u32 = 5;
pub(crate) const PARENT: u32 = 1;
pub(crate) const CHILD: u32 = 10;
pub(crate) const NEW: u32 = 99;
/// A token that no lineage holds.
pub(crate) const DEAD: u32 = 77;

/// A parent since 1 ms ago, with one child per age in milliseconds, `CHILD`, `CHILD + 1` and so on.
pub(crate) fn family(ages: &[i64]) -> Lineage {
    Lineage {
        parent: hash(PARENT),
        parent_since: at(-1),
        generation: GENERATION,
        children: (CHILD..)
            .zip(ages)
            .map(|(id, age)| born(id, -age))
            .collect(),
        capped_since: None,
        ends_at: at(DAY),
    }
}

pub(crate) fn born(id: u32, ms: i64) -> Child {
    Child {
        token: hash(id),
        minted_at: at(ms),
    }
}

pub(crate) fn token(id: u32, generation: u32) -> Presented {
    Presented {
        token: hash(id),
        generation,
    }
}

pub(crate) fn parent() -> Presented {
    token(PARENT, GENERATION)
}

pub(crate) fn child(index: u32) -> Presented {
    token(CHILD + index, GENERATION + 1)
}

pub(crate) fn successor() -> Successor {
    Successor {
        token: hash(NEW),
        ends_at: at(100 * DAY),
    }
}

pub(crate) fn decide_at(lineage: &Lineage, presented: Presented, now: DateTime<Utc>) -> Verdict {
    let policy = Policy {
        min_age: TimeDelta::milliseconds(M),
        max_children: K,
        capped_for: TimeDelta::milliseconds(DAY),
    };
    decide(lineage, presented, successor(), now, policy)
}

#[track_caller]
pub(crate) fn check(
    lineage: &Lineage,
    presented: Presented,
    now: DateTime<Utc>,
    verdict: &Verdict,
) {
    assert_eq!(
        &decide_at(lineage, presented, now),
        verdict,
        "{presented:?} at {now} of {lineage:?}"
    );
}

/// What minting leaves behind: the lineage as it was, one more child, the successor's end.
pub(crate) fn minted(lineage: &Lineage, late_parent: bool) -> Verdict {
    let mut next = lineage.clone();
    next.children.push(born(NEW, 0));
    next.ends_at = successor().ends_at;
    Verdict::NewPair { next, late_parent }
}

/// What an advance at zero leaves behind: the child as the parent, and nobody else but its own
/// child.
pub(crate) fn advanced(index: u32) -> Verdict {
    let next = Lineage {
        parent: hash(CHILD + index),
        parent_since: at(0),
        generation: GENERATION + 1,
        children: vec![born(NEW, 0)],
        capped_since: None,
        ends_at: successor().ends_at,
    };
    Verdict::NewPair {
        next,
        late_parent: false,
    }
}

pub(crate) const YOUNG: Verdict = Verdict::AccessOnly {
    reason: Withheld::YoungChild,
    next: None,
};
pub(crate) const FULL: Verdict = Verdict::AccessOnly {
    reason: Withheld::Capped,
    next: None,
};
pub(crate) const NO_ROOM: Verdict = Verdict::AccessOnly {
    reason: Withheld::StoreRolledBack,
    next: None,
};

/// What meeting the cap leaves behind: the lineage as it was, since when, and an end.
pub(crate) fn capped(lineage: &Lineage, since: i64, ends_at: i64) -> Verdict {
    Verdict::AccessOnly {
        reason: Withheld::Capped,
        next: Some(Lineage {
            capped_since: Some(at(since)),
            ends_at: at(ends_at),
            ..lineage.clone()
        }),
    }
}

/// What taking a token in at zero leaves behind: the lineage as it was, and one more child.
pub(crate) fn taken_in(lineage: &Lineage, id: u32) -> Verdict {
    let mut next = lineage.clone();
    next.children.push(born(id, 0));
    Verdict::AccessOnly {
        reason: Withheld::StoreRolledBack,
        next: Some(next),
    }
}
