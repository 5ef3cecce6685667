//! What a session is, and the writes that are more than one value: without SQL and without HTTP.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::device::Device;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::HandOver;
use crate::rules::limit::Limit;
use crate::rules::rotation::{Lineage, Policy, Presented, TokenHash};

/// How many sessions one transaction ends at most: few enough that no login waits noticeably behind it.
pub(crate) const CHUNK: usize = 100;

/// How often those of a user are looked for that came meanwhile, before it is given up.
pub(crate) const ROUNDS: usize = 20;

/// A session as the rest of the crate knows it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) handle: SessionHandle,
    pub(crate) user_id: String,
    pub(crate) lineage: Lineage,
    /// The name of its payload type, which never changes; empty for a row of a version that had none.
    pub(crate) payload_type: String,
    pub(crate) payload: Map<String, Value>,
    pub(crate) data: String,
    pub(crate) created_at: DateTime<Utc>,
    /// How long it lives from each rotation on.
    pub(crate) validity: TimeDelta,
    /// When it ends whatever happens.
    pub(crate) ends_for_good: Option<DateTime<Utc>>,
    /// When the user last proved who it is, if the payload carries that.
    pub(crate) auth_time: Option<DateTime<Utc>>,
    /// Whether nobody has logged in.
    pub(crate) anonymous: bool,
    /// Counts the changes of the data.
    pub(crate) data_version: i64,
    pub(crate) device: Device,
    /// How often the second factor was tried, if the session awaits one.
    pub(crate) pending_attempts: Option<u32>,
}

impl Record {
    /// Whether it awaits a second factor, and so is no session of its user yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending_attempts.is_some()
    }

    /// When it ends if it is rotated at `now`.
    pub(crate) fn ends_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let sliding = now.checked_add_signed(self.validity)?;
        Some(self.ends_for_good.map_or(sliding, |end| sliding.min(end)))
    }
}

/// How many sessions of a user are listed at once.
pub(crate) const PAGE: u8 = 100;

/// A session without its data, which may be large, and without its lineage.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) handle: SessionHandle,
    pub(crate) user_id: String,
    pub(crate) payload_type: String,
    pub(crate) payload: Map<String, Value>,
    pub(crate) created_at: DateTime<Utc>,
    /// When a token of it was last handed out.
    pub(crate) refreshed_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    pub(crate) auth_time: Option<DateTime<Utc>>,
    pub(crate) anonymous: bool,
    /// Whether it awaits a second factor.
    pub(crate) pending: bool,
    pub(crate) device: Device,
}

/// A refresh on its way to the row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) handle: SessionHandle,
    pub(crate) presented: Presented,
    /// The hash of the token to hand out if the verdict allows it.
    pub(crate) successor: TokenHash,
    pub(crate) policy: Policy,
}

/// A login that has more to it than one insert.
#[derive(Debug, Clone)]
pub(crate) struct Creation {
    pub(crate) record: Record,
    /// The sessions of the same browser that end with it.
    pub(crate) replaced: Vec<SessionHandle>,
    /// The pending session that it completes, which must be there still; it is among `replaced`.
    pub(crate) completes: Option<SessionHandle>,
    /// Takes the data of a visitor's session of the same browser, one of `handed_from`.
    pub(crate) hand_over: Option<HandOver>,
    pub(crate) handed_from: Vec<SessionHandle>,
    pub(crate) limit: Option<Limit>,
}

impl Creation {
    /// Whether it is one insert and nothing else.
    pub(crate) fn is_plain(&self) -> bool {
        self.replaced.is_empty()
            && self.limit.is_none()
            && self.completes.is_none()
            && (self.hand_over.is_none() || self.handed_from.is_empty())
    }
}

/// What became of a login.
#[derive(Debug, Clone)]
pub(crate) enum Created {
    Started {
        ended: Vec<SessionHandle>,
    },
    LimitReached,
    /// The data of the visitor could not be taken over, or the pending session is over.
    Failed(Error),
}

/// What becomes of the user's other sessions when one is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They end: the credential changed.
    End,
    /// They go on.
    Keep,
}
