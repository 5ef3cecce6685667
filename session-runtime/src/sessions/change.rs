//! Changing what a session carries and keeps: one step on the row, so that no change is lost.

use std::ops::Deref;
use std::sync::Arc;

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

/// Session data, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<D> {
    /// The data.
    pub value: D,
    version: i64,
}

impl<D> Versioned<D> {
    /// Counts the changes since the session began; to be handed back with a change.
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

impl Sessions {
    /// The data of a session and its version; `None` if it is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer, [`Error::General`] if what is stored is no
    /// `P::Data`.
    pub async fn data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<Versioned<P::Data>>, Error> {
        let record = self.inner.store.find(handle).await?;
        record
            .map(|record| {
                self.require_type::<P>(&record)?;
                Ok(Versioned {
                    value: read_data::<P>(&record)?,
                    version: record.data_version,
                })
            })
            .transpose()
    }

    /// Overwrites the data of a session, if it still has `version`; without one, whatever it has. Says
    /// which version it has now.
    ///
    /// # Errors
    /// [`Error::Conflict`] if somebody else changed it, [`Error::Unauthorised`] if the session is over,
    /// [`Error::Unavailable`] if the store does not answer; nothing is changed then.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub async fn set_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        data: &P::Data,
        version: Option<i64>,
    ) -> Result<i64, Error> {
        let data = payload::to_json(data)?;
        self.change_typed::<P, _>(handle, move |record| {
            if version.is_some_and(|version| version != record.data_version) {
                return Err(Error::Conflict.into());
            }
            record.data.clone_from(&data);
            record.data_version += 1;
            Ok(record.data_version)
        })
        .await
    }

    /// Lets `change` alter the data of a session, as one step on its row; returns what it has become.
    ///
    /// `change` may run more than once and must not wait for anything.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session is over, [`Error::Unavailable`] if the store does not
    /// answer, [`Error::General`] if what is stored is no `P::Data` or `change` panics; nothing is
    /// changed then.
    pub async fn update_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut P::Data) + Send + 'static,
    ) -> Result<P::Data, Error> {
        self.change_typed::<P, _>(handle, move |record| {
            let mut data = read_data::<P>(record)?;
            change(&mut data);
            record.data = payload::to_json(&data)?;
            record.data_version += 1;
            Ok(data)
        })
        .await
    }

    /// Merges keys into the payload of a session, as one step on its row; `null` removes a key. Tokens
    /// that are out show it after their next refresh. Says whether there was such a session.
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] for a key of the protocol, [`Error::General`] if the payload would no
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
            merge(&mut record.payload, &update)?;
            payload::fit::<P>(&record.payload)?;
            Ok(sessions.require_fit(record)?)
        });
        match merged.await {
            Ok(()) => {
                self.emit(&Event::Updated { handle });
                Ok(true)
            }
            Err(Error::GONE) => Ok(false),
            Err(error) => Err(error),
        }
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

/// Lets `change` alter the typed part of a payload; keys that are not of `P` stay.
pub(crate) fn change_payload<P: JwtPayload>(
    record: &mut Record,
    change: impl Fn(&mut P),
) -> Result<(), Refused> {
    let (found, claims) = (&*record.payload_type, &mut record.payload);
    Mismatch::check_name::<P>(found)?;
    let mut payload = payload::read::<P>(claims)
        .map_err(|error| Mismatch::new::<P>(found, payload::without_values(&error)))?;
    let before = payload::to_claims(&payload)?;
    change(&mut payload);
    let after = payload::to_claims(&payload)?;
    claims.retain(|key, _| after.contains_key(key) || !before.contains_key(key));
    claims.extend(after);
    Ok(())
}

/// Merges keys into a payload; `null` removes one (protocol: "payload regenerate / merge").
pub(crate) fn merge(
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
    Ok(())
}

fn read_data<P: JwtPayload>(record: &Record) -> Result<P::Data, Error> {
    serde_json::from_str(&record.data).map_err(|error| {
        Error::General(format!(
            "the stored session data does not fit its type: {}",
            payload::without_values(&error)
        ))
    })
}
