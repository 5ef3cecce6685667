//! A server with one session, which keeps books of its own beside the lineage that the rule writes.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::rotation::{Lineage, Policy, Presented, Successor, Verdict};

use crate::{K, at, hash};

/// The longest round trip, in milliseconds. So short that random times often meet the boundaries; the rule
/// only compares, so the scale does not matter.
pub(crate) const D: i64 = 4;
/// The clock difference that remains between replicas.
pub(crate) const SKEW: i64 = 2;
/// The smallest M that is promised to work.
pub(crate) const M: i64 = 3 * D + SKEW + 1;
/// How long a session lasts after its last new pair.
pub(crate) const VALIDITY: i64 = 2_000;
pub(crate) const POLICY: Policy = Policy {
    min_age: TimeDelta::milliseconds(M),
    max_children: K,
};

/// The production rule, or one that is known to be bad.
pub(crate) type Rule = fn(&Lineage, Presented, Successor, DateTime<Utc>, Policy) -> Verdict;

/// A refresh token as a client holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: u32,
    generation: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    NewPair(Token),
    AccessOnly { full: bool },
    Theft,
    Ended,
    RolledBack,
}

/// The promises of the rule, broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// An honest client was taken for a thief.
    JudgedTheft,
    /// A client was sent away although the session goes on.
    LoggedOut,
    /// The session was called over before its end.
    EndedEarly,
    /// The client's jar holds a token that no longer works.
    JarDead,
    /// The session works and does not rotate, although there is room for a child.
    Stuck,
    /// More children than the cap.
    TooManyChildren,
    /// A token that was handed out and not superseded is not in the lineage.
    TokenLost,
    /// The generation fell.
    GenerationFell,
    /// Thief and owner got new tokens for too many rounds.
    SharedTooLong,
    /// Thief and owner go on, unseen.
    Unseen,
}

pub(crate) struct Server {
    rule: Rule,
    policy: Policy,
    lineage: Lineage,
    /// The books: the last token that advanced the session, every token handed out that it did not supersede,
    /// the end promised with the last pair, the highest generation seen.
    parent: u32,
    living: BTreeSet<u32>,
    pub(crate) ends_at: i64,
    generation: u32,
    minted: u32,
}

impl Server {
    /// A session that starts at zero, and its first token.
    pub(crate) fn login(rule: Rule, policy: Policy) -> (Self, Token) {
        let first = Token {
            id: 0,
            generation: 0,
        };
        let server = Self {
            rule,
            policy,
            lineage: Lineage {
                parent: hash(first.id),
                parent_since: at(0),
                generation: first.generation,
                children: Vec::new(),
                ends_at: at(VALIDITY),
            },
            parent: first.id,
            living: BTreeSet::from([first.id]),
            ends_at: VALIDITY,
            generation: 0,
            minted: 0,
        };
        (server, first)
    }

    /// Judges a token and writes what the rule says.
    pub(crate) fn refresh(&mut self, token: Token, now: i64) -> Reply {
        let presented = Presented {
            token: hash(token.id),
            generation: token.generation,
        };
        let new = Token {
            id: self.minted + 1,
            generation: presented.next_generation(),
        };
        let successor = Successor {
            token: hash(new.id),
            ends_at: at(now + VALIDITY),
        };
        match (self.rule)(&self.lineage, presented, successor, at(now), self.policy) {
            Verdict::NewPair { next, .. } => {
                self.lineage = next;
                self.minted = new.id;
                self.ends_at = now + VALIDITY;
                if token.id != self.parent {
                    self.parent = token.id;
                    self.living = BTreeSet::from([token.id]);
                }
                self.living.insert(new.id);
                Reply::NewPair(new)
            }
            Verdict::AccessOnly { full } => Reply::AccessOnly { full },
            Verdict::Theft => Reply::Theft,
            Verdict::Ended => Reply::Ended,
            Verdict::StoreRolledBack => Reply::RolledBack,
        }
    }

    /// Compares the lineage with the books.
    pub(crate) fn audit(&mut self) -> Result<(), Broken> {
        if self.lineage.children.len() > K {
            return Err(Broken::TooManyChildren);
        }
        if self.lineage.generation < self.generation {
            return Err(Broken::GenerationFell);
        }
        self.generation = self.lineage.generation;
        if self.living.iter().all(|id| self.knows(*id)) {
            Ok(())
        } else {
            Err(Broken::TokenLost)
        }
    }

    /// Whether the token is in the lineage.
    pub(crate) fn knows(&self, id: u32) -> bool {
        let token = hash(id);
        self.lineage.parent == token || self.lineage.children.iter().any(|c| c.token == token)
    }

    /// Whether the session cannot rotate: as many children as allowed.
    pub(crate) fn is_full(&self) -> bool {
        self.lineage.children.len() == K
    }
}
