//! The life cycle of the signing keys: reading them, creating them when due, removing them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Sessions;
use crate::clock::in_words;
use crate::error::Error;
use crate::event::Event;
use crate::keys::SigningKeyInfo;
use crate::keys::sealing::SealedKey;
use crate::keys::{Key, KeyKind, KeyRing, Schedule};
use crate::store::StoreError;

/// How long to wait at most before checking again whether a key is due.
const LONGEST_TURN: Duration = Duration::from_secs(5);

impl Sessions {
    /// The keys in use now.
    pub(crate) fn keys(&self) -> Arc<KeyRing> {
        self.inner.keys.ring()
    }

    /// Reads the keys again for a request; the previous ones stay in use if that fails.
    pub(super) async fn reload_keys(&self) -> Result<(), StoreError> {
        let renewed = self.renew_ring().await;
        renewed.inspect_err(|cause| cause.report(&self.inner.reports.events))
    }

    /// The same in the background.
    async fn renew_ring(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        let reloaded = inner.keys.reload(&inner.store.background, self.now()).await;
        reloaded.map_err(StoreError::Keys)
    }

    /// Reads the keys again if they changed, or if tokens of another process live longer than was
    /// known.
    pub(super) async fn follow_keys(
        &self,
        version: i64,
        longest_token: TimeDelta,
    ) -> Result<(), StoreError> {
        let keys = self.keys();
        if version == keys.version && longest_token <= keys.longest_token() {
            return Ok(());
        }
        self.renew_ring().await
    }

    /// Looks for a key that a token named, unless that was just done.
    pub(crate) async fn look_for_unknown_key(&self) {
        let now = self.inner.feed.clock.monotonic();
        let Some(_turn) = self.inner.keys.turn_to_look(now).await else {
            return;
        };
        tracing::debug!(
            event = "unknown_key",
            "a token names a key that is not known here"
        );
        // The failure is logged; the previous keys stay in use.
        let _read = self.reload_keys().await;
    }

    /// How long to pause between two calls of [`rotate_keys`](Self::rotate_keys).
    pub(crate) fn key_turn(&self) -> Duration {
        let overlap = self.inner.settings.lifetimes.key_overlap.to_std();
        let overlap = overlap.unwrap_or(LONGEST_TURN);
        match self.inner.keys.source.supplier {
            Some(_) => overlap,
            None => (overlap / 4)
                .min(LONGEST_TURN)
                .max(Duration::from_millis(100)),
        }
    }

    /// Creates a signing key if one is due and drops those that have expired; keys that the
    /// application supplies are requested again.
    pub(crate) async fn rotate_keys(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        if inner.keys.source.supplier.is_some() {
            return self.renew_ring().await;
        }
        if !self.keys().is_outdated(self.now()) {
            return Ok(());
        }
        // Another process may have created it meanwhile.
        self.renew_ring().await?;
        if self.keys().is_due(self.now()) {
            let candidate = self
                .candidate()
                .map_err(|error| StoreError::Keys(error.to_string()))?;
            let kid = candidate.id.clone();
            let schedule = inner.keys.source.schedule;
            if inner
                .store
                .background
                .add_due_key(candidate, schedule)
                .await?
            {
                self.report_key_ahead();
                self.emit(&Event::KeyRotated { kid });
            }
            self.renew_ring().await?;
        }
        Ok(())
    }

    /// Emits the event for a signing key that was created by a clock that was ahead, if so.
    pub(super) fn report_key_ahead(&self) {
        if let Some(difference) = self.keys().ahead(self.now()) {
            self.emit(&Event::ClockSkew {
                difference,
                found: format!("a signing key is {} ahead", in_words(difference)),
                consequence: "a signing key was made by a clock that was ahead: it does not count, and another one is used",
            });
        }
    }

    /// Generates a signing key, which is used once it is stored.
    pub(super) fn candidate(&self) -> Result<SealedKey, Error> {
        let inner = &self.inner;
        let kind = KeyKind::of(inner.keys.source.algorithm);
        let key = Key::generate(kind, self.now(), &*inner.tokens.random)?;
        inner.keys.master_keys.seal(&key, &*inner.tokens.random)
    }

