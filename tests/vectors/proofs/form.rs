//! What is no proof at all, and signatures that look like one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use session_runtime::internals::device_bound::verify_proof;
use session_tests::device::Device;

use super::{URL, spki};

#[test]
fn the_form_is_exact() {
    let device = Device::new();
    let spki = spki(&device);
    let good = device.proof("c");
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts");
    };
    let signed = format!("{header}.{payload}");
    let (other, _) = good.split_at(good.len() - 4);
    for (text, reason) in [
        (String::new(), "it is not"),
        (signed.clone(), "it is not"),
        (format!("{good}.{signature}"), "it is not"),
        (format!("{signed}.{signature}=="), "it is not"),
        (format!(" {good}"), "it is not"),
        (format!("{good}\n"), "it is not"),
        (format!("{signed}."), "its signature"),
        (format!("{other}AAAA"), "its signature"),
        ("a".repeat(1 << 20), "it has 1048576 bytes"),
        (device.jws_of("[]", "{}"), "it is not"),
        (device.jws_of("{}", "null"), "it is not"),
        (
            device.jws_of(
                r#"{"typ":"dbsc+jwt","typ":"dbsc+jwt","alg":"ES256"}"#,
                r#"{"jti":"c"}"#,
            ),
            "it is not",
        ),
        (
            device.jws_of(
                r#"{"typ":"dbsc+jwt","alg":"ES256"}"#,
                r#"{"jti":"c","\u006ati":"c"}"#,
            ),
            "it is not",
        ),
        (
            device.jws_of(
                r#"{"typ":"dbsc+jwt","alg":"ES256"}"#,
                &format!(r#"{{"jti":"c","a":{}}}"#, "[".repeat(999)),
            ),
            "it is not",
        ),
        (
            device.jws_of(r#"{"typ":"dbsc+jwt","alg":"ES256"} x"#, r#"{"jti":"c"}"#),
            "it is not",
        ),
    ] {
        let found = verify_proof(&text, URL, &spki).expect_err(reason);
        assert!(found.starts_with(reason), "{text:.80}: {found}");
    }
}

/// JWS has `r || s`; the DER of other protocols is another signature (RFC 7518 section 3.4).
#[test]
fn a_signature_in_der_is_refused() {
    let device = Device::new();
    let spki = spki(&device);
    let good = device.proof("c");
    let (signed, signature) = good.rsplit_once('.').expect("a signature");
    let raw = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let integer = |bytes: &[u8]| {
        let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
        let sign = bytes.first().filter(|byte| **byte >= 0x80).map(|_| 0);
        let bytes: Vec<u8> = sign.into_iter().chain(bytes.iter().copied()).collect();
        [&[2, bytes.len() as u8][..], &bytes].concat()
    };
    let both = [integer(&raw[..32]), integer(&raw[32..])].concat();
    let der = [&[0x30, both.len() as u8][..], &both].concat();
    let text = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(der));
    assert!(verify_proof(&text, URL, &spki).is_err());
    assert!(verify_proof(&good, URL, &spki).is_ok());
}

/// The classical confusion: the public key of the row as the secret of a MAC.
#[test]
fn a_mac_under_the_public_key_is_refused() {
    let device = Device::new();
    let spki = spki(&device);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &spki);
    for alg in ["HS256", "ES256"] {
        let header = json!({"alg": alg, "typ": "dbsc+jwt"}).to_string();
        let signed = [header.as_str(), r#"{"jti":"c"}"#].map(|json| URL_SAFE_NO_PAD.encode(json));
        let signed = signed.join(".");
        let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
        let text = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert!(verify_proof(&text, URL, &spki).is_err(), "{alg}");
    }
}

#[test]
fn a_row_that_holds_no_key_verifies_nothing() {
    let device = Device::new();
    let spki = spki(&device);
    let longer = [&spki[..], &[0]].concat();
    for row in [&[][..], &spki[1..], &longer, &spki[26..], b"key"] {
        assert!(verify_proof(&device.proof("c"), URL, row).is_err());
    }
}
