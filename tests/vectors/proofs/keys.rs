//! The key of a registration, each member wrong in turn.

use aws_lc_rs::rsa::KeySize;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use session_runtime::internals::device_bound::read_registration;
use session_tests::device::Device;

use super::URL;

/// Asserts that a registration with this key is refused for this member.
fn key_refused(device: &Device, jwk: &Value, member: &str) {
    let header = json!({"alg": device.algorithm(), "typ": "dbsc+jwt", "jwk": jwk});
    let text = device.jws(&header, &json!({"jti": "c"}));
    let found = read_registration(&text, URL).expect_err(member);
    assert!(
        found.starts_with(&format!("`{member}` in its public key")),
        "{jwk}: {found}"
    );
}

fn with(jwk: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value.into();
    jwk
}

#[test]
fn each_member_of_a_point_is_checked() {
    let device = Device::new();
    let jwk = device.jwk();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let x = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().expect("a text"));
    let x = x.expect("base64url");

    for (name, value) in [
        ("kty", "RSA"),
        ("kty", "oct"),
        ("crv", "P-384"),
        ("crv", "secp256k1"),
        ("alg", "RS256"),
        ("alg", "ES384"),
        ("d", "AAAA"),
        ("k", "AAAA"),
        ("x5u", "https://example.com"),
        ("x5c", "x"),
        ("x", ""),
        ("y", "=="),
    ] {
        key_refused(&device, &with(&jwk, name, value), name);
    }
    for missing in ["kty", "crv", "x", "y"] {
        let mut jwk = jwk.clone();
        jwk.as_object_mut().expect("an object").remove(missing);
        key_refused(&device, &jwk, missing);
    }
    // One byte more, one less, zeros that need not be there, not on the curve, beyond the field.
    let longer = [&[0][..], &x].concat();
    for bytes in [&x[1..], &longer, &[0; 32], &[0xff; 32]] {
        key_refused(&device, &with(&jwk, "x", text(bytes)), "x");
    }
    let header = json!({"alg": "ES256", "typ": "dbsc+jwt", "jwk": "x"});
    let found = read_registration(&device.jws(&header, &json!({"jti": "c"})), URL);
    assert!(
        found
            .expect_err("no object")
            .starts_with("`jwk` in its header")
    );
}

#[test]
fn each_member_of_an_rsa_key_is_checked() {
    let device = Device::rsa(KeySize::Rsa2048);
    let jwk = device.jwk();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let n = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().expect("a text"));
    let n = n.expect("base64url");
    for (name, value) in [
        ("kty", "EC"),
        ("alg", "ES256"),
        ("d", "AAAA"),
        ("oth", "AA"),
    ] {
        key_refused(&device, &with(&jwk, name, value), name);
    }
    let mut even = n.clone();
    even[255] ^= 1;
    let mut short = n.clone();
    short[0] &= 0x7f;
    let zero = [&[0][..], &n].concat();
    let long = [&n[..], &n[..], &[1]].concat();
    for bytes in [&n[1..], &even, &short, &zero, &long, &[]] {
        key_refused(&device, &with(&jwk, "n", text(bytes)), "n");
    }
    for bytes in [
        &[][..],
        &[0],
        &[1],
        &[2],
        &[1, 0, 0],
        &[0, 1, 0, 1],
        &[1, 0, 0, 0, 1],
    ] {
        key_refused(&device, &with(&jwk, "e", text(bytes)), "e");
    }
    // A key of 1024 bits, and another's modulus, whose signature this is not.
    let other = Device::rsa(KeySize::Rsa2048).jwk();
    let header = json!({"alg": "RS256", "typ": "dbsc+jwt", "jwk": other});
    let found = read_registration(&device.jws(&header, &json!({"jti": "c"})), URL);
    assert!(found.expect_err("another key").starts_with("its signature"));
}
