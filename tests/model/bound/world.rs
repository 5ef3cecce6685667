//! The world between two steps.

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::bound::Binding;
use session_runtime::internals::rotation::{Lineage, Presented, TokenHash};

use super::browser::Browser;
use super::server::{DeviceReply, Reply};
use super::steps::Action;
use crate::lineage::minute;

/// When the session ends, if nothing ends it sooner: beyond the end of a dropped binding.
pub(crate) fn last_end() -> DateTime<Utc> {
    minute(0) + TimeDelta::days(100)
}

/// The row of the session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) lineage: Lineage,
    pub(crate) binding: Binding,
    pub(crate) dropped_at: Option<u8>,
    /// It was deleted: superseded tokens, or a proof for a dropped binding.
    pub(crate) theft: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) sent: u8,
    pub(crate) content: Content,
}

/// A challenge is the minute that it was made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    Register,
    Registered { challenge: u8 },
    Device { token: Presented, proof: Option<u8> },
    DeviceAnswer(DeviceReply),
    Ordinary(Request),
    OrdinaryAnswer(Reply),
}

/// A refresh without a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Request {
    pub(crate) token: Presented,
    /// When the access token beside it was issued.
    pub(crate) issued: u8,
    pub(crate) sent_back: Option<u8>,
    pub(crate) skipped: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Thief {
    pub(crate) tokens: Vec<Presented>,
    /// Challenges that the device's key signed.
    pub(crate) proofs: Vec<u8>,
}

/// A promise that a step broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    HonestPutOut,
    TokenWithoutProof,
    ChangedWithoutProof,
    OldProofWorks,
    DeadTokenWorks,
    ThiefUnseen,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u8,
    pub(crate) row: Row,
    pub(crate) browser: Browser,
    pub(crate) messages: Vec<Message>,
    pub(crate) thief: Option<Thief>,
    pub(crate) minted: u8,
    pub(crate) asked: u8,
    pub(crate) restarted: bool,
    pub(crate) broken: Option<Broken>,
}

impl State {
    pub(crate) fn login() -> Self {
        let first = TokenHash([0; 32]);
        let token = Presented {
            token: first,
            generation: 0,
        };
        Self {
            now: 0,
            row: Row {
                lineage: Lineage::first(first, minute(0), last_end()),
                binding: Binding::Unbound,
                dropped_at: None,
                theft: false,
            },
            browser: Browser::logged_in(token),
            messages: vec![Message {
                sent: 0,
                content: Content::Register,
            }],
            thief: None,
            minted: 0,
            asked: 0,
            restarted: false,
            broken: None,
        }
    }

    pub(crate) fn send(&mut self, content: Content) {
        let sent = self.now;
        self.messages.push(Message { sent, content });
    }

    pub(crate) fn note(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
    }

    /// What an action is about, for people.
    pub(crate) fn message(&self, action: Action) -> String {
        match action {
            Action::Serve(index)
            | Action::Crash(index)
            | Action::Away(index)
            | Action::Deliver(index)
            | Action::Lose(index) => format!("{:?}", self.messages[index].content),
            _ => format!("{:?}", self.row.binding),
        }
    }

    pub(crate) fn ordinary_under_way(&self) -> usize {
        let ordinary = |message: &&Message| {
            matches!(
                message.content,
                Content::Ordinary(_) | Content::OrdinaryAnswer(_)
            )
        };
        self.messages.iter().filter(ordinary).count() + self.browser.waiting.len()
    }
}
