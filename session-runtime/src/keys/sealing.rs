//! Sealing: keys are stored in the database only encrypted, under a master key that is not in it.
//!
//! A sealed key is `1 ‖ master id 8 ‖ nonce 12 ‖ AES-256-GCM`, whose associated data ties it to its
//! row, so that rows cannot be swapped.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::keys::{Key, KeyKind, purpose};
use crate::random::Random;

/// A key as it is stored in the database.
#[derive(Debug, Clone)]
pub(crate) struct SealedKey {
    pub(crate) id: String,
    pub(crate) kind: KeyKind,
    pub(crate) sealed: Vec<u8>,
    pub(crate) created_at: DateTime<Utc>,
}

const VERSION: u8 = 1;
const ID_LEN: usize = 8;

/// The key that seals and opens keys, derived from 32 bytes in the configuration.
pub(crate) struct MasterKey {
    /// Identifies the key without revealing it.
    id: [u8; ID_LEN],
    /// Where the key was read, for messages.
    origin: String,
    seal: LessSafeKey,
}

impl MasterKey {
    /// Derives the key from its bytes; `origin` says where they were read.
    pub(crate) fn new(secret: &[u8; 32], origin: &str) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"session/v1").extract(secret);
        let seal = root.expand(&[purpose::SEAL], &AES_256_GCM).expect(ENOUGH);
        let mut id = [0; ID_LEN];
        root.expand(&[purpose::MASTER_ID], Length(ID_LEN))
            .and_then(|okm| okm.fill(&mut id))
            .expect(ENOUGH);
        Self {
            id,
            origin: origin.to_owned(),
            seal: LessSafeKey::new(UnboundKey::from(seal)),
        }
    }
}

const ENOUGH: &str = "HKDF-SHA-256 gives up to 8160 bytes";

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The master key that seals, and those that are still accepted for opening.
pub(crate) struct MasterKeys {
    pub(crate) current: MasterKey,
    pub(crate) accepted: Vec<MasterKey>,
}

impl MasterKeys {
    /// Seals a key under the current master key.
    pub(crate) fn seal(&self, key: &Key, random: &dyn Random) -> Result<SealedKey, Error> {
        let nonce: [u8; NONCE_LEN] = random.bytes()?;
        let mut secret = key.secret.to_vec();
        self.current
            .seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(row(&key.id, key.kind, key.created_at)),
                &mut secret,
            )
            .map_err(|_| Error::General("a key could not be sealed".into()))?;
        let sealed = [&[VERSION][..], &self.current.id, &nonce, &secret].concat();
        Ok(SealedKey {
            id: key.id.clone(),
            kind: key.kind,
            sealed,
            created_at: key.created_at,
        })
    }

    /// Opens a key with the master key that sealed it.
    ///
    /// # Errors
    /// A sentence that says which master key is needed, or that the row was altered.
    pub(crate) fn open(&self, key: &SealedKey) -> Result<Key, String> {
        let damaged = || {
            format!(
                "the key `{}` in the database is damaged or belongs to another row: restore the table `session_key` from a \
                 backup",
                key.id
            )
        };
        let (&[VERSION], rest) = key.sealed.split_first_chunk().ok_or_else(damaged)? else {
            return Err(damaged());
        };
        let (id, rest) = rest.split_first_chunk::<ID_LEN>().ok_or_else(damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let master = self.all().find(|master| master.id == *id).ok_or_else(|| {
            let shown = |master: &MasterKey| format!("{} has {}", master.origin, hex(&master.id));
            let shown: Vec<String> = self.all().map(shown).collect();
            format!(
                "the keys in the database are sealed under the master key with the mark {}, and {}: set that one as \
                 `sessions.master_key`, or add it to `sessions.accepted_master_keys`; nothing was changed",
                hex(id),
                shown.join(", ")
            )
        })?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        let length = master
            .seal
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(row(&key.id, key.kind, key.created_at)),
                &mut secret,
            )
            .map_err(|_| damaged())?
            .len();
        secret.truncate(length);
        Ok(Key {
            id: key.id.clone(),
            kind: key.kind,
            secret,
            created_at: key.created_at,
        })
    }

    /// Whether the current master key sealed it.
    pub(crate) fn is_current(&self, key: &SealedKey) -> bool {
        key.sealed.get(1..=ID_LEN) == Some(&self.current.id)
    }

    fn all(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.accepted)
    }
}

impl SealedKey {
    /// The mark of the master key that sealed it, as it is shown in messages.
    pub(crate) fn mark(&self) -> Option<String> {
        self.sealed.get(1..=ID_LEN).map(hex)
    }
}

/// The associated data of a sealed key; each part is preceded by its length, so that parts cannot
/// be confused.
fn row(id: &str, kind: KeyKind, created_at: DateTime<Utc>) -> Vec<u8> {
    let mut row = Vec::new();
    for part in [
        id.as_bytes(),
        kind.as_str().as_bytes(),
        &created_at.timestamp_millis().to_be_bytes(),
    ] {
        row.extend_from_slice(&(part.len() as u64).to_be_bytes());
        row.extend_from_slice(part);
    }
    row
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).expect("four bits are a digit");
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(digit).collect()
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKeys")
    }
}
