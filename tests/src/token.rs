//! Takes tokens apart, without verifying them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The header of an access token.
pub fn header(token: &str) -> Value {
    segment(token, 0)
}

/// The payload of an access token.
pub fn payload(token: &str) -> Value {
    segment(token, 1)
}

/// A token of this header and this payload, without a signature.
pub fn unsigned(header: impl ToString, payload: impl ToString) -> String {
    let [header, payload] =
        [header.to_string(), payload.to_string()].map(|json| URL_SAFE_NO_PAD.encode(json));
    format!("{header}.{payload}")
}

/// What a front-token says.
pub fn front(token: &str) -> Value {
    serde_json::from_slice(&STANDARD.decode(token).expect("base64")).expect("JSON")
}

fn segment(token: &str, index: usize) -> Value {
    let encoded = token.split('.').nth(index).expect("three segments");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).expect("base64url")).expect("JSON")
}