    /// The same for refresh tokens: the next after the key in use.
    pub(super) fn refresh_candidate(&self) -> Result<SealedKey, Error> {
        let inner = &self.inner;
        let next = self.keys().mac().id.checked_add(1).unwrap_or(1);
        let key = Key {
            id: next.to_string(),
            ..Key::generate(KeyKind::RefreshMac, self.now(), &*inner.tokens.random)?
        };
        inner.keys.master_keys.seal(&key, &*inner.tokens.random)
    }

    /// Deletes the signing keys that had ended this long before `now`.
    pub(super) async fn delete_old_keys(
        &self,
        now: DateTime<Utc>,
        ago: TimeDelta,
    ) -> Result<(), StoreError> {
        let source = &self.inner.keys.source;
        if source.supplier.is_some() {
            return Ok(());
        }
        let stored = self.inner.store.background.keys().await?;
        let longest_token = source.schedule.longest_token.max(stored.longest_token);
        let schedule = Schedule {
            longest_token,
            ..source.schedule
        };
        let stored = stored.keys;
        let mut over = Vec::new();
        for kind in KeyKind::SIGNING {
            let mut keys: Vec<_> = stored.iter().filter(|key| key.kind == kind).collect();
            keys.sort_by_key(|key| std::cmp::Reverse(key.created_at));
            let created: Vec<_> = keys.iter().map(|key| key.created_at).collect();
            let in_use = kind == KeyKind::of(source.algorithm);
            let ended = schedule.ended(&created, (now, ago), in_use);
            over.extend(ended.into_iter().map(|index| keys[index].id.clone()));
        }
        if !over.is_empty() {
            tracing::info!(event = "key_deleted", kids = ?over, "deleted signing keys that are long over");
            self.inner.store.background.delete_keys(over).await?;
        }
        Ok(())
    }

    /// Lists the signing keys whose tokens this process accepts.
    ///
    /// ```
    /// # use session_runtime::Sessions;
    /// fn signing_now(sessions: &Sessions) -> Option<String> {
    ///     let keys = sessions.signing_keys();
    ///     keys.into_iter().find(|key| key.signs).map(|key| key.kid)
    /// }
    /// ```
    #[doc(alias = "jwks")]
    pub fn signing_keys(&self) -> Vec<SigningKeyInfo> {
        let keys = self.keys();
        let signer = &keys.signer(self.now()).kid;
        let supplied = self.inner.keys.source.supplier.is_some();
        keys.verifying()
            .map(|key| SigningKeyInfo {
                kid: key.kid.to_string(),
                algorithm: key.kind.as_str(),
                created_at: (!supplied).then_some(key.created_at),
                signs: key.kid == *signer,
            })
            .collect()
    }

    /// Removes a signing key, for example because it was stolen; returns whether it existed.
    ///
    /// Its tokens are refused here at once and in every other process within `revocation_bound`.
    /// Clients refresh and get tokens of another key, which is created in the same transaction if
    /// none is left to sign. Other services trust the old key until their copy of the published
    /// keys expires. If the application supplies its keys, remove the key there first, then call
    /// this to make all processes ask for the keys again.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn key_was_stolen(sessions: &Sessions, kid: &str) -> Result<bool, Error> {
    ///     sessions.remove_signing_key(kid).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; nothing is changed then.
    /// [`Error::General`] if the application still supplies the key.
    #[doc(alias = "leaked key")]
    pub async fn remove_signing_key(&self, kid: &str) -> Result<bool, Error> {
        let inner = &self.inner;
        let was_there = if inner.keys.source.supplier.is_some() {
            let knew = self.keys().signing_key(kid).is_some();
            inner.store.requests.announce_keys().await?;
            knew
        } else {
            let (kid, schedule) = (kid.to_owned(), inner.keys.source.schedule);
            let candidate = self.candidate()?;
            inner
                .store
                .requests
                .remove_key(kid, candidate, schedule)
                .await?
        };
        self.reload_keys().await?;
        if self.keys().signing_key(kid).is_some() {
            return Err(Error::General(format!(
                "the application still supplies the signing key `{kid}`: remove it there first"
            )));
        }
        if was_there {
            let kid = kid.to_owned();
            self.emit(&Event::KeyRemoved { kid });
        }
        Ok(was_there)
    }
}
