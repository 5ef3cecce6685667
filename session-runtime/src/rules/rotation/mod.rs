//! The rule of refresh token rotation: one pure function, used by production code, the model
//! checker and the tests.
//!
//! A session has one *parent* token and up to [`Policy::max_children`] live *children* of it.
//! Presenting the parent mints another child, so lost answers and parallel tabs do no harm.
//! Presenting a child that is at least [`Policy::min_age`] old makes it the parent; the old parent
//! and the other children are superseded. Presenting a superseded token means that it was copied:
//! theft (RFC 9700 section 4.14.2).
//!
//! **A live child is never dropped.** If the oldest child were dropped at the limit, a thief who
//! presents the parent again and again would push out the owner's token and stay. Instead the
//! session ends [`Policy::capped_for`] after the limit was reached, unless a child becomes the
//! parent before.
//!
//! **A token that is newer than its row is accepted as a child.** The database lost its last
//! commits, by a failover or a restored backup, and the client did nothing wrong. If it became the
//! parent, the owner's other tab, whose answer may still be on its way, would be taken for a thief.
//!
//! # What it costs
//!
//! - A parent that was stolen from a log can mint children until the owner's next refresh; its late
//!   use is the event `late_parent_use`.
//! - Before one of them is detected, thief and owner can both get new tokens twice, and once more
//!   for each answer that was lost or came in parallel. A failover that loses commits allows the
//!   same number again, and a token that was superseded by a lost commit works once more.
//! - If [`Policy::max_children`] answers were lost and none was stored, the session no longer
//!   rotates and ends 24 hours later (event `rotation_stopped`). A thief who mints that many
//!   children causes this on purpose. The owner stays logged in by refreshing with a child that is
//!   [`Policy::min_age`] old, and otherwise has to log in again.
//! - If the database lost commits and the row already has [`Policy::max_children`] children, a
//!   client whose token was lost gets only access tokens until the session ends.
//! - A client that never stores its refresh token is not protected, and a cookie jar must belong to
//!   one client: a server that renders pages must forward `Set-Cookie`.
//! - Clocks that jump back by more than [`Policy::min_age`] make young children look old.

pub mod bound;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// The SHA-256 of a refresh token; nothing else of a token is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// The refresh tokens of one session, as its row keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lineage {
    /// The token that last became the parent; at login, the first token.
    pub parent: TokenHash,
    /// When it became the parent.
    pub parent_since: DateTime<Utc>,
    /// Grows with every child that becomes the parent.
    pub generation: u32,
    /// Live tokens that were minted from the parent, or accepted after a failover.
    pub children: Vec<Child>,
    /// When the parent was first presented while the session had the most children allowed, all of
    /// them old.
    pub capped_since: Option<DateTime<Utc>>,
    /// When the session ends.
    pub ends_at: DateTime<Utc>,
}

impl Lineage {
    /// The lineage of a session that starts with this token.
    pub fn first(token: TokenHash, now: DateTime<Utc>, ends_at: DateTime<Utc>) -> Self {
        Self {
            parent: token,
            parent_since: now,
            generation: 0,
            children: Vec::new(),
            capped_since: None,
            ends_at,
        }
    }
}

/// A live token that may become the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Child {
    /// Its hash.
    pub token: TokenHash,
    /// When it was minted or accepted.
    pub minted_at: DateTime<Utc>,
}

/// A refresh token whose MAC shows that this application issued it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Presented {
    /// Its hash.
    pub token: TokenHash,
    /// The generation written in it: its session has at least this one once the token is the
    /// parent.
    pub generation: u32,
}

impl Presented {
    /// The generation of the token minted in answer to this one, whether this one is the parent or
    /// a child.
    pub fn next_generation(&self) -> u32 {
        self.generation.saturating_add(1)
    }
}

/// A token to hand out if the verdict allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Successor {
    /// Its hash.
    pub token: TokenHash,
    /// When the session ends if it is handed out.
    pub ends_at: DateTime<Utc>,
}

/// The three numbers of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// M: a child younger than this may still be racing its siblings. Longer than three times an
    /// honest client's longest round trip plus the clock difference between processes.
    pub min_age: TimeDelta,
    /// K: how many children may be live at once.
    pub max_children: usize,
    /// How long a session continues that can no longer rotate.
    pub capped_for: TimeDelta,
}

impl Policy {
    /// A day, within which the owner comes back with a child or logs in again.
    pub const CAPPED_FOR: TimeDelta = TimeDelta::days(1);
}

