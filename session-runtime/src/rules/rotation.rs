//! The rule of refresh-token rotation: one pure function, used by production, the model checker and
//! the tests.
//!
//! A session has one *parent* token and up to [`Policy::max_children`] live *children* of it.
//! Presenting the parent mints another child, so a lost answer and parallel tabs are forgiven. A
//! child that has been out for [`Policy::min_age`] and comes back becomes the parent, and its
//! siblings and the old parent die. Presenting a superseded token means that it was copied: theft
//! (RFC 9700 section 4.14.2).
//!
//! **A live child is never dropped**: with a cap that drops the oldest, a thief who floods the parent would
//! put the owner out and stay. Instead the session ends [`Policy::capped_for`] after the cap was met, unless
//! a child becomes the parent before.
//!
//! **A token that is newer than its row is taken in as a child**: the database lost its last commits (a
//! failover, a restored backup), and the client did nothing wrong. Taken in as the parent, it would make a
//! thief of the owner's other tab, whose answer was still under way.
//!
//! # What it costs
//!
//! - A parent that was stolen from a log can mint children until the owner's next refresh; using it
//!   late is the event `late_parent_use`.
//! - Thief and owner can both get new tokens twice, and once more for each answer that was lost or
//!   came in parallel, before one of them is found out. A failover that loses commits grants the same
//!   again, and a token that was superseded by a lost commit works once more.
//! - After [`Policy::max_children`] answers were lost and none was stored, the session no longer rotates
//!   and ends 24 hours later (event `rotation_stopped`). A thief who mints that many children brings this
//!   about on purpose; the owner stays in by refreshing with a child that is [`Policy::min_age`] old, and
//!   logs in again otherwise.
//! - When the database lost commits and the row already has [`Policy::max_children`] children, a client whose
//!   token was lost gets access tokens only, until the session ends.
//! - A client that never stores its refresh token is not protected, and a jar belongs to one client:
//!   rendering on a server must forward `Set-Cookie`.
//! - Clocks that jump back by more than [`Policy::min_age`] make young children look old.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// SHA-256 of a refresh token; the only trace of a token that is stored.
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
    /// The last token that proved itself; at login, the first token.
    pub parent: TokenHash,
    /// When it became the parent.
    pub parent_since: DateTime<Utc>,
    /// Grows with every child that becomes the parent.
    pub generation: u32,
    /// Tokens minted from the parent and not dead, and those taken in after a failover.
    pub children: Vec<Child>,
    /// When the parent was first presented with as many children as may live at once, all of them old.
    pub capped_since: Option<DateTime<Utc>>,
    /// From this instant on the session is over.
    pub ends_at: DateTime<Utc>,
}

impl Lineage {
    /// The lineage of a session that begins with this token.
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
    /// When it was minted or taken in.
    pub minted_at: DateTime<Utc>,
}

/// A refresh token whose MAC was found to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Presented {
    /// Its hash.
    pub token: TokenHash,
    /// The generation written in it: the least that its session has once it is the parent.
    pub generation: u32,
}

impl Presented {
    /// The generation of the token minted in answer to this one, whichever role this one plays.
    pub fn next_generation(&self) -> u32 {
        self.generation.saturating_add(1)
    }
}

/// A token ready to be handed out if the verdict allows it.
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
    /// M: a child younger than this may still be racing its siblings. More than three times the longest round
    /// trip of an honest client plus the clock difference between replicas.
    pub min_age: TimeDelta,
    /// K: at most this many children live at once.
    pub max_children: usize,
    /// How long a session goes on that can no longer rotate.
    pub capped_for: TimeDelta,
}

impl Policy {
    /// A day, in which the owner comes back with a child or logs in again.
    pub const CAPPED_FOR: TimeDelta = TimeDelta::days(1);
}

/// What to do with a presented token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The session is over: no session, nothing written.
    Ended,
    /// Hand out the successor and write this lineage.
    NewPair {
        /// The lineage to write.
        next: Lineage,
        /// The parent was presented again although it is older than M: a lost answer, or a copy from a log.
        late_parent: bool,
    },
    /// A fresh access token and no refresh token.
    AccessOnly {
        /// Why there is no refresh token.
        reason: Withheld,
        /// The lineage to write, if it changed.
        next: Option<Lineage>,
    },
    /// A dead token of this session: end it.
    Theft,
}

/// Why a verdict hands out no refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// The child may still be racing its siblings.
    YoungChild,
    /// The cap is reached, so this session no longer rotates until a child comes back. The first time that no
    /// child is young, there is a lineage to write.
    Capped,
    /// The token is newer than its row: the store went back in time.
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

/// Another child beside its siblings, as long as there is room.
fn use_parent(
    lineage: &Lineage,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Verdict {
    if is_full(lineage, policy) {
        // More tabs than may have a child, which all refresh at once, lose nothing: one of the answers is
        // stored. Who still presents the parent when all children are old has stored none, or is a thief.
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
    // A cap that was raised since makes room, but only a child that comes back gives the time back.
    next.ends_at = lineage.capped_since.map_or(successor.ends_at, |since| {
        end_of_capped(since, policy).min(successor.ends_at)
    });
    Verdict::NewPair {
        next,
        late_parent: !lineage.children.is_empty() && is_old(lineage.parent_since, now, policy),
    }
}

/// The child becomes the parent once it is old enough to have won every race.
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
