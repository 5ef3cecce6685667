//! The rule of refresh-token rotation: one pure function, used by production, the model checker and
//! the tests.
//!
//! A session has one *parent* token and up to [`Policy::max_children`] live *children* of it.
//! Presenting the parent mints another child, so a lost answer and parallel tabs are forgiven. A
//! child that has been out for [`Policy::min_age`] and comes back becomes the parent, and its
//! siblings and the old parent die. Whoever then presents one of the dead is holding a copy: theft
//! (RFC 9700 section 4.14.2).
//!
//! **A live child is never dropped**: with a cap that drops the oldest, a thief who floods the parent would
//! put the owner out and stay.
//!
//! # What it costs
//!
//! - A parent that was stolen from a log can mint children until the owner's next refresh; using it
//!   late is the event `late_parent_use`.
//! - Thief and owner can both get new tokens twice, and once more for each answer that was lost or
//!   came in parallel, before one of them is found out.
//! - After [`Policy::max_children`] answers were lost in a row the session no longer rotates (event
//!   `rotation_stopped`): it works on until the end it then had. A thief who mints that many children
//!   brings this about on purpose, and shares the access, but not a refresh token, until that end.
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
    /// How often a child has become the parent.
    pub generation: u32,
    /// Tokens minted from the parent and not dead.
    pub children: Vec<Child>,
    /// From this instant on the session is over.
    pub ends_at: DateTime<Utc>,
}

/// A token minted from the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Child {
    /// Its hash.
    pub token: TokenHash,
    /// When it was minted.
    pub minted_at: DateTime<Utc>,
}

/// A refresh token whose MAC was found to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Presented {
    /// Its hash.
    pub token: TokenHash,
    /// The generation written in it: the one its session has once it is the parent.
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

/// The two numbers of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// M: a child younger than this may still be racing its siblings. More than three times the longest round
    /// trip of an honest client plus the clock difference between replicas.
    pub min_age: TimeDelta,
    /// K: at most this many children live at once.
    pub max_children: usize,
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
    /// A fresh access token and no refresh token; nothing written.
    AccessOnly {
        /// The cap is reached, so this session no longer rotates until a child comes back.
        full: bool,
    },
    /// A dead token of this session: end it.
    Theft,
    /// A token newer than the row: the store went back in time. No session, nothing written.
    StoreRolledBack,
}

/// Judges `presented` against the session's `lineage` at `now`.
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
    let newborn = Child {
        token: successor.token,
        minted_at: now,
    };

    if presented.token == lineage.parent {
        if lineage.children.len() >= policy.max_children {
            return Verdict::AccessOnly { full: true };
        }
        let mut next = lineage.clone();
        next.children.push(newborn);
        next.ends_at = successor.ends_at;
        return Verdict::NewPair {
            next,
            late_parent: !lineage.children.is_empty() && is_old(lineage.parent_since, now, policy),
        };
    }

    if let Some(child) = lineage
        .children
        .iter()
        .find(|child| child.token == presented.token)
    {
        if !is_old(child.minted_at, now, policy) {
            return Verdict::AccessOnly { full: false };
        }
        let next = Lineage {
            parent: child.token,
            parent_since: now,
            generation: lineage.generation.saturating_add(1),
            children: vec![newborn],
            ends_at: successor.ends_at,
        };
        return Verdict::NewPair {
            next,
            late_parent: false,
        };
    }

    if presented.generation <= lineage.generation {
        Verdict::Theft
    } else {
        Verdict::StoreRolledBack
    }
}

/// Clocks of replicas differ, so a time "in the future" counts by its distance.
fn is_old(since: DateTime<Utc>, now: DateTime<Utc>, policy: Policy) -> bool {
    (now - since).abs() >= policy.min_age
}
