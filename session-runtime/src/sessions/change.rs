//! Changing the payload and the data of a session in one step on its row, so that no change is
//! lost.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Sessions;
use super::edits::{change_payload, found, merge, write_data};
use super::payload_types::Refused;
use super::versioned::Versioned;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::panics::contained;
use crate::payload::claims_set::Mismatch;
use crate::payload::types::PayloadType;
use crate::payload::{self, JwtPayload};
use crate::record::Record;
use crate::token::SessionTokens;
use crate::token::access::Verified;

impl Sessions {
    /// Reads the data of a session; `None` if the session has ended.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn basket(sessions: &Sessions, of: SessionHandle) -> Result<Vec<String>, Error> {
    ///     let basket = sessions.data::<Claims>(of).await?;
    ///     Ok(basket.unwrap_or_default())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer, [`Error::DataMismatch`] if the
    /// stored data does not deserialize as `P::Data`, [`Error::SignInAgain`] if the session is of
    /// another payload type.
    #[doc(alias = "getSessionDataFromDatabase")]
    pub async fn data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<P::Data>, Error> {
        let data = self.versioned_data::<P>(handle).await?;
        Ok(data.map(|data| data.value))
    }

    /// Reads the data of a session with its version, for
    /// [`set_data_if_unchanged`](Self::set_data_if_unchanged).
    ///
    /// Returns `None` if the session has ended.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn version(sessions: &Sessions, of: SessionHandle) -> Result<Option<i64>, Error> {
    ///     let basket = sessions.versioned_data::<Claims>(of).await?;
    ///     Ok(basket.map(|basket| basket.version()))
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of [`data`](Self::data).
    pub async fn versioned_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<Versioned<P::Data>>, Error> {
        let Some(record) = self.inner.store.requests.find(handle).await? else {
            return Ok(None);
        };
        self.require_type::<P>(&record)?;
        Ok(Some(Versioned {
            value: payload::read_data(&record.data)?,
            version: record.data_version,
        }))
    }

    /// Overwrites the data of a session; returns whether the session exists.
    ///
    /// Changes that somebody else made since you read the data are lost; to keep them, use
    /// [`update_data`](Self::update_data).
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn empty(sessions: &Sessions, whose: SessionHandle) -> Result<bool, Error> {
    ///     sessions.set_data::<Claims>(whose, &vec![]).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::DataTooLarge`], [`Error::Unstorable`], [`Error::SignInAgain`] if the session is of
    /// another payload type, [`Error::Unavailable`] if the database does not answer; nothing is
    /// changed then.
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

    /// Overwrites the data of a session unless it has changed since it was read; returns whether
    /// the session exists.
    ///
    /// `data` gets the new version, so it can be changed and written again.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn add(sessions: &Sessions, to: SessionHandle) -> Result<bool, Error> {
    ///     let Some(mut basket) = sessions.versioned_data::<Claims>(to).await? else {
    ///         return Ok(false);
    ///     };
    ///     basket.push("pear".into());
    ///     sessions.set_data_if_unchanged::<Claims>(to, &mut basket).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] if the data has changed, and those of [`set_data`](Self::set_data);
    /// nothing is changed then.
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

    /// Changes the data of a session with `change` in one atomic step; returns whether the session
    /// exists.
    ///
    /// `change` may run more than once and must not wait for anything.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims {}
    /// async fn give(sessions: &Sessions, to: SessionHandle, gift: String) -> Result<bool, Error> {
    ///     sessions.update_data::<Claims>(to, move |basket| basket.push(gift.clone())).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::DataMismatch`] if the stored data does not deserialize as `P::Data`,
    /// [`Error::General`] if `change` panics, and those of [`set_data`](Self::set_data); nothing is
    /// changed then.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub async fn update_data<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        change: impl Fn(&mut P::Data) + Send + 'static,
    ) -> Result<bool, Error> {
        let updated = self.updated_data::<P>(handle, change).await?;
        Ok(updated.is_some())
    }

    /// [`update_data`](Self::update_data) that returns the new data.
    pub(crate) async fn updated_data<P: JwtPayload>(
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

    /// Changes the payload of a session with `change` in one atomic step; returns whether the
    /// session exists.
    ///
    /// The client gets the new payload with its next refresh. `change` may run more than once and
    /// must not wait for anything.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # struct Claims { role: String }
    /// async fn demote(sessions: &Sessions, who: SessionHandle) -> Result<bool, Error> {
    ///     sessions.update_payload::<Claims>(who, |claims| claims.role = "reader".into()).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unstorable`], [`Error::PayloadTooLarge`], [`Error::PayloadTooDeep`],
    /// [`Error::SignInAgain`] if the session is of another payload type, [`Error::General`] if
    /// `change` panics, [`Error::Unavailable`] if the database does not answer; nothing is changed
    /// then.
    #[doc(alias = "setClaimValue")]
    #[doc(alias = "updateAccessTokenPayload")]
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

    /// Merges keys into the payload of a session; `null` removes a key. Returns whether the session
    /// exists.
    ///
    /// It is one atomic step, and the client gets the new payload with its next refresh.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # use std::collections::HashMap;
    /// #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// struct Claims {
    ///     #[serde(flatten)]
    ///     extra: HashMap<String, String>,
    /// }
    ///
    /// async fn set_theme(sessions: &Sessions, of: SessionHandle) -> Result<bool, Error> {
    ///     let mut update = serde_json::Map::new();
    ///     update.insert("theme".into(), "dark".into());
    ///     sessions.merge_payload::<Claims>(of, update).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] for a key of the protocol, [`Error::Unstorable`] if the payload
    /// would no longer deserialize as `P`, and those of [`update_payload`](Self::update_payload);
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

    /// Emits the event for a changed payload, if it was changed.
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

    /// Changes the data of a row with `change`; returns the new data.
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

    /// Changes the row of an access token's session with `change`, and issues a new token.
    pub(crate) async fn change_and_reissue(
        &self,
        old: &Arc<Verified>,
        change: impl Fn(&mut Record) -> Result<(), Refused> + Send + 'static,
    ) -> Result<SessionTokens, Error> {
        Self::require_whole(old, "keeps its payload: put what changes into its data")?;
        let (sessions, handle, old) = (self.clone(), old.handle, Arc::clone(old));
        let tokens = self.change(handle, move |record| {
            change(record)?;
            // Signed within the same step, so that a payload that is too large for a cookie changes
            // nothing.
            Ok(sessions.reissue(record, &old, sessions.now())?)
        });
        let tokens = tokens.await?;
        self.emit(&Event::Updated { handle });
        Ok(tokens)
    }

    /// Changes a row with `change` if its session is of type `P`.
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
        // It runs on a writer's thread, between changes of other requests.
        let change = move |record: &mut Record| contained(|| change(record));
        let changed = self.inner.store.requests.change(handle, change).await?;
        match changed {
            Some(changed) => changed.map_err(|refused| self.explain(handle, refused)),
            None => Err(self.missing_row(handle).await),
        }
    }
}
