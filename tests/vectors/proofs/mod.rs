//! Proofs of devices: those that another library signed, and each part of one wrong in turn.

mod form;
mod keys;

use std::collections::BTreeMap;

use aws_lc_rs::rsa::KeySize;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use serde::Deserialize;
use serde_json::{Value, json};
use session_runtime::internals::device_bound::{header_string, read_registration, verify_proof};
use session_tests::device::Device;

const URL: &str = "https://api.example.com/auth/session/refresh/device";

fn spki(device: &Device) -> Vec<u8> {
    let registered = read_registration(&device.registration("c"), URL);
    registered.expect("a registration").0
}

#[test]
fn a_device_registers_and_proves_itself_with_either_algorithm() {
    for (device, bytes) in [
        (Device::new(), 91),
        (Device::rsa(KeySize::Rsa2048), 294),
        (Device::rsa(KeySize::Rsa4096), 550),
    ] {
        let (spki, challenge) =
            read_registration(&device.registration("first"), URL).expect("ours");
        assert_eq!((spki.len(), &*challenge), (bytes, "first"));
        assert_eq!(
            verify_proof(&device.proof("second"), URL, &spki),
            Ok("second".to_owned())
        );
        let stranger = Device::new().proof("second");
        assert!(verify_proof(&stranger, URL, &spki).is_err());
    }
}

#[test]
fn what_a_browser_may_add_changes_nothing() {
    let device = Device::new();
    let spki = spki(&device);
    let (alg, jwk) = (device.algorithm(), device.jwk());
    let header = json!({"alg": alg, "typ": "dbsc+jwt", "kid": "1", "new": {"a": [1]}});
    let payload = json!({"jti": "c", "aud": URL, "iat": 1, "sub": "x", "authorization": "y"});
    assert!(verify_proof(&device.jws(&header, &payload), URL, &spki).is_ok());

    let mut jwk = jwk;
    for (name, value) in [("alg", "ES256"), ("use", "sig"), ("kid", "1")] {
        jwk[name] = value.into();
    }
    let header = json!({"alg": alg, "typ": "dbsc+jwt", "jwk": jwk});
    assert!(read_registration(&device.jws(&header, &payload), URL).is_ok());
}

/// Asserts that a refresh with this header and payload is refused, for this reason.
fn refused(device: &Device, header: &Value, payload: &Value, reason: &str) {
    let text = device.jws(header, payload);
    let found = verify_proof(&text, URL, &spki(device)).expect_err(reason);
    assert!(found.starts_with(reason), "{header} {payload}: {found}");
}

#[test]
fn each_part_of_a_header_is_checked() {
    let device = Device::new();
    let payload = json!({"jti": "c"});
    let good = json!({"alg": "ES256", "typ": "dbsc+jwt"});
    for typ in [
        json!("JWT"),
        json!("at+jwt"),
        json!("dpop+jwt"),
        json!("DBSC+JWT"),
        json!(null),
        json!(["dbsc+jwt"]),
    ] {
        let header = json!({"alg": "ES256", "typ": typ});
        refused(&device, &header, &payload, "`typ` in its header");
    }
    for alg in [
        "none", "HS256", "RS256", "ES384", "PS256", "EdDSA", "es256", "",
    ] {
        let header = json!({"alg": alg, "typ": "dbsc+jwt"});
        refused(&device, &header, &payload, "`alg` in its header");
    }
    for missing in ["alg", "typ"] {
        let mut header = good.clone();
        header.as_object_mut().expect("an object").remove(missing);
        let reason = format!("`{missing}` in its header");
        refused(&device, &header, &payload, &reason);
    }
    for name in [
        "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "enc", "epk", "cty",
    ] {
        let mut header = good.clone();
        header[name] = if name == "jwk" {
            device.jwk()
        } else {
            json!("x")
        };
        let reason = format!("`{name}` in its header");
        refused(&device, &header, &payload, &reason);
    }
    for jti in [json!(null), json!(1), json!(["c"]), json!({"c": 1})] {
        refused(&device, &good, &json!({"jti": jti}), "`jti` in its payload");
    }
    refused(&device, &good, &json!({}), "`jti` in its payload");
    let another = format!("{URL}/register");
    for aud in [json!(another), json!([URL]), json!(null), json!("")] {
        let payload = json!({"jti": "c", "aud": aud});
        refused(&device, &good, &payload, "`aud` in its payload");
    }
}

/// Signed elsewhere, once: neither what is read nor what a row keeps may change between versions.
#[test]
fn proofs_that_another_library_signed_hold() {
    let toml = Toml::string(include_str!("proofs.toml"));
    let vectors: BTreeMap<String, Vector> = Figment::from(toml).extract().expect("vectors");
    assert_eq!(vectors.len(), 2);
    for (name, vector) in vectors {
        let spki = URL_SAFE_NO_PAD.decode(&vector.spki).expect("base64url");
        assert_eq!(
            read_registration(&vector.registration, URL),
            Ok((spki.clone(), "AZ8Kq7kAregistrationchallenge01".to_owned())),
            "{name}"
        );
        assert_eq!(
            verify_proof(&vector.refresh, URL, &spki),
            Ok("AZ8Kq7kArefreshchallenge000001".to_owned()),
            "{name}"
        );
        // Each letter of what is signed, or of the signature, counts.
        for place in (0..vector.refresh.len()).step_by(7) {
            let mut changed = vector.refresh.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(
                verify_proof(&changed, URL, &spki).is_err(),
                "{name}: {changed}"
            );
        }
    }
}

#[derive(Deserialize)]
struct Vector {
    spki: String,
    registration: String,
    refresh: String,
}

#[test]
fn a_header_holds_its_string_bare_or_quoted() {
    for (value, string) in [
        ("abc", Some("abc")),
        ("\"abc\"", Some("abc")),
        (" \"abc\" ", Some("abc")),
        ("\"abc", None),
        ("abc\"", None),
        ("\"a\"b\"", None),
        ("a\\b", None),
        ("a b", None),
        ("\"abc\";x=1", None),
        ("\"", None),
        ("\"\"", None),
        ("", None),
        ("é", None),
    ] {
        assert_eq!(header_string(value), string, "{value}");
    }
}
