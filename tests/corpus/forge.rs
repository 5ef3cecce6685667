//! Builds tokens as the data says, with the keys of the server.

use std::net::TcpListener;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use session_tests::browser::{ACCESS, ACCESS_HEADER, REFRESH, REFRESH_HEADER};
use session_tests::token;

use crate::cases::AccessCase;
use crate::numbers::{misshape, number};
use crate::way::{Request, Way};

/// A session of a server, and the server's signing key.
pub(crate) struct Forge {
    pub(crate) access: String,
    pub(crate) refresh: String,
    stand_alone: String,
    elsewhere: String,
    secret: Vec<u8>,
    foreign: EcdsaKeyPair,
}

impl Forge {
    pub(crate) async fn of(way: &Way, in_header: bool) -> Self {
        let (access, refresh) = log_in(way, in_header).await;
        let sessions = way.sessions();
        let other = Way::local().await;
        let keys = sessions.reveal_keys().await.expect("the keys");
        let secret = keys
            .into_iter()
            .find(|(kind, _)| *kind == "ES256")
            .expect("a key")
            .1;
        let claims = serde_json::json!({ "service": "reports" });
        let lifetime = std::time::Duration::from_secs(60);
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Self {
            access,
            refresh,
            stand_alone: sessions.create_jwt(&claims, lifetime).expect("a JWT"),
            elsewhere: log_in(&other, in_header).await.0,
            foreign: EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                pkcs8.expect("a key").as_ref(),
            )
            .expect("a key"),
            secret,
        }
    }

    pub(crate) fn build(&self, case: &AccessCase, listener: &TcpListener) -> String {
        match case.token.as_deref() {
            Some("another application's") => return self.elsewhere.clone(),
            Some("stand-alone") => return self.stand_alone.clone(),
            Some("refresh") => return self.refresh.clone(),
            Some(other) => panic!("no token is called {other}"),
            None => {}
        }
        let repeat = case.repeat.repeat(case.times);
        let nested = format!("{}{}", "[".repeat(case.times), "]".repeat(case.times));
        let payload = token::payload(&self.access);
        let now = payload["iat"].as_i64().expect("a time");
        let address = listener.local_addr().expect("an address").to_string();
        let fill = |text: &str| {
            let text = text
                .replace("$repeat", &repeat)
                .replace("$nested", &nested)
                .replace("$listener", &address)
                .replace("$foreign", &jwk(self.foreign.public_key().as_ref()))
                .replace("$iss", &payload["iss"].to_string());
            add_times(&text, now)
        };
        let header = write(
            &token::header(&self.access),
            &case.header,
            case.header_text.as_deref(),
            fill,
        );
        let mut payload = write(&payload, &case.payload, case.payload_text.as_deref(), fill);
        let spelling = case.spell.as_deref().unwrap_or("$token");
        let signing = case.signs.as_deref().unwrap_or("$header.$payload");
        let strays = spelling.contains("$stray") || signing.contains("$stray");
        while strays && payload.len().is_multiple_of(3) {
            payload.push(' ');
        }
        let header = URL_SAFE_NO_PAD.encode(header);
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let stray = if strays {
            with_stray_bit(&payload)
        } else {
            String::new()
        };
        let fill = |text: &str| {
            text.replace("$header", &header)
                .replace("$payload", &payload)
                .replace("$stray", &stray)
        };
        let signed = fill(signing);
        let signature = URL_SAFE_NO_PAD.encode(self.sign(&case.key, signed.as_bytes()));
        let token = format!("{signed}.{signature}");
        fill(spelling)
            .replace("$token", &token)
            .replace("$signed", &signed)
            .replace("$signature_rest", &signature[4..])
            .replace("$signature_stray", &with_stray_bit(&signature))
            .replace("$signature", &signature)
            .replace("$repeat", &repeat)
    }

    fn sign(&self, key: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let pair = |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, &self.secret).expect("a key");
        let ours = || {
            let pair = pair(&ECDSA_P256_SHA256_FIXED_SIGNING);
            pair.sign(&random, message)
                .expect("a signature")
                .as_ref()
                .to_vec()
        };
        let words: Vec<&str> = key.split(' ').collect();
        match words[..] {
            [""] => ours(),
            ["ours", "der"] => {
                let pair = pair(&ECDSA_P256_SHA256_ASN1_SIGNING);
                pair.sign(&random, message)
                    .expect("a signature")
                    .as_ref()
                    .to_vec()
            }
            ["ours", ref how @ ..] => misshape(&ours(), how),
            ["foreign"] => self
                .foreign
                .sign(&random, message)
                .expect("a signature")
                .as_ref()
                .to_vec(),
            ["r", r, "s", s] => [number(r), number(s)].concat(),
            ["hmac", of] => {
                let pair = pair(&ECDSA_P256_SHA256_FIXED_SIGNING);
                let point = pair.public_key().as_ref();
                let kid = token::header(&self.access)["kid"]
                    .as_str()
                    .expect("a kid")
                    .to_owned();
                let der = [SPKI, point].concat();
                let secret = match of {
                    "point" => point.to_vec(),
                    "compressed" => [&[2 + (point[64] & 1)], &point[1..33]].concat(),
                    "pem" => format!(
                        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
                        STANDARD.encode(&der)
                    )
                    .into_bytes(),
                    "der" => der,
                    "jwk" => jwk(point).into_bytes(),
                    "empty" => Vec::new(),
                    "nul" => vec![0],
                    "kid" => kid.into_bytes(),
                    other => panic!("no key is called {other}"),
                };
                let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                hmac::sign(&key, message).as_ref().to_vec()
            }
            _ => panic!("nobody signs like {key}"),
        }
    }
}

