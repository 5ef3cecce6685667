//! Rows, and what they mean to the rest of the crate.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::schema::{session_counter, session_info, session_key, session_revocation};
use crate::handle::SessionHandle;
use crate::keys::KeyKind;
use crate::keys::sealing::SealedKey;
use crate::payload::claims_text;
use crate::record::{BoundDevice, DeviceState, Record, Summary};
use crate::revocation::Entry;
use crate::rules::limit::Standing;
use crate::rules::rotation::{Child, Lineage, TokenHash};

/// A row of `session_info`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = session_info, treat_none_as_default_value = false)]
pub(crate) struct SessionRow {
    pub(super) handle: Vec<u8>,
    pub(super) user_id: String,
    pub(super) parent_hash: Vec<u8>,
    pub(super) parent_since: i64,
    pub(super) generation: i64,
    pub(super) children: Vec<u8>,
    pub(super) payload: String,
    pub(super) data: String,
    pub(super) created_at: i64,
    pub(super) validity: i64,
    pub(super) expires_at: i64,
    pub(super) ends_for_good: Option<i64>,
    pub(super) auth_time: Option<i64>,
    pub(super) anonymous: bool,
    pub(super) data_version: i64,
    pub(super) device: String,
    pub(super) capped_since: Option<i64>,
    pub(super) payload_type: String,
    pub(super) pending_attempts: Option<i64>,
    pub(super) device_key: Option<Vec<u8>>,
    pub(super) device_bound_at: Option<i64>,
    pub(super) device_state: Option<i16>,
}

/// The columns that an application changes.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = session_info, treat_none_as_null = true)]
pub(super) struct ContentRow {
    payload: String,
    data: String,
    data_version: i64,
    auth_time: Option<i64>,
}

impl From<&Record> for ContentRow {
    fn from(record: &Record) -> Self {
        Self {
            payload: claims_text(&record.payload),
            data: record.data.clone(),
            data_version: record.data_version,
            auth_time: record.auth_time.map(|time| time.timestamp_millis()),
        }
    }
}

/// The columns that a rotation writes.
#[derive(Debug)]
pub(super) struct LineageRow {
    pub(super) parent_hash: Vec<u8>,
    pub(super) parent_since: i64,
    pub(super) generation: i64,
    pub(super) children: Vec<u8>,
    pub(super) capped_since: Option<i64>,
    pub(super) expires_at: i64,
}

impl From<&Lineage> for LineageRow {
    fn from(lineage: &Lineage) -> Self {
        Self {
            parent_hash: lineage.parent.0.to_vec(),
            parent_since: lineage.parent_since.timestamp_millis(),
            generation: lineage.generation.into(),
            children: encode_children(&lineage.children),
            capped_since: lineage.capped_since.map(|time| time.timestamp_millis()),
            expires_at: lineage.ends_at.timestamp_millis(),
        }
    }
}

impl From<&Record> for SessionRow {
    fn from(record: &Record) -> Self {
        let lineage = LineageRow::from(&record.lineage);
        Self {
            handle: record.handle.as_bytes().to_vec(),
            user_id: record.user_id.clone(),
            parent_hash: lineage.parent_hash,
            parent_since: lineage.parent_since,
            generation: lineage.generation,
            children: lineage.children,
            payload: claims_text(&record.payload),
            data: record.data.clone(),
            created_at: record.created_at.timestamp_millis(),
            validity: record.validity.num_milliseconds(),
            expires_at: lineage.expires_at,
            ends_for_good: record.ends_for_good.map(|time| time.timestamp_millis()),
            auth_time: record.auth_time.map(|time| time.timestamp_millis()),
            anonymous: record.anonymous,
            data_version: record.data_version,
            device: serde_json::to_string(&record.device).expect("two texts are JSON"),
            capped_since: lineage.capped_since,
            payload_type: record.payload_type.clone(),
            pending_attempts: record.pending_attempts.map(i64::from),
            device_key: record.bound.as_ref().map(|device| device.key.clone()),
            device_bound_at: record
                .bound
                .as_ref()
                .map(|device| device.since.timestamp_millis()),
            device_state: record.bound.as_ref().map(|device| state_row(device.state)),
        }
    }
}

