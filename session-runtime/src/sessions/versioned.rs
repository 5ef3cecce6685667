//! `Versioned`: session data with its version, for optimistic locking.

use std::ops::{Deref, DerefMut};

/// Session data together with its version, so that a write does not overwrite other changes unseen.
///
/// It dereferences to the data. See
/// [`Session::set_data_if_unchanged`](crate::Session::set_data_if_unchanged).
#[doc(alias = "optimistic locking")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<D> {
    /// The data.
    pub value: D,
    pub(super) version: i64,
}

impl<D> Versioned<D> {
    /// How many changes there have been since the session began.
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
