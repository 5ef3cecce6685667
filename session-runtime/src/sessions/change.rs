//! Changing what a session carries and keeps: one step on the row, so that no change is lost.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Sessions;
use super::payload_types::Refused;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::panics::contained;
use crate::payload::claims_set::Mismatch;
use crate::payload::types::PayloadType;
use crate::payload::{self, JwtPayload, is_reserved};
use crate::record::Record;
use crate::token::SessionTokens;
use crate::token::access::Verified;

/// Session data, and which version of it that is: what a write needs that must not overwrite the changes of
/// others unseen. See [`Session::set_data_if_unchanged`](crate::Session::set_data_if_unchanged).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<D> {
    /// The data.
    pub value: D,
    version: i64,
}

impl<D> Versioned<D> {
    /// Counts the changes since the session began.
    pub fn version(&self) -> i64 {
        self.version
    }
}

impl<D> Deref for Versioned<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.value
    }
}

impl<D> DerefMut for Versioned<D> {
    fn deref_mut(&mut self) -> &mut D {
        &mut self.value
    }
}

impl Sessions {
    /// The data of a session; `None` if it is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer, [`Error::DataMismatch`] if what is stored is no
    /// `P::Data`.
    pub async fn data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<P::Data>, Error> {
        let data = self.versioned_data::<P>(handle).await?;
        Ok(data.map(|data| data.value))
    }

    /// The data of a session with its version, for
    /// [`set_data_if_unchanged`](Self::set_data_if_unchanged); `None` if the session is over.
    ///
    /// # Errors
    /// Those of [`data`](Self::data).
    pub async fn versioned_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<Versioned<P::Data>>, Error> {
        let Some(record) = self.inner.store.find(handle).await? else {
            return Ok(None);
        };
        self.require_type::<P>(&record)?;
        Ok(Some(Versioned {
            value: payload::read_data(&record.data)?,
            version: record.data_version,
        }))
    }

