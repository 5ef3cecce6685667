//! The kinds of rules, and some that are known to be bad.

use chrono::{DateTime, Utc};
use session_runtime::internals::rotation::bound::{
    Binding, JUST_NOW, Ordinary, Outcome, Question, Refresh, Refusal, decide_bound,
};
use session_runtime::internals::rotation::{self, Policy, Withheld};

pub(crate) type Rule = fn(Question<'_>) -> Outcome;

/// Whether an access token comes from the refresh that a request waited for.
pub(crate) type Window = fn(DateTime<Utc>, Option<DateTime<Utc>>, DateTime<Utc>, Policy) -> bool;

/// Only a moment counts, however long the request was on its way.
pub(crate) fn a_moment_only(
    issued_at: DateTime<Utc>,
    _: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    _: Policy,
) -> bool {
    now - issued_at < JUST_NOW
}

/// A renewal that was under way when the request was sent back does not count.
pub(crate) fn since_then_only(
    issued_at: DateTime<Utc>,
    sent_back_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    _: Policy,
) -> bool {
    now - issued_at < JUST_NOW || sent_back_at.is_some_and(|since| issued_at >= since)
}

/// A request that waited for no refresh is taken for one of a browser without the key.
pub(crate) fn believes_no_skipping(question: Question<'_>) -> Outcome {
    let refresh = match question.refresh {
        Refresh::Ordinary(ordinary) => Refresh::Ordinary(Ordinary {
            skipped: false,
            ..ordinary
        }),
        proved @ Refresh::Proved { .. } => proved,
    };
    decide_bound(Question {
        refresh,
        ..question
    })
}

/// The binding is dropped whatever the device has proved.
pub(crate) fn drops_a_proved_one(question: Question<'_>) -> Outcome {
    let binding = match (question.binding, question.refresh) {
        (Binding::Bound { since, .. }, Refresh::Ordinary(_)) => Binding::Bound {
            since,
            proved: false,
        },
        (other, _) => other,
    };
    decide_bound(Question {
        binding,
        ..question
    })
}

/// A refresh without a proof is told of a theft.
pub(crate) fn ends_without_a_proof(question: Question<'_>) -> Outcome {
    match decide_bound(question) {
        Outcome::Refused(Refusal::Unproved) => Outcome::Rotate {
            verdict: rotation::Verdict::Theft,
            binding: None,
        },
        verdict => verdict,
    }
}

/// Dropping forgets the key, so that the owner's proof says nothing.
pub(crate) fn forgets_the_key(question: Question<'_>) -> Outcome {
    let binding = match (question.binding, question.refresh) {
        (Binding::Dropped, Refresh::Proved { .. }) => Binding::Bound {
            since: question.now,
            proved: true,
        },
        (other, _) => other,
    };
    decide_bound(Question {
        binding,
        ..question
    })
}

/// A session whose binding was dropped is renewed like any other.
pub(crate) fn renews_a_dropped_one(question: Question<'_>) -> Outcome {
    let mut verdict = decide_bound(question);
    if let Outcome::Rotate {
        verdict: rotation::Verdict::NewPair { next, .. },
        ..
    } = &mut verdict
    {
        next.ends_at = question.successor.ends_at;
    }
    verdict
}

/// A good proof stands in for a refresh token that was superseded.
pub(crate) fn a_proof_is_enough(question: Question<'_>) -> Outcome {
    let verdict = decide_bound(question);
    match (verdict, question.refresh) {
        (
            Outcome::Rotate {
                verdict: rotation::Verdict::Theft,
                binding,
            },
            Refresh::Proved { .. },
        ) => Outcome::Rotate {
            verdict: rotation::Verdict::AccessOnly {
                reason: Withheld::YoungChild,
                next: None,
            },
            binding,
        },
        (verdict, _) => verdict,
    }
}
