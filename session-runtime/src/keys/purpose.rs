//! The purposes that keys are derived for, one label each (HKDF, RFC 5869): never one key for two.

/// Seals keys, under a master key.
pub(crate) const SEAL: &[u8] = b"session/v1/seal";
/// Names a master key.
pub(crate) const MASTER_ID: &[u8] = b"session/v1/master-id";
/// Makes and recognises refresh tokens.
pub(crate) const REFRESH_MAC: &[u8] = b"session/v1/refresh-mac";
/// Makes and recognises anti-CSRF tokens.
pub(crate) const ANTI_CSRF: &[u8] = b"session/v1/anti-csrf";
/// Makes and recognises the tokens of pending sessions.
pub(crate) const PENDING: &[u8] = b"session/v1/pending";
/// Makes and recognises what devices have to sign.
pub(crate) const CHALLENGE: &[u8] = b"session/v1/device-challenge";

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use aws_lc_rs::{hkdf, hmac};
    use chrono::DateTime;
    use zeroize::Zeroizing;

    use super::{ANTI_CSRF, CHALLENGE, MASTER_ID, PENDING, REFRESH_MAC, SEAL};
    use crate::keys::sealing::{MasterKey, MasterKeys};
    use crate::keys::{Key, KeyKind, MacKey};
    use crate::random::OsRandom;

    const ROOT: [u8; 32] = *b"one root for every purpose, 32 B";
    const INPUT: &[u8] = b"the same input, of 32 bytes, too";

    fn derive(label: &[u8]) -> [u8; 32] {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"session/v1").extract(&ROOT);
        let mut key = [0; 32];
        root.expand(&[label], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .expect("32 bytes");
        key
    }

    fn encrypt(key: &[u8; 32], nonce: &[u8]) -> Vec<u8> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes"));
        let nonce = Nonce::try_assume_unique_for_key(nonce).expect("12 bytes");
        let mut text = INPUT.to_vec();
        let _tag = key
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut text)
            .expect("a ciphertext");
        text
    }

    /// The same root and the same input: what each purpose makes of them is made under its label
    /// and under no other.
    #[test]
    fn no_two_purposes_share_a_key() {
        let stored = |secret: &[u8]| Key {
            id: "1".into(),
            kind: KeyKind::RefreshMac,
            secret: Zeroizing::new(secret.to_vec()),
            created_at: DateTime::UNIX_EPOCH,
        };
        let macs = MacKey::from_stored(&stored(&ROOT)).expect("a key");
        let masters = MasterKeys {
            current: MasterKey::new(&ROOT, "a test"),
            accepted: Vec::new(),
        };
        let sealed = masters
            .seal(&stored(INPUT), &OsRandom::default())
            .expect("a seal");
        let (id, nonce, text) = (
            &sealed.sealed[1..9],
            &sealed.sealed[9..21],
            &sealed.sealed[21..53],
        );

        let labels = [SEAL, MASTER_ID, REFRESH_MAC, ANTI_CSRF, PENDING, CHALLENGE];
        for (purpose, label) in labels.into_iter().enumerate() {
            let key = derive(label);
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), INPUT);
            let made = [
                encrypt(&key, nonce) == text,
                key[..8] == *id,
                mac.as_ref() == hmac::sign(&macs.key, INPUT).as_ref(),
                mac.as_ref() == hmac::sign(&macs.anti_csrf, INPUT).as_ref(),
                mac.as_ref() == hmac::sign(&macs.pending, INPUT).as_ref(),
                mac.as_ref() == hmac::sign(&macs.challenge, INPUT).as_ref(),
            ];
            let only: Vec<bool> = (0..made.len()).map(|other| other == purpose).collect();
            assert_eq!(made, only[..], "{}", String::from_utf8_lossy(label));
        }
    }
}
