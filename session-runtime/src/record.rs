//! A session as the library uses it, and the writes that change more than one value, without SQL
//! and HTTP.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::device::Device;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::HandOver;
use crate::rules::limit::Limit;
use crate::rules::rotation::bound::{self, Ordinary};
use crate::rules::rotation::{Lineage, Policy, Presented, TokenHash};

/// How many sessions one transaction ends at most, so that no login waits noticeably behind it.
pub(crate) const CHUNK: usize = 100;

/// How often to look again for sessions of a user that were created meanwhile, before giving up.
pub(crate) const ROUNDS: usize = 20;

/// A session as the rest of the crate uses it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) handle: SessionHandle,
    pub(crate) user_id: String,
    pub(crate) lineage: Lineage,
    /// The name of its payload type, which never changes; empty in a row of an early version.
    pub(crate) payload_type: String,
    pub(crate) payload: Map<String, Value>,
    pub(crate) data: String,
    pub(crate) created_at: DateTime<Utc>,
    /// How long it lives after each rotation.
    pub(crate) validity: TimeDelta,
    /// When it ends, however often it is refreshed.
    pub(crate) ends_for_good: Option<DateTime<Utc>>,
    /// When the user last logged in, if the payload contains that.
    pub(crate) auth_time: Option<DateTime<Utc>>,
    /// Whether it is a visitor's session.
    pub(crate) anonymous: bool,
    /// How often the data was changed.
    pub(crate) data_version: i64,
    pub(crate) device: Device,
    /// How often the second factor was tried, if the session awaits one.
    pub(crate) pending_attempts: Option<u32>,
    /// The device that it is bound to.
    pub(crate) bound: Option<BoundDevice>,
}

/// The device that a session is bound to, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoundDevice {
    /// Its public key (SubjectPublicKeyInfo).
    pub(crate) key: Vec<u8>,
    /// When it was registered.
    pub(crate) since: DateTime<Utc>,
    pub(crate) state: DeviceState,
}

/// What is known of a device that has registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceState {
    /// It has not proved itself yet.
    Unproved,
    /// It has proved itself at a refresh.
    Proved,
    /// It never did, and the session went on without.
    Dropped,
}

impl DeviceState {
    /// The state of a binding; `None` if there is none.
    pub(crate) fn of(binding: bound::Binding) -> Option<Self> {
        match binding {
            bound::Binding::Unbound => None,
            bound::Binding::Bound { proved: false, .. } => Some(Self::Unproved),
            bound::Binding::Bound { proved: true, .. } => Some(Self::Proved),
            bound::Binding::Dropped => Some(Self::Dropped),
        }
    }
}

impl Record {
    /// Whether and how it is bound to a device.
    pub(crate) fn binding(&self) -> bound::Binding {
        let Some(BoundDevice { since, state, .. }) = self.bound else {
            return bound::Binding::Unbound;
        };
        match state {
            DeviceState::Unproved | DeviceState::Proved => bound::Binding::Bound {
                since,
                proved: state == DeviceState::Proved,
            },
            DeviceState::Dropped => bound::Binding::Dropped,
        }
    }

    /// Whether its access tokens say that it is bound to a device.
    pub(crate) fn is_device_bound(&self) -> bool {
        matches!(self.binding(), bound::Binding::Bound { .. })
    }

    /// Whether this is the key that it has.
    pub(crate) fn has_key(&self, key: &[u8]) -> bool {
        self.bound.as_ref().is_some_and(|device| device.key == key)
    }

    /// Whether it awaits a second factor and does not yet count as a session of its user.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending_attempts.is_some()
    }

    /// Whether it has expired, even if its row still exists.
    pub(crate) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.lineage.ends_at <= now
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
    /// Whether it is bound to a device.
    pub(crate) device_bound: bool,
}

impl Summary {
    /// Whether the session has expired, even if its row still exists.
    pub(crate) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.ends_at <= now
    }
}

/// What comes with a refresh token.
#[derive(Debug, Clone)]
pub(crate) enum RefreshKind {
    /// A good proof by the device with this key (SubjectPublicKeyInfo).
    Proved(Vec<u8>),
    /// No proof.
    Ordinary(Ordinary),
}

/// A refresh that is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    pub(crate) handle: SessionHandle,
    pub(crate) presented: Presented,
    /// The hash of the token to hand out if the verdict allows it.
    pub(crate) successor: TokenHash,
    pub(crate) policy: Policy,
    pub(crate) kind: RefreshKind,
}

impl Rotation {
    /// What the rule has to know of it beside the token.
    pub(crate) fn refresh(&self, record: &Record) -> bound::Refresh {
        match &self.kind {
            RefreshKind::Proved(key) => bound::Refresh::Proved {
                by_its_key: record.has_key(key),
            },
            RefreshKind::Ordinary(ordinary) => bound::Refresh::Ordinary(*ordinary),
        }
    }
}

/// A login, with everything it writes beside the row.
#[derive(Debug, Clone)]
pub(crate) struct Creation {
    pub(crate) record: Record,
    /// The sessions of the same browser that end with it.
    pub(crate) replaced: Vec<SessionHandle>,
    /// The pending session that it completes, which must still exist; it is among `replaced`.
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

/// The result of a login.
#[derive(Debug, Clone)]
pub(crate) enum Created {
    Started {
        ended: Vec<SessionHandle>,
    },
    LimitReached,
    /// The data of the visitor could not be taken over, or the pending session has ended.
    Failed(Error),
}

/// What happens to the user's other sessions when one is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They end, because the credential changed.
    End,
    /// They continue.
    Keep,
}

#[cfg(test)]
impl Record {
    /// A session of a user that ends then, for tests.
    pub(crate) fn specimen(ends_at: DateTime<Utc>) -> Self {
        Self {
            handle: SessionHandle::from_bytes([7; 16]),
            user_id: "ada".into(),
            lineage: Lineage::first(TokenHash([7; 32]), ends_at, ends_at),
            payload_type: String::new(),
            payload: Map::new(),
            data: "null".into(),
            created_at: ends_at,
            validity: TimeDelta::zero(),
            ends_for_good: None,
            auth_time: None,
            anonymous: false,
            data_version: 0,
            device: Device::default(),
            pending_attempts: None,
            bound: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_over_at_the_moment_of_its_end() {
        let start = 1_790_000_000_000;
        let at = |millis: i64| DateTime::from_timestamp_millis(start + millis).expect("a time");
        for (now, over) in [(-1, false), (0, true), (1, true)] {
            assert_eq!(Record::specimen(at(0)).is_expired(at(now)), over, "{now}");
        }
    }
}
