//! The rule of sessions that are bound to a device: what each kind of refresh meets in each state.

use chrono::TimeDelta;
use session_runtime::internals::rotation::bound::{
    After, Before, Binding, DROPPED_FOR, Ordinary, Outcome, Proof, Question, Refresh, Refusal,
    Registration, after_reading, before_reading, decide_bound, is_just_refreshed, register,
};
use session_runtime::internals::rotation::{self, Lineage, Policy, Presented, Successor};

use crate::family::{
    CHILD, DAY, DEAD, GENERATION, M, child, decide_at, family, parent, successor, token,
};
use crate::{K, at};

const SECOND: i64 = 1_000;

fn bound(since: i64, proved: bool) -> Binding {
    Binding::Bound {
        since: at(since),
        proved,
    }
}

fn decide(
    binding: Binding,
    refresh: Refresh,
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
) -> Outcome {
    let (now, policy) = (at(0), policy());
    decide_bound(Question {
        binding,
        refresh,
        lineage,
        presented,
        successor,
        now,
        policy,
    })
}

fn policy() -> Policy {
    Policy {
        min_age: TimeDelta::milliseconds(M),
        max_children: K,
        capped_for: TimeDelta::milliseconds(DAY),
    }
}

/// Every refresh without a proof: just refreshed, sent back, skipped.
fn ordinary() -> [Ordinary; 8] {
    [0, 1, 2, 3, 4, 5, 6, 7].map(|bits| Ordinary {
        just_refreshed: bits & 4 != 0,
        sent_back: bits & 2 != 0,
        skipped: bits & 1 != 0,
    })
}

/// Every part that a token can play, of a session with an old and a young child.
fn presented() -> [Presented; 5] {
    [
        parent(),
        child(0),
        child(1),
        token(DEAD, GENERATION),
        token(CHILD + 9, GENERATION + 1),
    ]
}

/// State, then a letter for a proof by its key, one for a proof by another, and one for each of [`ordinary`]:
/// `r` as the rule of rotation says, `p` the same and the device has proved itself, `e` the same with an end
/// no later than the row's, `t` theft, `k` refused for its key, `n` refused for want of a proof, `f` refreshed
/// already, `s` sent back, `l` later, `d` the binding is dropped.
const TABLE: [(&str, &str); 5] = [
    ("unbound", "kkrrrrrrrr"),
    ("unproved, young", "pkssllffff"),
    ("unproved, old", "pkssdlffff"),
    ("proved", "rkssnlffff"),
    ("dropped", "tkeeeeeeee"),
];

fn state(name: &str) -> Binding {
    match name {
        "unbound" => Binding::Unbound,
        "unproved, young" => bound(1 - M, false),
        "unproved, old" => bound(-M, false),
        "proved" => bound(-DAY, true),
        _ => Binding::Dropped,
    }
}

#[test]
fn every_refresh_meets_the_verdict_of_the_table_in_every_state() {
    let mut lineage = family(&[M, 0]);
    lineage.ends_at = at(200 * DAY);
    let by = [true, false].map(|by_its_key| Refresh::Proved { by_its_key });
    let kinds: Vec<Refresh> = by
        .into_iter()
        .chain(ordinary().map(Refresh::Ordinary))
        .collect();
    for (name, row) in TABLE {
        assert_eq!(row.len(), kinds.len());
        for (kind, letter) in kinds.iter().zip(row.chars()) {
            for presented in presented() {
                let verdict = decide(state(name), *kind, &lineage, presented, successor());
                let expected = expected(letter, state(name), &lineage, presented);
                assert_eq!(verdict, expected, "{name}, {kind:?}, {presented:?}");
            }
        }
    }
}

fn rotated(verdict: rotation::Verdict, binding: Option<Binding>) -> Outcome {
    Outcome::Rotate { verdict, binding }
}

fn expected(letter: char, state: Binding, lineage: &Lineage, presented: Presented) -> Outcome {
    let plain = decide_at(lineage, presented, at(0));
    match letter {
        // The row ends later than the successor, so that no later than the row is no change.
        'r' | 'e' => rotated(plain, None),
        'p' => rotated(plain, Some(proved(state))),
        't' => rotated(rotation::Verdict::Theft, None),
        'k' => Outcome::Refused(Refusal::OtherKey),
        'n' => Outcome::Refused(Refusal::Unproved),
        'f' => Outcome::Refreshed,
        's' => Outcome::SendBack,
        'l' => Outcome::Later,
        _ => dropped(lineage, plain),
    }
}

fn proved(state: Binding) -> Binding {
    match state {
        Binding::Bound { since, .. } => Binding::Bound {
            since,
            proved: true,
        },
        other => other,
    }
}

