//! `Session`: its data and its payload.

use serde_json::{Map, Value};

use super::Session;
use crate::error::Error;
use crate::payload::JwtPayload;
use crate::sessions::{Versioned, change_payload, merge};

impl<P: JwtPayload, R> Session<P, R> {
    #[doc = include_str!("../../../../docs/session_data.md")]
    #[doc(alias = "getSessionDataFromDatabase")]
    pub async fn data(&self) -> Result<P::Data, Error> {
        Ok(self.versioned_data().await?.value)
    }

    /// Reads the session data with its version, for
    /// [`set_data_if_unchanged`](Self::set_data_if_unchanged).
    ///
    /// # Errors
    /// Those of [`data`](Self::data).
    pub async fn versioned_data(&self) -> Result<Versioned<P::Data>, Error> {
        let data = self.sessions.versioned_data::<P>(self.handle()).await?;
        self.found(data).await
    }

    /// Overwrites the session data; it is durable when this returns.
    ///
    /// Changes that another request made since you read the data are lost; to keep them, use
    /// [`update_data`](Self::update_data).
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::post("/empty")]
    /// async fn empty(session: Session<Claims>) -> Result<(), Error> {
    ///     session.set_data(&vec![]).await
    /// }
    /// # let _ = rocket::routes![empty];
    /// ```
    ///
    /// # Errors
    /// [`Error::DataTooLarge`], [`Error::Unstorable`], [`Error::Unauthorised`] if the session has
    /// ended, [`Error::Unavailable`] if the database does not answer; nothing is changed then.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub async fn set_data(&self, data: &P::Data) -> Result<(), Error> {
        let found = self.sessions.set_data::<P>(self.handle(), data).await?;
        self.found(found.then_some(())).await
    }

    /// Overwrites the session data unless another request changed it since it was read.
    ///
    /// `data` gets the new version, so it can be changed and written again. If a closure can make
    /// the change, use [`update_data`](Self::update_data).
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Cart)]
    /// # struct Claims {}
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Cart { items: Vec<String> }
    /// # async fn price(_: &Cart) -> Vec<String> { vec![] }
    /// async fn add_prices(session: Session<Claims>) -> Result<(), Error> {
    ///     let mut cart = session.versioned_data().await?;
    ///     cart.items = price(&cart).await; // takes some time
    ///     session.set_data_if_unchanged(&mut cart).await // 409 if the cart has changed meanwhile
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] if the data was changed, and those of [`set_data`](Self::set_data);
    /// nothing is changed then.
    pub async fn set_data_if_unchanged(&self, data: &mut Versioned<P::Data>) -> Result<(), Error> {
        let set = self
            .sessions
            .set_data_if_unchanged::<P>(self.handle(), data)
            .await?;
        self.found(set.then_some(())).await
    }

    /// Changes the session data with `change` in one atomic step; returns the new data.
    ///
    /// `change` may run more than once and must not wait for anything.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims {}
    /// #[rocket::post("/basket/<article>")]
    /// async fn add(session: Session<Claims>, article: String) -> Result<String, Error> {
    ///     let basket = session.update_data(move |basket| basket.push(article.clone())).await?;
    ///     Ok(format!("{} articles", basket.len()))
    /// }
    /// # let _ = rocket::routes![add];
    /// ```
    ///
    /// # Errors
    /// [`Error::DataMismatch`] if the stored data does not deserialize as `P::Data`,
    /// [`Error::General`] if `change` panics, and those of [`set_data`](Self::set_data); nothing is
    /// changed then.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub async fn update_data(
        &self,
        change: impl Fn(&mut P::Data) + Send + 'static,
    ) -> Result<P::Data, Error> {
        let updated = self
            .sessions
            .updated_data::<P>(self.handle(), change)
            .await?;
        self.found(updated).await
    }

    /// Changes the payload with `change` in one atomic step, and sends a new access token with the
    /// response.
    ///
    /// The refresh token stays the same. `change` gets the payload in the database, which may be
    /// newer than [`payload`](Self::payload). It may run more than once and must not wait for
    /// anything.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # struct Claims { theme: String }
    /// #[rocket::put("/theme/<theme>")]
    /// async fn set_theme(mut session: Session<Claims>, theme: String) -> Result<(), Error> {
    ///     session.update_payload(move |claims| claims.theme.clone_from(&theme)).await
    /// }
    /// # let _ = rocket::routes![set_theme];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::PayloadTooLarge`],
    /// [`Error::PayloadTooDeep`], [`Error::Unstorable`], [`Error::Unavailable`] if the database
    /// does not answer, [`Error::General`] if `change` panics; nothing is changed then.
    #[doc(alias = "updateAccessTokenPayload")]
    #[doc(alias = "setClaimValue")]
    #[doc(alias = "removeClaim")]
    pub async fn update_payload(
        &mut self,
        change: impl Fn(&mut P) + Send + 'static,
    ) -> Result<(), Error> {
        let changed = self
            .sessions
            .change_and_reissue(&self.verified, move |record| {
                change_payload(record, &change)
            })
            .await;
        self.replace(changed).await
    }

    /// Merges keys into the payload in one atomic step, and sends a new access token; `null`
    /// removes a key.
    ///
    /// This is for keys that are not fields of `P`, in a flattened map; use
    /// [`update_payload`](Self::update_payload) for the fields.
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] for a key of the protocol, [`Error::Unstorable`] if the payload
    /// would no longer deserialize as `P`, and those of [`update_payload`](Self::update_payload).
    #[doc(alias = "updateAccessTokenPayload")]
    #[doc(alias = "mergeIntoAccessTokenPayload")]
    pub async fn merge_payload(&mut self, update: Map<String, Value>) -> Result<(), Error> {
        let changed = self
            .sessions
            .change_and_reissue(&self.verified, move |record| {
                Ok(merge::<P>(&mut record.payload, &update)?)
            })
            .await;
        self.replace(changed).await
    }
}