impl SessionRow {
    /// About how many bytes it takes in a statement.
    pub(super) fn size(&self) -> usize {
        256 + self.payload.len() + self.data.len()
    }

    /// `None` if the row was edited and is not a valid session.
    pub(super) fn into_record(self) -> Option<Record> {
        Some(Record {
            handle: handle(&self.handle)?,
            user_id: self.user_id,
            lineage: Lineage {
                parent: TokenHash(self.parent_hash.try_into().ok()?),
                parent_since: time(self.parent_since)?,
                generation: self.generation.try_into().ok()?,
                children: decode_children(&self.children)?,
                capped_since: optional_time(self.capped_since)?,
                ends_at: time(self.expires_at)?,
            },
            payload: serde_json::from_str(&self.payload).ok()?,
            data: self.data,
            created_at: time(self.created_at)?,
            validity: TimeDelta::try_milliseconds(self.validity)?,
            ends_for_good: optional_time(self.ends_for_good)?,
            auth_time: optional_time(self.auth_time)?,
            anonymous: self.anonymous,
            data_version: self.data_version,
            device: serde_json::from_str(&self.device).unwrap_or_default(),
            payload_type: self.payload_type,
            pending_attempts: match self.pending_attempts {
                Some(attempts) => Some(attempts.try_into().ok()?),
                None => None,
            },
            bound: bound(self.device_key, self.device_bound_at, self.device_state)?,
        })
    }
}

/// What lists show of a row: not its data, which may be large.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = session_info)]
pub(super) struct SummaryRow {
    handle: Vec<u8>,
    user_id: String,
    parent_hash: Vec<u8>,
    parent_since: i64,
    generation: i64,
    children: Vec<u8>,
    payload: String,
    created_at: i64,
    expires_at: i64,
    auth_time: Option<i64>,
    anonymous: bool,
    device: String,
    payload_type: String,
    pending_attempts: Option<i64>,
    device_state: Option<i16>,
}

impl SummaryRow {
    /// `None` if the row was edited and is not a valid session.
    pub(super) fn into_summary(self) -> Option<Summary> {
        // A row that cannot be refreshed is no session here either.
        let _: [u8; 32] = self.parent_hash.try_into().ok()?;
        let _: u32 = self.generation.try_into().ok()?;
        let children = decode_children(&self.children)?;
        let minted = children.iter().map(|child| child.minted_at);
        let parent_since = time(self.parent_since)?;
        Some(Summary {
            handle: handle(&self.handle)?,
            user_id: self.user_id,
            payload_type: self.payload_type,
            payload: serde_json::from_str(&self.payload).ok()?,
            created_at: time(self.created_at)?,
            refreshed_at: minted.fold(parent_since, std::cmp::Ord::max),
            ends_at: time(self.expires_at)?,
            auth_time: optional_time(self.auth_time)?,
            anonymous: self.anonymous,
            pending: self.pending_attempts.is_some(),
            device: serde_json::from_str(&self.device).unwrap_or_default(),
            device_bound: match self.device_state {
                Some(state) => device_state(state)? != DeviceState::Dropped,
                None => false,
            },
        })
    }
}

/// A row of `session_revocation`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = session_revocation, treat_none_as_default_value = false)]
pub(crate) struct RevocationRow {
    pub(super) handle: Vec<u8>,
    pub(super) number: Option<i64>,
    pub(super) until: i64,
    pub(super) replaced: bool,
}

impl RevocationRow {
    /// An entry without a number and without an end: it gets both after its commit.
    pub(super) fn new(handle: SessionHandle, replaced: bool) -> Self {
        Self {
            handle: handle.as_bytes().to_vec(),
            number: None,
            until: 0,
            replaced,
        }
    }

    pub(super) fn into_entry(self) -> Option<Entry> {
        Some(Entry {
            number: self.number?,
            handle: handle(&self.handle)?,
            until: time(self.until)?,
            replaced: self.replaced,
        })
    }
}

