//! Rules that are known to be bad.

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::{
    Child, Lineage, Policy, Presented, Successor, Verdict, Withheld, decide,
};

use crate::server::production;

/// A token works once; whoever comes second is a thief.
pub(crate) fn strict_single_use(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    if presented.token == lineage.parent && !lineage.children.is_empty() {
        return Some(Verdict::Theft);
    }
    let impatient = Policy {
        min_age: TimeDelta::zero(),
        ..policy
    };
    production(lineage, presented, successor, now, impatient)
}

/// At the cap the oldest child makes room for the new one.
pub(crate) fn cap_that_drops_the_oldest(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    let mut lineage = lineage.clone();
    if presented.token == lineage.parent && lineage.children.len() == policy.max_children {
        lineage.children.remove(0);
    }
    production(&lineage, presented, successor, now, policy)
}

/// A child that becomes the parent leaves its siblings alive.
pub(crate) fn advance_that_spares_siblings(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    let mut verdict = decide(lineage, presented, successor, now, policy);
    if let Verdict::NewPair { next, .. } = &mut verdict
        && next.parent != lineage.parent
    {
        let siblings = lineage
            .children
            .iter()
            .filter(|child| child.token != next.parent);
        next.children.extend(siblings);
    }
    Some(verdict)
}

/// A token that is newer than its row gets no session.
pub(crate) fn refuse_newer(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    let verdict = decide(lineage, presented, successor, now, policy);
    (!is_newer(&verdict)).then_some(verdict)
}

/// A token that is newer than its row becomes the parent at once.
pub(crate) fn newer_as_parent(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    let verdict = decide(lineage, presented, successor, now, policy);
    if !is_newer(&verdict) {
        return Some(verdict);
    }
    let mut next = Lineage::first(presented.token, now, successor.ends_at);
    next.generation = presented.generation;
    next.children.push(Child {
        token: successor.token,
        minted_at: now,
    });
    Some(Verdict::NewPair {
        next,
        late_parent: false,
    })
}

fn is_newer(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::AccessOnly {
            reason: Withheld::StoreRolledBack,
            ..
        }
    )
}

/// A session that can no longer rotate goes on until the end it had.
pub(crate) fn cap_without_an_end(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    let mut verdict = decide(lineage, presented, successor, now, policy);
    if let Verdict::AccessOnly {
        reason: Withheld::Capped,
        next,
    } = &mut verdict
    {
        *next = None;
    }
    Some(verdict)
}
