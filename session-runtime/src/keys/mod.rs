//! Signing keys that the application supplies, and information about the keys in use.
//!
//! By default the library creates its own keys, stores them in the database, encrypted under the
//! `master_key`, and replaces them every `signing_key_interval`.
//!
//! ```
//! use session_runtime::Sessions;
//! use session_runtime::config::SigningAlgorithm;
//! use session_runtime::keys::OwnKey;
//!
//! let sessions = Sessions::fairing().signing_keys(|| async {
//!     let pem = rocket::tokio::fs::read_to_string("signing.pem").await?;
//!     Ok::<_, std::io::Error>(vec![OwnKey::from_pem("2026-11", SigningAlgorithm::Es256, &pem)])
//! });
//! # let _ = sessions;
//! ```

// Signing keys sign access tokens in turn, and one key MACs refresh tokens. They are stored in the
// database sealed (`sealing.rs`); here they are decrypted, in memory only.

mod info;
mod key;
mod mac;
pub(crate) mod master_key;
mod private;
pub(crate) mod purpose;
mod ring;
mod schedule;
pub(crate) mod sealing;
mod signing;
mod supplied;

pub use info::SigningKeyInfo;
pub(crate) use key::{Key, KeyKind};
pub(crate) use mac::MacKey;
pub(crate) use ring::KeyRing;
pub(crate) use schedule::Schedule;
pub(crate) use signing::{Marks, SigningKey, install_crypto_provider};
pub use supplied::OwnKey;
pub(crate) use supplied::Supplier;