/// The same bytes in base64url, with a bit set that belongs to none of them.
fn with_stray_bit(encoded: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = encoded.to_owned();
    let last = text.pop().and_then(|letter| LETTERS.find(letter));
    let last = last.expect("a letter of base64url") | 1;
    text + &LETTERS[last..=last]
}

async fn log_in(way: &Way, in_header: bool) -> (String, String) {
    let mut request = Request::new("POST", "/login").body("", r#"{"user":"ada","name":"Ada"}"#);
    if in_header {
        request = request.with("st-auth-mode", "header".into());
    }
    let answer = way.send(request).await;
    let token = |header: &str, cookie: &str| {
        if in_header {
            return answer.header(header).expect("a token").to_owned();
        }
        let line = answer.set_cookie(cookie).expect("a cookie");
        line.split(['=', ';']).nth(1).expect("a value").to_owned()
    };
    (token(ACCESS_HEADER, ACCESS), token(REFRESH_HEADER, REFRESH))
}

/// The JSON of a segment: the good one with some members replaced, or another text altogether.
fn write(
    good: &Value,
    members: &std::collections::BTreeMap<String, String>,
    text: Option<&str>,
    fill: impl Fn(&str) -> String,
) -> String {
    let plain = good.to_string();
    if let Some(text) = text {
        let text = fill(text).replace("$text", &plain);
        // What closes the members closes them once.
        let inner = if text.ends_with('}') {
            &plain[1..plain.len() - 1]
        } else {
            &plain[1..]
        };
        return text.replace("$members", inner);
    }
    let mut all: Vec<String> = good
        .as_object()
        .expect("an object")
        .iter()
        .filter(|(name, _)| !members.contains_key(*name))
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect();
    let added = members.iter().filter(|(_, value)| !value.is_empty());
    all.extend(added.map(|(name, value)| format!("\"{name}\":{}", fill(value))));
    format!("{{{}}}", all.join(","))
}

/// Replaces `$now`, `$now+5` and `$now-5`.
fn add_times(text: &str, now: i64) -> String {
    let mut parts = text.split("$now");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .char_indices()
            .find(|&(at, char)| !(char.is_ascii_digit() || (at == 0 && "+-".contains(char))))
            .map_or(part.len(), |(at, _)| at);
        let shift: i64 = part[..end].parse().unwrap_or(0);
        filled += &(now + shift).to_string();
        filled += &part[end..];
    }
    filled
}

fn jwk(point: &[u8]) -> String {
    let (x, y) = (
        URL_SAFE_NO_PAD.encode(&point[1..33]),
        URL_SAFE_NO_PAD.encode(&point[33..]),
    );
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#)
}

/// What DER puts before a point of P-256 (RFC 5480).
const SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