/// As the rule of rotation says, with an end that is a day from now.
fn dropped(lineage: &Lineage, plain: rotation::Verdict) -> Outcome {
    let ends_at = at(0) + DROPPED_FOR;
    let ending = |next: Lineage| Lineage { ends_at, ..next };
    match plain {
        rotation::Verdict::NewPair { next, late_parent } => rotated(
            rotation::Verdict::NewPair {
                next: ending(next),
                late_parent,
            },
            Some(Binding::Dropped),
        ),
        rotation::Verdict::AccessOnly { reason, next } => rotated(
            rotation::Verdict::AccessOnly {
                reason,
                next: Some(ending(next.unwrap_or_else(|| lineage.clone()))),
            },
            Some(Binding::Dropped),
        ),
        verdict => rotated(verdict, None),
    }
}

#[test]
fn a_session_is_over_at_its_end_whoever_asks() {
    let mut lineage = family(&[M, 0]);
    lineage.ends_at = at(0);
    for (name, _) in TABLE {
        for kind in ordinary().map(Refresh::Ordinary) {
            let verdict = decide(state(name), kind, &lineage, parent(), successor());
            assert_eq!(verdict, rotated(rotation::Verdict::Ended, None), "{name}");
        }
    }
}

/// Neither a refresh nor a child that comes back gives the time back.
#[test]
fn a_dropped_session_never_ends_later_than_it_was_told() {
    let mut lineage = family(&[M, 0]);
    lineage.ends_at = at(DAY);
    let refresh = Refresh::Ordinary(Ordinary::default());
    for token in [parent(), child(0)] {
        let verdict = decide(Binding::Dropped, refresh, &lineage, token, successor());
        let Outcome::Rotate {
            verdict: rotation::Verdict::NewPair { next, .. },
            binding: None,
        } = verdict
        else {
            panic!("a new pair: {verdict:?}");
        };
        assert_eq!(next.ends_at, at(DAY));
    }
}

/// Dropping does not lengthen a session that ends sooner anyway.
#[test]
fn a_session_that_ends_sooner_is_not_lengthened_when_its_binding_is_dropped() {
    let mut lineage = family(&[0]);
    lineage.ends_at = at(SECOND);
    let sent_back = Refresh::Ordinary(Ordinary {
        sent_back: true,
        ..Ordinary::default()
    });
    for token in [parent(), child(0)] {
        let verdict = decide(bound(-M, false), sent_back, &lineage, token, successor());
        let Outcome::Rotate {
            verdict:
                rotation::Verdict::NewPair { next, .. }
                | rotation::Verdict::AccessOnly {
                    next: Some(next), ..
                },
            binding: Some(Binding::Dropped),
        } = verdict
        else {
            panic!("dropped: {verdict:?}");
        };
        assert_eq!(next.ends_at, at(SECOND));
    }
}

#[test]
fn a_key_is_written_once() {
    for (name, same, other) in [
        ("unbound", Registration::Bind, Registration::Bind),
        (
            "unproved, young",
            Registration::Again,
            Registration::Refused,
        ),
        ("proved", Registration::Again, Registration::Refused),
        ("dropped", Registration::Refused, Registration::Refused),
    ] {
        assert_eq!(register(state(name), true), same, "{name}");
        assert_eq!(register(state(name), false), other, "{name}");
    }
}

#[test]
fn only_a_fresh_proof_with_a_refresh_token_costs_a_query() {
    for (proof, before) in [
        (Proof::Absent, Before::AskAgain),
        (Proof::Unreadable, Before::Refuse),
        (Proof::Stale, Before::AskAgain),
        (Proof::Fresh, Before::Read),
    ] {
        assert_eq!(before_reading(true, proof), before, "{proof:?}");
        assert_eq!(before_reading(false, proof), Before::Refuse, "{proof:?}");
    }
}

#[test]
fn a_young_row_without_a_key_is_asked_again() {
    for (row, after) in [
        (None, After::Gone),
        (Some((Binding::Unbound, -10 * SECOND)), After::Unbound),
        (Some((Binding::Unbound, 1 - 10 * SECOND)), After::NotYet),
        (Some((Binding::Unbound, SECOND)), After::NotYet),
        (Some((bound(0, false), 0)), After::Verify),
        (Some((bound(0, true), -DAY)), After::Verify),
        (Some((Binding::Dropped, -DAY)), After::Verify),
    ] {
        let row = row.map(|(binding, began)| (binding, at(began)));
        assert_eq!(after_reading(row, at(0)), after, "{row:?}");
    }
}

#[test]
fn an_access_token_is_new_for_ten_seconds_or_since_it_was_sent_back() {
    for (issued, sent_back, new) in [
        (0, None, true),
        (1 - 10 * SECOND, None, true),
        (-10 * SECOND, None, false),
        (-60 * SECOND, Some(-70 * SECOND), true),
        // A renewal that was under way when the request was sent back.
        (-60 * SECOND - M, Some(-60 * SECOND), true),
        (-60 * SECOND - M, Some(1 - 60 * SECOND), false),
        (5 * SECOND, None, true),
    ] {
        let found = is_just_refreshed(at(issued), sent_back.map(at), at(0), policy());
        assert_eq!(found, new, "{issued} {sent_back:?}");
    }
}
