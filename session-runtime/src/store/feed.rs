//! The feed of revocations in the database: numbered, read in parts, repaired.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::connection::query;
use super::{Store, StoreError};
use crate::handle::SessionHandle;
use crate::revocation::{Page, Position};

/// Entries that are read at once.
const PAGE: i64 = 10_000;

impl Store {
    /// Says that this process may mint access tokens of so long a validity until a time, and serves as
    /// an issuer until another.
    pub(crate) async fn announce(
        &self,
        (validity, minted_until): (TimeDelta, DateTime<Utc>),
        (issuer, served_until): (String, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| {
                query!(conn, announce_issuer(&issuer, served_until))?;
                query!(conn, announce_validity(validity, minted_until))
            })
            .await
    }

    /// Another issuer that serves from the same tables.
    pub(crate) async fn other_issuer(
        &self,
        issuer: String,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        self.read(move |conn| query!(conn, other_issuer(&issuer, now)))
            .await
    }

    /// Numbers all entries that are committed by now, in short transactions. Their tokens live at least
    /// `validity`.
    pub(crate) async fn number_feed(&self, validity: TimeDelta) -> Result<(), StoreError> {
        if !self.read(|conn| query!(conn, has_unnumbered())).await? {
            return Ok(());
        }
        let mut more = true;
        while more {
            let clock = Arc::clone(&self.clock);
            more = self
                .writer
                .step(move |conn| query!(conn, number_feed(clock.now(), validity)))
                .await?;
        }
        Ok(())
    }

    /// What the feed says after `position`, or from its start if that place is not what it was; the
    /// clock follows the database's.
    pub(crate) async fn feed(&self, position: Option<Position>) -> Result<Page, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.read(move |conn| {
            clock.follow(|| conn.time())?;
            let after = match position {
                Some(position) if query!(conn, is_at(position))? => Some(position.number),
                _ => None,
            };
            let entries = query!(conn, entries_after(after.unwrap_or(0), PAGE))?;
            Ok(Page {
                is_last: entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX),
                entries,
                from_start: after.is_none(),
                // After the entries, so that whoever announced before them is counted.
                longest_validity: query!(conn, longest_validity(clock.now()))?,
                key_version: query!(conn, key_version())?,
            })
        })
        .await
    }

    /// Revokes once more what the feed has lost.
    pub(crate) async fn revoke_again(&self, handles: Vec<SessionHandle>) -> Result<(), StoreError> {
        self.writer
            .step(move |conn| query!(conn, revoke_again(&handles)))
            .await
    }
}
