//! Proofs of devices: what the device's key signed is accepted if it is a proof, and nothing else is.

use std::cell::OnceCell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use session_runtime::internals::device_bound::{read_registration, verify_proof};

use super::App;
use super::tokens::members;
use crate::device::Device;

const URL: &str = "https://api.example.com/auth/session/refresh/device";

thread_local! {
    /// A device, and its key as a row keeps it.
    static DEVICE: OnceCell<(Device, Vec<u8>)> = const { OnceCell::new() };
}

fn registered() -> (Device, Vec<u8>) {
    let device = Device::new();
    let (spki, _) = read_registration(&device.registration("c"), URL).expect("a registration");
    (device, spki)
}

/// Two lines, header and payload, signed by the key of a device; `raw ` begins a proof as it is.
pub(super) fn proof(_: &App, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    DEVICE.with(|device| {
        let (device, spki) = device.get_or_init(registered);
        judge(&text, device, spki)
    })
}

fn judge(text: &str, device: &Device, spki: &[u8]) -> bool {
    if let Some(raw) = text.strip_prefix("raw ") {
        // Nobody but the device signs, so only its own proof passes, wherever it stands in the input.
        let raw = raw.replace("{proof}", &device.proof("c"));
        let accepted = verify_proof(&raw, URL, spki);
        let genuine = raw.split('.').nth(1) == device.proof("c").split('.').nth(1);
        assert!(accepted.is_err() || genuine, "{raw}");
        let _registered = read_registration(&raw, URL);
        return accepted.is_ok();
    }
    let (header, payload) = text.split_once('\n').unwrap_or((text, ""));
    let header = header.replace("{jwk}", &device.jwk().to_string());
    let signed = device.jws_of(&header, payload);
    let (proved, registered) = (
        verify_proof(&signed, URL, spki),
        read_registration(&signed, URL),
    );
    if let Ok(challenge) = &proved {
        assert!(holds(&header, payload, challenge, false), "{text}");
    }
    if let Ok((key, challenge)) = &registered {
        // Only what the device itself brought along has signed this.
        assert_eq!(key, spki, "{text}");
        assert!(holds(&header, payload, challenge, true), "{text}");
    }
    assert!(proved.is_err() || registered.is_err(), "{text}");
    proved.is_ok() || registered.is_ok()
}

/// Whether these are the parts of a proof, told by another reader.
fn holds(header: &str, payload: &str, challenge: &str, brings_key: bool) -> bool {
    let (Some(header), Some(payload)) = (members(header), members(payload)) else {
        return false;
    };
    let forbidden = [
        "crit", "jku", "x5u", "x5c", "x5t", "zip", "b64", "enc", "epk", "cty",
    ];
    header.get("alg").is_some_and(|alg| alg == "ES256")
        && header.get("typ").is_some_and(|typ| typ == "dbsc+jwt")
        && forbidden.iter().all(|name| !header.contains_key(*name))
        && payload.get("jti").is_some_and(|jti| jti == challenge)
        && payload.get("aud").is_none_or(|aud| aud == URL)
        && match header.get("jwk") {
            Some(Value::Object(jwk)) => brings_key && is_public(jwk),
            Some(_) => false,
            None => !brings_key,
        }
}

fn is_public(jwk: &Map<String, Value>) -> bool {
    let coordinate = |name: &str| {
        let text = jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).is_ok_and(|it| it.len() == 32)
    };
    let forbidden = ["d", "k", "p", "q", "x5u", "x5c"];
    jwk.get("kty").is_some_and(|kty| kty == "EC")
        && jwk.get("crv").is_some_and(|crv| crv == "P-256")
        && coordinate("x")
        && coordinate("y")
        && forbidden.iter().all(|name| !jwk.contains_key(*name))
}