/// A row of `session_counter`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = session_counter)]
pub(crate) struct CounterRow {
    pub(super) name: String,
    pub(super) value: i64,
}

/// A row of `session_key`.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = session_key)]
pub(crate) struct KeyRow {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) sealed: Vec<u8>,
    pub(super) created_at: i64,
}

impl From<&SealedKey> for KeyRow {
    fn from(key: &SealedKey) -> Self {
        Self {
            id: key.id.clone(),
            kind: key.kind.as_str().to_owned(),
            sealed: key.sealed.clone(),
            created_at: key.created_at.timestamp_millis(),
        }
    }
}

impl KeyRow {
    /// `None` for a kind that this version does not know.
    pub(super) fn into_key(self) -> Option<SealedKey> {
        Some(SealedKey {
            kind: KeyKind::from_name(&self.kind)?,
            created_at: time(self.created_at)?,
            id: self.id,
            sealed: self.sealed,
        })
    }
}

/// Reads a handle column.
pub(super) fn handle(bytes: &[u8]) -> Option<SessionHandle> {
    bytes.try_into().ok().map(SessionHandle::from_bytes)
}

/// Reads handle columns.
pub(super) fn handles(rows: &[Vec<u8>]) -> Vec<SessionHandle> {
    rows.iter().filter_map(|bytes| handle(bytes)).collect()
}

/// Reads columns of handles and of attempts at second factors.
pub(super) fn standing(rows: &[(Vec<u8>, Option<i64>)]) -> Vec<Standing> {
    let of = |(bytes, attempts): &(Vec<u8>, Option<i64>)| {
        Some(Standing {
            handle: handle(bytes)?,
            attempts: attempts.map(|attempts| attempts.try_into().unwrap_or(u32::MAX)),
        })
    };
    rows.iter().filter_map(of).collect()
}

fn time(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis)
}

/// How a row names the state of a device.
pub(super) fn state_row(state: DeviceState) -> i16 {
    match state {
        DeviceState::Unproved => 0,
        DeviceState::Proved => 1,
        DeviceState::Dropped => 2,
    }
}

fn device_state(number: i16) -> Option<DeviceState> {
    match number {
        0 => Some(DeviceState::Unproved),
        1 => Some(DeviceState::Proved),
        2 => Some(DeviceState::Dropped),
        _ => None,
    }
}

/// `None` for columns that no write of ours leaves: such a row must not pass for an unbound
/// session.
fn bound(
    key: Option<Vec<u8>>,
    since: Option<i64>,
    state: Option<i16>,
) -> Option<Option<BoundDevice>> {
    match (key, since, state) {
        (None, None, None) => Some(None),
        (Some(key), Some(since), Some(state)) => Some(Some(BoundDevice {
            key,
            since: time(since)?,
            state: device_state(state)?,
        })),
        _ => None,
    }
}

/// `None` for a number that is no time.
fn optional_time(millis: Option<i64>) -> Option<Option<DateTime<Utc>>> {
    match millis {
        Some(millis) => time(millis).map(Some),
        None => Some(None),
    }
}

/// Bytes of one child: its hash, then when it was minted.
const CHILD: usize = 32 + 8;

fn encode_children(children: &[Child]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(children.len() * CHILD);
    for child in children {
        bytes.extend_from_slice(&child.token.0);
        bytes.extend_from_slice(&child.minted_at.timestamp_millis().to_be_bytes());
    }
    bytes
}

fn decode_children(bytes: &[u8]) -> Option<Vec<Child>> {
    if !bytes.len().is_multiple_of(CHILD) {
        return None;
    }
    let children = bytes.chunks_exact(CHILD).map(|child| {
        let (token, minted_at) = child.split_first_chunk::<32>()?;
        let minted_at = i64::from_be_bytes(minted_at.try_into().ok()?);
        Some(Child {
            token: TokenHash(*token),
            minted_at: time(minted_at)?,
        })
    });
    children.collect()
}