    /// Overwrites the data of a session, whatever it is by now; says whether there was such a session.
    ///
    /// # Errors
    /// [`Error::DataTooLarge`], [`Error::Unstorable`], [`Error::Unavailable`] if the store does not answer;
    /// nothing is changed then.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub async fn set_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        data: &P::Data,
    ) -> Result<bool, Error> {
        let data = self.data_text(data)?;
        let set = self.change_typed::<P, _>(handle, move |record| {
            write_data(record, data.clone());
            Ok(())
        });
        Ok(found(set.await)?.is_some())
    }

    /// Overwrites the data of a session unless it was changed since it was read; says whether there was such
    /// a session. `data` has the new version then, so that it can be written again.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it was changed, and those of [`set_data`](Self::set_data); nothing is changed
    /// then.
    pub async fn set_data_if_unchanged<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        data: &mut Versioned<P::Data>,
    ) -> Result<bool, Error> {
        let (text, version) = (self.data_text(&data.value)?, data.version);
        let set = self.change_typed::<P, _>(handle, move |record| {
            if record.data_version != version {
                return Err(Error::Conflict.into());
            }
            write_data(record, text.clone());
            Ok(record.data_version)
        });
        let version = found(set.await)?;
        data.version = version.unwrap_or(data.version);
        Ok(version.is_some())
    }

    /// Lets `change` alter the data of a session, as one step on its row, so that no other change is lost;
    /// returns what it has become, `None` if there is no such session.
    ///
    /// `change` may run more than once and must not wait for anything.
    ///
    /// # Errors
    /// [`Error::DataMismatch`] if what is stored is no `P::Data`, [`Error::DataTooLarge`],
    /// [`Error::Unstorable`], [`Error::General`] if `change` panics, [`Error::Unavailable`] if the store does
    /// not answer; nothing is changed then.
    pub async fn update_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut P::Data) + Send + 'static,
    ) -> Result<Option<P::Data>, Error> {
        let sessions = self.clone();
        let updated = self.change_typed::<P, _>(handle, move |record| {
            sessions.change_data::<P>(record, &change)
        });
        found(updated.await)
    }

    /// Lets `change` alter the payload of a session, as one step on its row. Tokens that are out show it
    /// after their next refresh. Says whether there was such a session.
    ///
    /// `change` may run more than once and must not wait for anything.
    ///
    /// # Errors
    /// [`Error::Unstorable`], [`Error::PayloadTooLarge`], [`Error::PayloadTooDeep`], [`Error::General`] if
    /// `change` panics, [`Error::Unavailable`] if the store does not answer; nothing is changed then.
    pub async fn update_payload<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut P) + Send + 'static,
    ) -> Result<bool, Error> {
        let sessions = self.clone();
        let updated = self.change_typed::<P, _>(handle, move |record| {
            change_payload(record, &change)?;
            Ok(sessions.require_fit(record)?)
        });
        self.updated(handle, updated.await)
    }

    /// Merges keys into the payload of a session, as one step on its row; `null` removes a key. Tokens
    /// that are out show it after their next refresh. Says whether there was such a session.
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] for a key of the protocol, [`Error::Unstorable`] if the payload would no
    /// longer fit `P`, [`Error::PayloadTooLarge`], [`Error::PayloadTooDeep`], [`Error::Unavailable`];
    /// nothing is changed then.
    #[doc(alias = "mergeIntoAccessTokenPayload")]
    #[doc(alias = "updateAccessTokenPayload")]
    pub async fn merge_payload<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        update: Map<String, Value>,
    ) -> Result<bool, Error> {
        let sessions = self.clone();
        let merged = self.change_typed::<P, _>(handle, move |record| {
            merge::<P>(&mut record.payload, &update)?;
            Ok(sessions.require_fit(record)?)
        });
        self.updated(handle, merged.await)
    }

    /// Reports that the payload of a session was changed, if it was.
    fn updated(&self, handle: SessionHandle, updated: Result<(), Error>) -> Result<bool, Error> {
        let updated = found(updated)?.is_some();
        if updated {
            self.emit(&Event::Updated { handle });
        }
        Ok(updated)
    }

    /// Session data as it is stored.
    pub(super) fn data_text<D: Serialize + DeserializeOwned>(
        &self,
        data: &D,
    ) -> Result<String, Error> {
        let text = payload::to_json(data)?;
        payload::require_size(&text, self.config().max_data_size)?;
        Ok(text)
    }

    /// Lets `change` alter the data of a row; returns what it has become.
    pub(super) fn change_data<P: JwtPayload>(
        &self,
        record: &mut Record,
        change: impl Fn(&mut P::Data),
    ) -> Result<P::Data, Refused> {
        let mut data = payload::read_data(&record.data)?;
        change(&mut data);
        write_data(record, self.data_text(&data)?);
        Ok(data)
    }

    /// Lets `change` alter the payload of the session of an access token, and issues that token anew.
    pub(crate) async fn change_payload(
        &self,
        old: &Arc<Verified>,
        change: impl Fn(&mut Record) -> Result<(), Refused> + Send + 'static,
    ) -> Result<SessionTokens, Error> {
        Self::require_whole(old, "keeps its payload: put what changes into its data")?;
        let (sessions, handle, old) = (self.clone(), old.handle, Arc::clone(old));
        let tokens = self.change(handle, move |record| {
            change(record)?;
            // Signed within the step, so that a payload too large for a cookie changes nothing.
            Ok(sessions.reissue(record, &old, sessions.now())?)
        });
        let tokens = tokens.await?;
        self.emit(&Event::Updated { handle });
        Ok(tokens)
    }

    /// Lets `change` alter a row whose session is of type `P`.
    async fn change_typed<P: JwtPayload, T: Send + 'static>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut Record) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Error> {
        self.enter(PayloadType::of::<P>())?;
        let typed = move |record: &mut Record| {
            Mismatch::check_name::<P>(&record.payload_type)?;
            change(record)
        };
        self.change(handle, typed).await
    }

    async fn change<T: Send + 'static>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut Record) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Error> {
        // It runs on a writer's thread, beside changes of others.
        let change = move |record: &mut Record| contained(|| change(record));
        let changed = self.inner.store.change(handle, change).await?;
        match changed {
            Some(changed) => changed.map_err(|refused| self.explain(handle, refused)),
            None => Err(self.absent(handle).await),
        }
    }
}

/// `None` for a session that is over.
pub(super) fn found<T>(changed: Result<T, Error>) -> Result<Option<T>, Error> {
    match changed {
        Ok(changed) => Ok(Some(changed)),
        Err(Error::GONE) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts data into a row.
pub(super) fn write_data(record: &mut Record, data: String) {
    record.data = data;
    record.data_version += 1;
}

/// Lets `change` alter the typed part of a payload; keys that are not of `P` stay.
pub(crate) fn change_payload<P: JwtPayload>(
    record: &mut Record,
    change: impl Fn(&mut P),
) -> Result<(), Refused> {
    let (found, claims) = (&*record.payload_type, &mut record.payload);
    Mismatch::check_name::<P>(found)?;
    let mut payload = payload::read::<P>(claims)
        .map_err(|error| Mismatch::new::<P>(found, payload::without_values(&error)))?;
    let before = payload::to_claims_unchecked(&payload)?;
    change(&mut payload);
    let after = payload::to_claims(&payload)?;
    claims.retain(|key, _| after.contains_key(key) || !before.contains_key(key));
    claims.extend(after);
    Ok(())
}

/// Merges keys into a payload; `null` removes one (protocol: "payload regenerate / merge").
///
/// # Errors
/// [`Error::ReservedClaim`], and [`Error::Unstorable`] if the result is no `P`.
pub(crate) fn merge<P: JwtPayload>(
    payload: &mut Map<String, Value>,
    update: &Map<String, Value>,
) -> Result<(), Error> {
    for (name, value) in update {
        if is_reserved(name) {
            return Err(Error::ReservedClaim { name: name.clone() });
        }
        if value.is_null() {
            payload.remove(name);
        } else {
            payload.insert(name.clone(), value.clone());
        }
    }
    payload::fit::<P>(payload)
}
