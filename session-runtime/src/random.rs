//! Randomness. Only this file generates it. There is no fallback generator; a failure ends the
//! request.

#![expect(
    clippy::disallowed_types,
    reason = "the one place where random bytes come from"
)]

use std::fmt;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::error::Error;

/// The source of random bytes.
pub trait Random: fmt::Debug + Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the generator fails; no token is minted then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error>;
}

/// The generator of the operating system (OWASP ASVS 11.5.1).
#[derive(Debug, Default)]
pub struct OsRandom(SystemRandom);

/// The generator for functions of aws-lc-rs that create keys and sign, which take one instead of
/// bytes.
pub(crate) fn generator() -> SystemRandom {
    SystemRandom::new()
}

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill(bytes).map_err(|_| {
            tracing::error!("the random generator of the operating system failed");
            Error::Unavailable
        })
    }
}

impl dyn Random {
    /// `N` fresh random bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A fraction, uniform in `0.0..1.0`.
    pub(crate) fn fraction(&self) -> Result<f64, Error> {
        let draw = u32::from_be_bytes(self.bytes()?);
        Ok(f64::from(draw) / (f64::from(u32::MAX) + 1.0))
    }
}
