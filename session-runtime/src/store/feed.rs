//! The feed of revocations in the database: numbered, read in parts, repaired.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Store, StoreError};
use crate::handle::SessionHandle;
use crate::revocation::{Page, Position};
use crate::rules::shared_settings::Fingerprint;

/// Entries that are read at once.
const PAGE: i64 = 10_000;

/// What else was found to use the tables.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    /// Another issuer that is serving now.
    pub(crate) issuer: Option<String>,
    /// The announcements of this issuer that differ from this process's.
    pub(crate) settings: Vec<String>,
    /// Whether there is a live session.
    pub(crate) has_sessions: bool,
}

impl Store {
    /// Says that this process may mint access tokens of so long a validity until a time, and serves
    /// as an issuer, with some settings, until another. Returns the issuer that served last, if it
    /// was another.
    pub(crate) async fn announce(
        &self,
        (validity, minted_until): (TimeDelta, DateTime<Utc>),
        (issuer, settings): (String, Fingerprint),
        served_until: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        self.writer
            .step(move |link| {
                let last = link.announce_issuer(&issuer, served_until)?;
                link.announce_settings(&settings, served_until)?;
                link.announce_validity(validity, minted_until)?;
                Ok(last)
            })
            .await
    }

    /// What else serves from the same tables: it said so until a time between two.
    pub(crate) async fn neighbours(
        &self,
        issuer: String,
        settings: Fingerprint,
        between: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Neighbours, StoreError> {
        self.read(move |link| {
            Ok(Neighbours {
                issuer: link.other_issuer(&issuer, between)?,
                settings: link.other_settings(&settings, between)?,
                has_sessions: link.has_sessions(between.0)?,
            })
        })
        .await
    }

    /// Numbers all entries that are committed by now, in short transactions. Their tokens live at
    /// least `validity`.
    pub(crate) async fn number_feed(&self, validity: TimeDelta) -> Result<(), StoreError> {
        if !self.read(|link| link.has_unnumbered()).await? {
            return Ok(());
        }
        let mut more = true;
        while more {
            let clock = Arc::clone(&self.clock);
            more = self
                .writer
                .step(move |link| link.number_feed(clock.now(), validity))
                .await?;
        }
        Ok(())
    }

    /// What the feed says after `position`, or from its start if that place is not what it was; the
    /// clock follows the database's.
    pub(crate) async fn feed(&self, position: Option<Position>) -> Result<Page, StoreError> {
        let clock = Arc::clone(&self.clock);
        self.read(move |link| {
            clock.follow(|| link.backend().time())?;
            let after = match position {
                Some(position) if link.is_at(position)? => Some(position.number),
                _ => None,
            };
            let entries = link.entries_after(after.unwrap_or(0), PAGE)?;
            Ok(Page {
                is_last: entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX),
                entries,
                from_start: after.is_none(),
                // After the entries, so that a process announced before them is counted.
                longest_validity: link.longest_validity(clock.now())?,
                key_version: link.key_version()?,
            })
        })
        .await
    }

    /// Revokes once more what the feed has lost.
    pub(crate) async fn revoke_again(&self, handles: Vec<SessionHandle>) -> Result<(), StoreError> {
        self.writer
            .step(move |link| link.revoke_again(&handles))
            .await
    }
}
