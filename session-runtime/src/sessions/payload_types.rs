//! Checks whether a session is of the requested payload type.

use std::sync::Arc;

use super::Sessions;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::payload::JwtPayload;
use crate::payload::claims_set::{ClaimsSet, Mismatch, Shared};
use crate::payload::types::PayloadType;
use crate::record::Record;

/// Why a row is not changed.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is not of the requested payload type.
    Mismatch(Mismatch),
    Error(Error),
}

impl From<Mismatch> for Refused {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Sessions {
    /// Registers a payload type that a guard, a login or a call uses.
    ///
    /// # Errors
    /// [`Error::General`] if another type has its name.
    pub(crate) fn enter(&self, payload_type: PayloadType) -> Result<(), Error> {
        let entered = self.inner.tokens.payload_types.enter(payload_type);
        entered.map_err(|shared| {
            let [first, second] = shared.types;
            self.emit(&Event::PayloadNameShared {
                name: shared.name,
                types: shared.types,
            });
            Error::General(format!(
                "the payload types `{first}` and `{second}` are both called `{}`: give one of them \
                 `#[session(name = \"..\")]`",
                shared.name
            ))
        })
    }

    /// The page that asks for the second factor of sessions of a type, if this process knows the
    /// type.
    pub(crate) fn page_of(&self, payload_type: &str) -> Option<&'static str> {
        self.inner.tokens.payload_types.page_of(payload_type)
    }

    /// Whether a page asks for a second factor, as far as this process knows.
    pub(crate) fn is_second_factor_page(&self, path: &str) -> bool {
        self.inner.tokens.payload_types.is_page(path)
    }

    /// Parses the claims of a token as a `P`, and the user id as a `P::UserId`.
    ///
    /// # Errors
    /// [`Error::SignInAgain`] if the session is of another type or its payload does not
    /// deserialize, [`Error::General`] if two types have the name of `P`.
    pub(crate) fn read_claims<P: JwtPayload>(
        &self,
        handle: SessionHandle,
        claims: &ClaimsSet,
    ) -> Result<(Arc<P>, Shared), Error> {
        if let Some(known) = claims.known() {
            return Ok(known);
        }
        self.enter(PayloadType::of::<P>())?;
        let read = claims.read::<P>();
        read.map_err(|mismatch| self.report(handle, mismatch))
    }

    /// Reports that a session is not of the requested type.
    pub(crate) fn report(&self, handle: SessionHandle, mismatch: Mismatch) -> Error {
        let Mismatch {
            expected,
            found,
            reason,
        } = mismatch;
        self.emit(&Event::PayloadMismatch {
            handle,
            expected,
            found,
            reason,
        });
        Error::SignInAgain
    }

    /// The error for a refusal.
    pub(super) fn explain(&self, handle: SessionHandle, refused: Refused) -> Error {
        match refused {
            Refused::Mismatch(mismatch) => self.report(handle, mismatch),
            Refused::Error(error) => error,
        }
    }

    /// Refuses a row whose session is not of type `P`.
    ///
    /// # Errors
    /// Those of [`read_claims`](Self::read_claims).
    pub(super) fn require_type<P: JwtPayload>(&self, record: &Record) -> Result<(), Error> {
        self.enter(PayloadType::of::<P>())?;
        Mismatch::check_name::<P>(&record.payload_type)
            .map_err(|mismatch| self.report(record.handle, mismatch))
    }
}
