//! A server with one session, which keeps books of its own beside the lineage that the rule writes.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::{
    Lineage, Policy, Presented, Successor, Verdict, Withheld, decide,
};

use crate::{K, at, hash};

/// The longest round trip, in milliseconds. So short that random times often meet the boundaries;
/// the rule only compares, so the scale does not matter.
pub(crate) const D: i64 = 4;
/// The clock difference that remains between replicas.
pub(crate) const SKEW: i64 = 2;
/// The smallest M that is promised to work.
pub(crate) const M: i64 = 3 * D + SKEW + 1;
/// How long a session lasts after its last new pair.
pub(crate) const VALIDITY: i64 = 2_000;
/// How long it lasts once the cap is met.
pub(crate) const CAPPED_FOR: i64 = VALIDITY / 2;
pub(crate) const POLICY: Policy = Policy {
    min_age: TimeDelta::milliseconds(M),
    max_children: K,
    capped_for: TimeDelta::milliseconds(CAPPED_FOR),
};

/// The production rule, or one that is known to be bad; `None` is no session and nothing written.
pub(crate) type Rule = fn(&Lineage, Presented, Successor, DateTime<Utc>, Policy) -> Option<Verdict>;

/// The production rule.
pub(crate) fn production(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    Some(decide(lineage, presented, successor, now, policy))
}

/// A refresh token as a client holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: u32,
    generation: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    NewPair(Token),
    AccessOnly(Withheld),
    /// No session, although there is one: a bad rule.
    Refused,
    Theft,
    Ended,
}

/// The promises of the rule, broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// An honest client was taken for a thief.
    JudgedTheft,
    /// A client was sent away although the session goes on.
    LoggedOut,
    /// The store is said to have lost commits, and it has not.
    FalseAlarm,
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
    stored: Stored,
    /// The state that a standby has.
    standby: Option<Stored>,
    pub(crate) failed_over: bool,
    minted: u32,
}

/// The row, and the books beside it.
#[derive(Debug, Clone)]
struct Stored {
    lineage: Lineage,
    /// The last token that advanced the session.
    parent: u32,
    /// Every token handed out that it did not supersede.
    living: BTreeSet<u32>,
    /// The end promised with the last pair, or when the cap was met.
    ends_at: i64,
    capped: bool,
    /// The highest generation seen.
    generation: u32,
}

impl Server {
    /// A session that starts at zero, and its first token.
    pub(crate) fn login(rule: Rule, policy: Policy) -> (Self, Token) {
        let first = Token {
            id: 0,
            generation: 0,
        };
        let stored = Stored {
            lineage: Lineage::first(hash(first.id), at(0), at(VALIDITY)),
            parent: first.id,
            living: BTreeSet::from([first.id]),
            ends_at: VALIDITY,
            capped: false,
            generation: 0,
        };
        let server = Self {
            rule,
            policy,
            stored,
            standby: None,
            failed_over: false,
            minted: 0,
        };
        (server, first)
    }

    /// From now on a standby gets nothing of what is written.
    pub(crate) fn cut(&mut self) {
        self.standby = Some(self.stored.clone());
    }

    /// The standby takes over, without what was written since.
    pub(crate) fn fail_over(&mut self) {
        if let Some(standby) = self.standby.take() {
            self.stored = standby;
            self.failed_over = true;
        }
    }

    /// Decides on a token and writes what the rule says.
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
        let stored = &mut self.stored;
        match (self.rule)(&stored.lineage, presented, successor, at(now), self.policy) {
            Some(Verdict::NewPair { next, .. }) => {
                stored.lineage = next;
                self.minted = new.id;
                stored.ends_at = now + VALIDITY;
                if token.id != stored.parent {
                    stored.parent = token.id;
                    stored.living = BTreeSet::from([token.id]);
                    stored.capped = false;
                }
                stored.living.insert(new.id);
                Reply::NewPair(new)
            }
            Some(Verdict::AccessOnly { reason, next }) => {
                if let Some(next) = next {
                    stored.lineage = next;
                    if reason == Withheld::StoreRolledBack {
                        stored.living.insert(token.id);
                    } else {
                        stored.capped = true;
                        stored.ends_at = stored.ends_at.min(now + CAPPED_FOR);
                    }
                }
                Reply::AccessOnly(reason)
            }
            Some(Verdict::Theft) => Reply::Theft,
            Some(Verdict::Ended) => Reply::Ended,
            None => Reply::Refused,
        }
    }

    /// Compares the lineage with the books.
    pub(crate) fn audit(&mut self) -> Result<(), Broken> {
        let lineage = &self.stored.lineage;
        if lineage.children.len() > K {
            return Err(Broken::TooManyChildren);
        }
        if lineage.generation < self.stored.generation {
            return Err(Broken::GenerationFell);
        }
        self.stored.generation = lineage.generation;
        if self.stored.living.iter().all(|id| self.knows(*id)) {
            Ok(())
        } else {
            Err(Broken::TokenLost)
        }
    }

    /// Whether the token is in the lineage.
    fn knows(&self, id: u32) -> bool {
        let (token, lineage) = (hash(id), &self.stored.lineage);
        lineage.parent == token || lineage.children.iter().any(|child| child.token == token)
    }

    /// Whether the token works: it is in the lineage, or was written by a commit that is lost.
    pub(crate) fn accepts(&self, token: Token) -> bool {
        let newer = token.generation > self.stored.lineage.generation;
        self.knows(token.id) || self.failed_over && newer
    }

    /// Whether the session cannot rotate: as many children as allowed.
    pub(crate) fn is_full(&self) -> bool {
        self.stored.lineage.children.len() == K
    }

    /// Whether the end comes from the cap.
    pub(crate) fn is_capped(&self) -> bool {
        self.stored.capped
    }

    pub(crate) fn ends_at(&self) -> i64 {
        self.stored.ends_at
    }
}