/// What to do with a presented token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The session has ended; nothing is written.
    Ended,
    /// Hand out the successor and write this lineage.
    NewPair {
        /// The lineage to write.
        next: Lineage,
        /// The parent was presented again although it is older than M: an answer was lost, or a
        /// copy was taken from a log.
        late_parent: bool,
    },
    /// Hand out a new access token, but no refresh token.
    AccessOnly {
        /// Why there is no refresh token.
        reason: Withheld,
        /// The lineage to write, if it changed.
        next: Option<Lineage>,
    },
    /// A superseded token of this session: end it.
    Theft,
}

/// Why a verdict hands out no refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// The child may still be racing its siblings.
    YoungChild,
    /// The session has the most children allowed, so it no longer rotates until a child comes back.
    /// When no child is young for the first time, there is a lineage to write.
    Capped,
    /// The token is newer than its row: the database lost commits.
    StoreRolledBack,
}

/// Decides on `presented`, given the session's `lineage` at `now`.
pub fn decide(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Verdict {
    if now >= lineage.ends_at {
        return Verdict::Ended;
    }
    if presented.token == lineage.parent {
        return use_parent(lineage, successor, now, policy);
    }
    let mut children = lineage.children.iter();
    if let Some(child) = children.find(|child| child.token == presented.token) {
        return use_child(lineage, *child, presented, successor, now, policy);
    }
    if presented.generation > lineage.generation {
        return take_in(lineage, presented.token, now, policy);
    }
    Verdict::Theft
}

/// Mints another child, if the session may have one more.
fn use_parent(
    lineage: &Lineage,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Verdict {
    if is_full(lineage, policy) {
        // More tabs than may have children, all refreshing at once, lose nothing: one of the
        // answers is stored. A client that presents the parent when all children are old has stored
        // none of them, or is a thief.
        let mut children = lineage.children.iter();
        let lost = children.all(|child| is_old(child.minted_at, now, policy));
        return Verdict::AccessOnly {
            reason: Withheld::Capped,
            next: lost.then(|| capped(lineage, now, policy)).flatten(),
        };
    }
    let mut next = lineage.clone();
    next.children.push(Child {
        token: successor.token,
        minted_at: now,
    });
    // If the cap was raised since, there is room again, but only a child that comes back restores
    // the session's lifetime.
    next.ends_at = lineage.capped_since.map_or(successor.ends_at, |since| {
        end_of_capped(since, policy).min(successor.ends_at)
    });
    Verdict::NewPair {
        next,
        late_parent: !lineage.children.is_empty() && is_old(lineage.parent_since, now, policy),
    }
}

/// Makes the child the parent if it is old enough to have won every race.
fn use_child(
    lineage: &Lineage,
    child: Child,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Verdict {
    if !is_old(child.minted_at, now, policy) {
        return Verdict::AccessOnly {
            reason: Withheld::YoungChild,
            next: None,
        };
    }
    let next_generation = lineage.generation.saturating_add(1);
    Verdict::NewPair {
        next: Lineage {
            parent: child.token,
            parent_since: now,
            // A child that was taken in may be generations ahead of the row.
            generation: next_generation.max(presented.generation),
            children: vec![Child {
                token: successor.token,
                minted_at: now,
            }],
            capped_since: None,
            ends_at: successor.ends_at,
        },
        late_parent: false,
    }
}

/// A token that the store forgot lives on as a child that is minted now.
fn take_in(lineage: &Lineage, token: TokenHash, now: DateTime<Utc>, policy: Policy) -> Verdict {
    let next = (!is_full(lineage, policy)).then(|| {
        let mut next = lineage.clone();
        next.children.push(Child {
            token,
            minted_at: now,
        });
        next
    });
    Verdict::AccessOnly {
        reason: Withheld::StoreRolledBack,
        next,
    }
}

/// The lineage once the cap is met for the first time; `None` if it was before.
fn capped(lineage: &Lineage, now: DateTime<Utc>, policy: Policy) -> Option<Lineage> {
    lineage.capped_since.is_none().then(|| Lineage {
        capped_since: Some(now),
        ends_at: lineage.ends_at.min(end_of_capped(now, policy)),
        ..lineage.clone()
    })
}

fn end_of_capped(since: DateTime<Utc>, policy: Policy) -> DateTime<Utc> {
    since
        .checked_add_signed(policy.capped_for)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn is_full(lineage: &Lineage, policy: Policy) -> bool {
    lineage.children.len() >= policy.max_children
}

/// Clocks of replicas differ, so a time "in the future" counts by its distance.
fn is_old(since: DateTime<Utc>, now: DateTime<Utc>, policy: Policy) -> bool {
    (now - since).abs() >= policy.min_age
}
