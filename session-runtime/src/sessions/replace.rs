//! Replacing a session: the user has logged in again or changed a credential, so a copy of the old
//! tokens must become useless (OWASP ASVS 7.2.4).

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Sessions, Uncommitted, Within};
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::handle::SessionHandle;
use crate::new_session::SessionKind;
use crate::record::{CHUNK, Others, Record};
use crate::rules::rotation::Lineage;
use crate::token::access::Verified;
use crate::token::{SessionTokens, Transport};

/// The session that replaces another one: a new handle and a new refresh token.
struct Successor {
    handle: SessionHandle,
    transport: Transport,
    token: String,
    lineage: Lineage,
    now: DateTime<Utc>,
}

impl Successor {
    /// The old session under its new handle; payload and data stay.
    fn of(&self, old: Record) -> Record {
        let mut new = Record {
            handle: self.handle,
            lineage: self.lineage.clone(),
            auth_time: old.auth_time.map(|_| self.now),
            // Its device registers again, for the new handle.
            bound: None,
            ..old
        };
        new.lineage.ends_at = new.ends_after(self.now).unwrap_or(self.now);
        new
    }
}

impl Sessions {
    fn successor(&self, old: &Verified) -> Result<Successor, Error> {
        Self::require_whole(old, "has proved nothing yet: finish the login instead")?;
        let now = self.now();
        let handle = SessionHandle::new(now, &self.inner.tokens.random.bytes()?);
        let (token, lineage) = self.first_token(handle, old.transport, now)?;
        Ok(Successor {
            handle,
            transport: old.transport,
            token,
            lineage,
            now,
        })
    }

    fn issue_successor(
        &self,
        record: &Record,
        successor: &Successor,
    ) -> Result<SessionTokens, Error> {
        let token = successor.token.clone();
        self.issue_first(record, successor.transport, token, successor.now)
    }

    /// Replaces the session of an access token by a new one of the same user, with the same payload
    /// and data.
    pub(crate) async fn replace_session(
        &self,
        old: &Verified,
        others: Others,
    ) -> Result<SessionTokens, Error> {
        let successor = Arc::new(self.successor(old)?);
        let user_id = old.claims.user_id().to_owned();
        // If there are so many that others would wait, most of them are ended before.
        if others == Others::End {
            let (user, by) = (Some(user_id.clone()), RevokedBy::CredentialChange);
            if self
                .inner
                .store
                .requests
                .all_handles(user.clone())
                .await?
                .len()
                > CHUNK
            {
                self.end_all(user, Some(old.handle), by).await?;
            }
        }
        let making = Arc::clone(&successor);
        let successor_of = move |old: Record| making.of(old);
        let store = &self.inner.store.requests;
        let replaced = store
            .replace_session(old.handle, user_id, others, successor_of)
            .await?;
        let Some((record, ended)) = replaced else {
            return Err(self.missing_row(old.handle).await);
        };
        self.remember(&[old.handle], true);
        let by = match others {
            Others::End => RevokedBy::CredentialChange,
            Others::Keep => RevokedBy::Login,
        };
        self.note_revoked(ended, by);
        self.emit(&Event::Created {
            handle: record.handle,
            user_id: record.user_id.clone(),
        });
        self.issue_successor(&record, &successor)
    }
}

impl Within<'_> {
    /// [`Sessions::replace_session`] in the application's transaction: after the commit, every process
    /// learns from the feed which sessions have ended.
    pub(crate) fn replace_session(
        &mut self,
        old: &Verified,
        others: Others,
    ) -> Result<Uncommitted, Error> {
        let sessions = self.sessions.clone();
        let successor = sessions.successor(old)?;
        let user_id = old.claims.user_id();
        if others == Others::End {
            self.conn()?.require_current_reads()?;
        }
        let (handle, now) = (old.handle, successor.now);
        let successor_of = |old| successor.of(old);
        let replaced = self
            .conn()?
            .run(|link| link.replace_session(handle, user_id, now, others, successor_of))?;
        let (record, _ended) = replaced.ok_or(Error::Unauthorised)?;
        let tokens = sessions.issue_successor(&record, &successor)?;
        Ok(Uncommitted {
            tokens,
            kind: SessionKind::Whole,
            sessions,
        })
    }
}
