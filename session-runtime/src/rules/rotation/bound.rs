//! The rule of a session that is bound to a device, around the rule of rotation.
//!
//! A bound session gets new tokens for a refresh token **and** a proof by its device's key. The
//! proof adds to the rotation and replaces nothing of it: a key that somebody may use for a moment
//! is no substitute for the secret, and theft is found out as before.
//!
//! Without a proof nothing is written: who has a refresh token and no key can neither rotate the
//! session nor end it. The one exception is a session whose device never proved itself. Its browser
//! may have refused our configuration, or never got it, and would lose every login; so the binding
//! is dropped. The key stays in the row, and the session ends [`DROPPED_FOR`] later: if it was a
//! thief who got there first, the owner's next proof says so.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Lineage, Policy, Presented, Successor, decide, is_old};

/// How long a session goes on whose binding was dropped.
pub const DROPPED_FOR: TimeDelta = TimeDelta::days(1);

/// An access token younger than this comes from the refresh that the browser has just made.
pub const JUST_NOW: TimeDelta = TimeDelta::seconds(10);

/// A row younger than this may not have its key yet on the server that is asked.
pub const SETTLES_IN: TimeDelta = TimeDelta::seconds(10);

/// What a row says of the session's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// It has no key.
    Unbound,
    /// It has a key.
    Bound {
        /// When the key was registered.
        since: DateTime<Utc>,
        /// Whether the device proved itself at a refresh since.
        proved: bool,
    },
    /// It has a key that never proved itself, and went on without.
    Dropped,
}

/// What comes with the key of a registration, whose signature and challenge are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Write the key.
    Bind,
    /// It is there already: the answer was lost.
    Again,
    /// Another key is there, or the binding was dropped.
    Refused,
}

/// Decides on a registration; `same_key` if the row has this very key.
pub fn register(binding: Binding, same_key: bool) -> Registration {
    match binding {
        Binding::Unbound => Registration::Bind,
        Binding::Bound { .. } if same_key => Registration::Again,
        Binding::Bound { .. } | Binding::Dropped => Registration::Refused,
    }
}

/// The proof in a request of the browser's own, read but not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// There is none: after a restart the browser has nothing to sign.
    Absent,
    /// No browser sends such a one.
    Unreadable,
    /// Its challenge is too old, or none of this session's.
    Stale,
    /// Its challenge is good.
    Fresh,
}

/// What to do with a request of the browser's own before its row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// 401, and no cookie is touched.
    Refuse,
    /// 403 with a new challenge.
    AskAgain,
    /// Read the row.
    Read,
}

/// Decides before the row is read; `token_fits` if there is a refresh token of ours, and it is one
/// of the session that the request names.
pub fn before_reading(token_fits: bool, proof: Proof) -> Before {
    match proof {
        _ if !token_fits => Before::Refuse,
        Proof::Unreadable => Before::Refuse,
        Proof::Absent | Proof::Stale => Before::AskAgain,
        Proof::Fresh => Before::Read,
    }
}

/// What to do with a request of the browser's own once its row was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// 401, and the cookies of this session are removed.
    Gone,
    /// 503: ask again, the key may still be on its way.
    NotYet,
    /// 401, and no cookie is touched: the browser forgets its key, and the session goes on without.
    Unbound,
    /// Verify the proof with the key of the row. Bad: 401, nothing written, no cookie touched.
    Verify,
}

/// Decides once the row was read, if it is there: its binding, and when the session began.
pub fn after_reading(row: Option<(Binding, DateTime<Utc>)>, now: DateTime<Utc>) -> After {
    match row {
        None => After::Gone,
        Some((Binding::Bound { .. } | Binding::Dropped, _)) => After::Verify,
        Some((Binding::Unbound, began_at)) if (now - began_at).abs() < SETTLES_IN => After::NotYet,
        Some((Binding::Unbound, _)) => After::Unbound,
    }
}

/// A refresh, by what comes with its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// The browser's own, with a good proof; `by_its_key` if the row still has the key that was
    /// asked.
    Proved {
        /// Whether the key of the proof is the row's.
        by_its_key: bool,
    },
    /// Any other: of a front end, of a page, of the application.
    Ordinary(Ordinary),
}

/// What a refresh without a proof says for itself. All of it can be forged, so it decides only
/// between answers that hand out nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ordinary {
    /// [`is_just_refreshed`] of the access token beside it.
    pub just_refreshed: bool,
    /// It was sent back before, without its marker, so that the browser refreshes on the way.
    pub sent_back: bool,
    /// The browser knows the key and could not refresh: our server was away, say.
    pub skipped: bool,
}

