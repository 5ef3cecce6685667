//! The session that `table` and `grid` ask about: a parent since a moment ago, and children of given ages.

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::rotation::{Child, Lineage, Policy, Presented, Successor, Verdict, decide};

use crate::{K, at, hash};

pub(crate) const M: i64 = 60_000;
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

pub(crate) fn judge(lineage: &Lineage, presented: Presented, now: DateTime<Utc>) -> Verdict {
    let policy = Policy {
        min_age: TimeDelta::milliseconds(M),
        max_children: K,
    };
    decide(lineage, presented, successor(), now, policy)
}
