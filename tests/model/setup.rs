//! The size of the world that is checked, the rule in it, and what may go wrong.

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::{
    Lineage, Policy, Presented, Successor, TokenHash, Verdict, decide,
};

/// What a rule says. The production rule never hands out a token twice and refuses no live session;
/// some of the bad ones do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ruling {
    Verdict(Verdict),
    /// No session, although there is one, and nothing written.
    Refused,
    /// This live token as the answer, and nothing written.
    Again(TokenHash),
}

pub(crate) type Rule = fn(&Lineage, Presented, Successor, DateTime<Utc>, Policy) -> Ruling;

/// The code that runs in production.
pub(crate) fn production(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Ruling {
    Ruling::Verdict(decide(lineage, presented, successor, now, policy))
}

/// The server around the rule. All but the first are known to be bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// Checks the MAC, then reads, decides and writes in one transaction, then answers.
    Sound,
    /// Sees that the session is there in one transaction and rotates it in another.
    LooksThenWrites,
    AnswersThenCommits,
    /// Writes the parent in one transaction and its children in another.
    WritesTwice,
    TrustsAnyMac,
}

/// Times are in ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) rule: Rule,
    pub(crate) server: Server,
    /// So many requests of the owner can be under way; a tab that does not wait for its answer
    /// counts as two.
    pub(crate) tabs: usize,
    /// So many copies of requests and answers the network can have under way beside them.
    pub(crate) copies: usize,
    /// D: a request is decided, and its answer stored, at most so long after its sending, or never.
    pub(crate) round_trip: i8,
    /// The clock of the second replica is so far ahead of the first one's.
    pub(crate) skew: i8,
    /// M.
    pub(crate) min_age: i8,
    /// K.
    pub(crate) max_children: usize,
    /// How long the session goes on once the cap is met.
    pub(crate) capped_for: i8,
    /// Up to so many commits are lost when a standby takes over, once; with 0 none does.
    pub(crate) lost_commits: u8,
    /// Requests, answers and replicas can be lost.
    pub(crate) losses: bool,
    /// Tabs refresh although their access token is still good.
    pub(crate) forced: bool,
    /// Someone copies the jar once.
    pub(crate) thief: bool,
    /// The application may end the session.
    pub(crate) revocation: bool,
    /// How long a session lasts after its last new pair; without one it does not end.
    pub(crate) validity: Option<i8>,
    /// The end that the session has from login on, whatever happens.
    pub(crate) absolute_end: Option<i8>,
}

/// "Never" as a number of ticks.
pub(crate) const FAR: i8 = i8::MAX;

impl Setup {
    /// One tab, one tick of delay, an M that is just enough, and everything that may go wrong to an
    /// honest client.
    pub(crate) const HONEST: Self = Self {
        rule: production,
        server: Server::Sound,
        tabs: 1,
        copies: 0,
        round_trip: 1,
        skew: 0,
        min_age: 4,
        max_children: 2,
        capped_for: FAR,
        lost_commits: 0,
        losses: true,
        forced: true,
        thief: false,
        revocation: false,
        validity: None,
        absolute_end: None,
    };

    /// The smallest M in ticks that exceeds three round trips and the difference of the clocks.
    pub(crate) const fn enough(round_trip: i8, skew: i8) -> i8 {
        3 * round_trip + skew + 1
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            min_age: TimeDelta::seconds(i64::from(self.min_age)),
            max_children: self.max_children,
            capped_for: TimeDelta::seconds(i64::from(self.capped_for)),
        }
    }

    /// The clocks of the two replicas. They share the store, so with the same clock they are the
    /// same.
    pub(crate) fn clocks(&self) -> impl Iterator<Item = i8> + use<> {
        [0].into_iter().chain((self.skew > 0).then_some(self.skew))
    }

    /// How long a fresh access token keeps a patient tab from refreshing: longer than M, as in
    /// production.
    pub(crate) fn patience(&self) -> i8 {
        if self.forced {
            0
        } else {
            self.min_age + self.skew + 1
        }
    }
}