/// Whether an access token of this session comes from a refresh that the browser made for the
/// request that it is beside: a moment ago, or since the request was sent back.
///
/// A renewal that was under way when the request was sent back counts as well, so M is taken off.
/// All that is handed out for it is an answer without tokens.
pub fn is_just_refreshed(
    issued_at: DateTime<Utc>,
    sent_back_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    policy: Policy,
) -> bool {
    now - issued_at < JUST_NOW
        || sent_back_at.is_some_and(|since| issued_at >= since - policy.min_age)
}

/// What to do with a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As the rule of rotation says.
    Rotate {
        /// Its verdict.
        verdict: super::Verdict,
        /// The binding to write with it, if it changed.
        binding: Option<Binding>,
    },
    /// It has its new tokens already: 200, nothing written, nothing handed out.
    Refreshed,
    /// Remove the marker and send it back to where it went, so that the browser refreshes on the
    /// way.
    SendBack,
    /// 503, nothing written.
    Later,
    /// 401, nothing written.
    Refused(Refusal),
}

/// Why a refresh of a live session is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The session is bound, and there is no proof.
    Unproved,
    /// There is a proof by a key that the row does not have.
    OtherKey,
}

/// All that a refresh is decided by.
#[derive(Debug, Clone, Copy)]
pub struct Question<'l> {
    /// What the row says of the device.
    pub binding: Binding,
    /// What comes with the token.
    pub refresh: Refresh,
    /// What the row says of the tokens.
    pub lineage: &'l Lineage,
    /// A token of ours.
    pub presented: Presented,
    /// The token that may be minted.
    pub successor: Successor,
    /// The time.
    pub now: DateTime<Utc>,
    /// The bounds of the rotation.
    pub policy: Policy,
}

impl Question<'_> {
    /// What the rule of rotation says, with another end or lineage perhaps.
    fn decide(&self, lineage: &Lineage, successor: Successor) -> super::Verdict {
        decide(lineage, self.presented, successor, self.now, self.policy)
    }
}

/// Decides on a refresh.
pub fn decide_bound(question: Question<'_>) -> Outcome {
    let Question {
        binding,
        refresh,
        lineage,
        successor,
        now,
        policy,
        ..
    } = question;
    let rotate = |successor, binding| Outcome::Rotate {
        verdict: question.decide(lineage, successor),
        binding,
    };
    if now >= lineage.ends_at {
        return rotate(successor, None);
    }
    match (binding, refresh) {
        (Binding::Unbound, Refresh::Ordinary(_)) => rotate(successor, None),
        (Binding::Unbound, Refresh::Proved { .. })
        | (Binding::Bound { .. } | Binding::Dropped, Refresh::Proved { by_its_key: false }) => {
            Outcome::Refused(Refusal::OtherKey)
        }
        (Binding::Bound { since, proved }, Refresh::Proved { by_its_key: true }) => {
            let proved_now = (!proved).then_some(Binding::Bound {
                since,
                proved: true,
            });
            rotate(successor, proved_now)
        }
        (Binding::Dropped, Refresh::Proved { by_its_key: true }) => Outcome::Rotate {
            // The owner's browser has its key, so the refresh without one was another's.
            verdict: super::Verdict::Theft,
            binding: None,
        },
        (Binding::Dropped, Refresh::Ordinary(_)) => {
            rotate(no_later(successor, lineage.ends_at), None)
        }
        (Binding::Bound { since, proved }, Refresh::Ordinary(ordinary)) => {
            // A registration whose answer is still under way has not failed.
            let may_drop = !proved && is_old(since, now, policy);
            match ordinary {
                Ordinary {
                    just_refreshed: true,
                    ..
                } => Outcome::Refreshed,
                Ordinary {
                    sent_back: false, ..
                } => Outcome::SendBack,
                Ordinary { skipped: true, .. } => Outcome::Later,
                _ if may_drop => drop_binding(question),
                _ if proved => Outcome::Refused(Refusal::Unproved),
                _ => Outcome::Later,
            }
        }
    }
}

/// Goes on without the key, for a while.
fn drop_binding(question: Question<'_>) -> Outcome {
    let ends_at = question
        .now
        .checked_add_signed(DROPPED_FOR)
        .map_or(question.lineage.ends_at, |end| {
            end.min(question.lineage.ends_at)
        });
    let lineage = Lineage {
        ends_at,
        ..question.lineage.clone()
    };
    let successor = no_later(question.successor, ends_at);
    let verdict = match question.decide(&lineage, successor) {
        super::Verdict::AccessOnly { reason, next } => super::Verdict::AccessOnly {
            reason,
            next: Some(next.unwrap_or(lineage)),
        },
        super::Verdict::Theft => {
            return Outcome::Rotate {
                verdict: super::Verdict::Theft,
                binding: None,
            };
        }
        verdict => verdict,
    };
    Outcome::Rotate {
        verdict,
        binding: Some(Binding::Dropped),
    }
}

fn no_later(successor: Successor, end: DateTime<Utc>) -> Successor {
    Successor {
        ends_at: successor.ends_at.min(end),
        ..successor
    }
}
