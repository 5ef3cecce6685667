//! Rules that are known to be bad. They share the lineage of the production rule, and its code
//! where they agree with it.

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::{
    Child, Lineage, Policy, Presented, Successor, Verdict, Withheld, decide,
};

use crate::setup::Ruling;

fn impatient(policy: Policy) -> Policy {
    Policy {
        min_age: TimeDelta::zero(),
        ..policy
    }
}

/// A token works once; whoever comes second is a thief.
pub(crate) fn strict_single_use(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    if presented.token == lineage.parent && !lineage.children.is_empty() {
        return Ruling::Verdict(Verdict::Theft);
    }
    confirm_on_use(lineage, presented, successor, now, policy)
}

/// The parent works until one of its children is used, however young that is.
pub(crate) fn confirm_on_use(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let policy = impatient(policy);
    Ruling::Verdict(decide(lineage, presented, successor, now, policy))
}

/// Whether the used parent is presented, and whether that is still forgiven: its child is younger
/// than M, which is more than the two round trips that such a rule is said to need.
fn grace(
    lineage: &Lineage,
    presented: Presented,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<bool> {
    let child = lineage.children.first()?;
    let age = (now - child.minted_at).abs();
    (presented.token == lineage.parent).then_some(age < policy.min_age)
}

/// For a while a used token works again, and its new child displaces the first one.
pub(crate) fn grace_with_displacement(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let mut lineage = lineage.clone();
    match grace(&lineage, presented, now, policy) {
        Some(true) => lineage.children.clear(),
        Some(false) => return Ruling::Verdict(Verdict::Theft),
        None => {}
    }
    confirm_on_use(&lineage, presented, successor, now, policy)
}

/// For a while a used token works again, and is answered with the child that it has.
pub(crate) fn grace_with_the_same_successor(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    match grace(lineage, presented, now, policy) {
        Some(true) => Ruling::Again(lineage.children[0].token),
        Some(false) => Ruling::Verdict(Verdict::Theft),
        None => confirm_on_use(lineage, presented, successor, now, policy),
    }
}

/// At the cap the oldest child makes room for the new one.
pub(crate) fn cap_that_drops_the_oldest(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let mut lineage = lineage.clone();
    if presented.token == lineage.parent && lineage.children.len() == policy.max_children {
        lineage.children.remove(0);
    }
    Ruling::Verdict(decide(&lineage, presented, successor, now, policy))
}

/// The answer to a young child sets the refresh cookie, to that child.
pub(crate) fn young_child_again(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    match decide(lineage, presented, successor, now, policy) {
        Verdict::AccessOnly {
            reason: Withheld::YoungChild,
            ..
        } => Ruling::Again(presented.token),
        verdict => Ruling::Verdict(verdict),
    }
}

/// A child that becomes the parent leaves its siblings alive.
pub(crate) fn advance_that_spares_siblings(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let mut verdict = decide(lineage, presented, successor, now, policy);
    if let Verdict::NewPair { next, .. } = &mut verdict
        && next.parent != lineage.parent
    {
        let siblings = lineage.children.iter();
        let siblings = siblings.filter(|child| child.token != next.parent);
        next.children.splice(0..0, siblings.copied());
    }
    Ruling::Verdict(verdict)
}

/// Each new pair adds its time to what was left.
pub(crate) fn validity_that_adds_up(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let left = lineage.ends_at - now;
    let longer = Successor {
        ends_at: successor.ends_at + left,
        ..successor
    };
    Ruling::Verdict(decide(lineage, presented, longer, now, policy))
}

/// A token that is newer than its row gets no session.
pub(crate) fn refuse_newer(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    match decide(lineage, presented, successor, now, policy) {
        Verdict::AccessOnly {
            reason: Withheld::StoreRolledBack,
            ..
        } => Ruling::Refused,
        verdict => Ruling::Verdict(verdict),
    }
}

/// A token that is newer than its row becomes the parent at once.
pub(crate) fn newer_as_parent(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let verdict = match decide(lineage, presented, successor, now, policy) {
        Verdict::AccessOnly {
            reason: Withheld::StoreRolledBack,
            ..
        } => Verdict::NewPair {
            next: Lineage {
                parent: presented.token,
                parent_since: now,
                generation: presented.generation,
                children: vec![Child {
                    token: successor.token,
                    minted_at: now,
                }],
                capped_since: None,
                ends_at: successor.ends_at,
            },
            late_parent: false,
        },
        verdict => verdict,
    };
    Ruling::Verdict(verdict)
}

/// A child that was taken in moves the row by one generation only.
pub(crate) fn newer_by_one_generation(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let mut verdict = decide(lineage, presented, successor, now, policy);
    if let Verdict::NewPair { next, .. } = &mut verdict {
        next.generation = next.generation.min(lineage.generation + 1);
    }
    Ruling::Verdict(verdict)
}

/// A session that can no longer rotate goes on until the end it had.
pub(crate) fn cap_without_an_end(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    let mut verdict = decide(lineage, presented, successor, now, policy);
    if let Verdict::AccessOnly {
        reason: Withheld::Capped,
        next,
    } = &mut verdict
    {
        *next = None;
    }
    Ruling::Verdict(verdict)
}
