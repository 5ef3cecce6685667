//! What tests over HTTP cannot tell apart: on which byte a token is too long, and what is read back
//! of one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};

use super::access::{Checked, MAX_COOKIE, Terms, check, has_form, names_unknown_key, sign_text};
use super::{Binding, Transport, anti_csrf, refresh};
use crate::handle::SessionHandle;
use crate::keys::{Key, KeyKind, KeyRing, Marks, SigningKey};
use crate::random::OsRandom;

const NOW: i64 = 1_790_000_000;

fn ring() -> KeyRing {
    let now = DateTime::from_timestamp(NOW, 0).expect("a time");
    let key = |kind| Key::generate(kind, now, &OsRandom::default()).expect("a key");
    let signing = SigningKey::from_stored(&key(KeyKind::Es256)).expect("a signing key");
    let ring = KeyRing::supplied(1, &[key(KeyKind::RefreshMac)], vec![signing]).expect("a ring");
    ring.with_longest_token(TimeDelta::hours(1))
}

fn terms() -> Terms {
    Terms {
        issuer: "https://api.example.com/auth".into(),
        audience: None,
    }
}

/// A good payload, with white space to make it longer.
fn payload(white_space: usize) -> String {
    let handle = "01890a5d-ac96-774b-bcce-b302099a8057";
    let claims = serde_json::json!({
        "sub": "ada", "iat": NOW, "exp": NOW + 60, "sessionHandle": handle, "iss": terms().issuer,
    });
    format!("{claims}{}", " ".repeat(white_space))
}

fn signed(keys: &KeyRing, payload: &str) -> String {
    let key = keys.verifying().next().expect("a key");
    let marks = Marks {
        transport: Transport::Cookie,
        payload_type: "Claims",
        anonymous: false,
        device_bound: false,
    };
    sign_text(&key.header(marks), payload, key).expect("a signature")
}

/// The longest text that `text_of` makes of white space within `limit` bytes, and the next one.
fn around(limit: usize, text_of: impl Fn(usize) -> String) -> [String; 2] {
    let longest = (0..limit).take_while(|n| text_of(*n).len() <= limit).last();
    let longest = longest.expect("a text that fits");
    [text_of(longest), text_of(longest + 1)]
}

#[test]
fn what_is_too_long_is_not_read() {
    let keys = ring();
    let [fits, too_long] = around(MAX_COOKIE, |white_space| {
        signed(&keys, &payload(white_space))
    });
    assert!(matches!(
        check(&fits, &keys, &terms()),
        Checked::Verified(_)
    ));
    assert!(matches!(
        check(&too_long, &keys, &terms()),
        Checked::Unsigned
    ));

    let header = r#"{"alg":"ES256","typ":"at+jwt","kid":"other","version":"5","transport":"cookie","payload_type":"Claims"}"#;
    let begins =
        |white_space| URL_SAFE_NO_PAD.encode(format!("{header}{}", " ".repeat(white_space)));
    let [fits, too_long] = around(MAX_COOKIE, begins);
    assert!(names_unknown_key(&fits, &keys) && has_form(&fits));
    assert!(!names_unknown_key(&too_long, &keys) && !has_form(&too_long));
}

#[test]
fn what_is_minted_reads_back_and_is_of_one_length() {
    let keys = ring();
    let handle = SessionHandle::from_bytes([7; 16]);
    for (transport, anti_csrf) in [
        (Transport::Cookie, false),
        (Transport::Cookie, true),
        (Transport::Header, false),
        (Transport::Header, true),
    ] {
        let binding = Binding {
            transport,
            anti_csrf,
        };
        let token = refresh::mint(handle, binding, 5, &[9; 32], keys.mac());
        // Version, then handle, key, binding, generation, random bytes and MAC.
        assert_eq!(token.len(), 3 + (16 + 2 + 1 + 4 + 32 + 32) * 4 / 3);
        let read = refresh::authenticate(&token, keys.macs()).expect("a token of ours");
        assert_eq!((read.handle, read.binding), (handle, binding));
        assert_eq!(read.presented.generation, 5);
    }
    let token = anti_csrf::mint(handle, &[9; 16], keys.mac());
    assert_eq!(token.len(), (16 + 32) * 4 / 3);
    assert!(anti_csrf::is_genuine(&token, handle, keys.macs()));
}
