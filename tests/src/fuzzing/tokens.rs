//! Tokens one by one: a token is accepted if it is one of ours in its place, and never otherwise.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::DateTime;
use jsonwebtoken::{Algorithm, EncodingKey};
use rocket::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use session_runtime::internals::{self, RefreshClaims};
use session_runtime::token::Transport;
use session_runtime::{Error, JwtPayload, Sessions};

use super::App;
use super::app::{ACCESS, ORIGIN, Site};

/// The time at which the servers stand.
const NOW: i64 = 1_790_000_000;

const REFUSED: [&str; 2] = [
    r#"{"message":"unauthorised"}"#,
    r#"{"message":"try refresh token"}"#,
];

/// The text of an input, without what no header can carry (RFC 9110 section 5.5).
pub(super) fn header_value(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    text.chars()
        .filter(|letter| !letter.is_control() || *letter == '\t')
        .collect()
}

fn judge(site: &Site, header: &str, value: String, accepted: bool) -> bool {
    let headers = [(header.to_owned(), value)];
    let (status, body, _) = site.send(Method::Get, "/read", &headers);
    if accepted {
        assert_eq!((status, body.as_str()), (200, "read ada"));
    } else {
        assert!(
            status == 401 && REFUSED.contains(&body.as_str()),
            "{status} {body}"
        );
    }
    accepted
}

/// A cookie header: accepted if and only if our cookie is in it with our token, whatever else is.
pub(super) fn cookie(app: &App, input: &[u8]) -> bool {
    let site = app.site(0);
    let line = header_value(input).replace("{access}", &site.access);
    if line.contains('%') {
        // Names and values are percent-decoded, so here only the worst is excluded.
        let (status, body, _) = site.send(Method::Get, "/read", &[("cookie".into(), line)]);
        assert!(
            status == 200 || REFUSED.contains(&body.as_str()),
            "{status} {body}"
        );
        return status == 200;
    }
    let trim = |text: &str| text.trim_matches([' ', '\t']).to_owned();
    let mut pairs = line.split(';').filter_map(|pair| pair.split_once('='));
    let accepted = pairs.any(|(name, value)| trim(name) == ACCESS && trim(value) == site.access);
    judge(site, "cookie", line, accepted)
}

/// An `Authorization` header: accepted if and only if it is the scheme, one space, our token.
pub(super) fn bearer(app: &App, input: &[u8]) -> bool {
    let site = app.site(0);
    let value = header_value(input).replace("{bearer}", &site.bearer);
    let accepted = value.split_once(' ').is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("bearer") && token == site.bearer
    });
    judge(site, "authorization", value, accepted)
}

/// Takes any payload.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
struct Anything {}

/// Two lines, header and payload, signed by our own key; `raw ` begins a token as it is.
pub(super) fn jws(app: &App, input: &[u8]) -> bool {
    let site = app.site(0);
    let text = String::from_utf8_lossy(input).into_owned();
    let verify = |token: &str| {
        let sessions: &Sessions = site.sessions();
        match app.runtime.block_on(sessions.verify::<Anything>(token)) {
            Ok(_) => true,
            Err(Error::TryRefreshToken | Error::Unauthorised | Error::SignInAgain) => false,
            Err(other) => panic_with(&other),
        }
    };
    if let Some(raw) = text.strip_prefix("raw ") {
        let raw = raw.replace("{bearer}", &site.bearer);
        let accepted = verify(&raw);
        // The signature may be written otherwise (it is malleable), what is signed may not.
        let signed = |token: &str| token.rsplit_once('.').map(|(signed, _)| signed.to_owned());
        assert!(!accepted || signed(&raw) == signed(&site.bearer), "{raw}");
        return accepted;
    }
    let (header, payload) = text.split_once('\n').unwrap_or((&text, ""));
    let (key, kid) = app.signing_key(site);
    let header = header.replace("{kid}", kid);
    let header = if header.contains("payload_type") {
        header
    } else {
        // The inputs are older than the name of the payload's type.
        header.replacen('{', r#"{"payload_type":"Anything","#, 1)
    };
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(&header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), key, Algorithm::ES256);
    let accepted = verify(&format!("{signed}.{}", signature.expect("a signature")));
    if accepted {
        assert!(
            header_holds(&header, kid) && claims_hold(payload),
            "{header}\n{payload}"
        );
    }
    accepted
}

fn panic_with(error: &Error) -> bool {
    unreachable!("an input was answered {error}")
}

/// The members of a JSON object, none of them twice.
pub(super) fn members(json: &str) -> Option<Map<String, Value>> {
    struct Once;
    impl<'de> serde::de::Visitor<'de> for Once {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut members = Map::new();
            while let Some((name, value)) = map.next_entry::<String, Value>()? {
                if members.insert(name, value).is_some() {
                    return Err(serde::de::Error::custom("twice"));
                }
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let members = serde::Deserializer::deserialize_map(&mut reader, Once).ok()?;
    reader.end().ok().map(|()| members)
}

fn header_holds(header: &str, kid: &str) -> bool {
    let Some(members) = members(header) else {
        return false;
    };
    // What would say how else the token is to be read.
    let forbidden = ["crit", "jku", "jwk", "x5u", "x5c", "zip", "b64", "enc"];
    let payload_type = members.get("payload_type").and_then(Value::as_str);
    let typ = members["typ"]
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    forbidden.iter().all(|name| !members.contains_key(*name))
        && matches!(payload_type, Some("Anything"))
        && members["alg"] == "ES256"
        && ["at+jwt", "application/at+jwt"].contains(&typ.as_str())
        && members["kid"] == kid
        && members["version"] == "5"
        && members["transport"] == "header"
}

fn claims_hold(payload: &str) -> bool {
    // A name of the application's that comes twice is taken once: nothing of ours reads it.
    let Ok(claims) = serde_json::from_str::<Map<String, Value>>(payload) else {
        return false;
    };
    let whole = |name: &str| claims.get(name).and_then(Value::as_i64);
    let (Some(iat), Some(exp)) = (whole("iat"), whole("exp")) else {
        return false;
    };
    let nbf = claims.get("nbf").filter(|nbf| !nbf.is_null());
    claims
        .get("iss")
        .is_some_and(|iss| *iss == format!("{ORIGIN}/auth"))
        && claims.get("sub").is_some_and(Value::is_string)
        && claims.get("aud").is_none_or(Value::is_null)
        && (exp > iat && exp - iat <= 3600 && exp > NOW && iat <= NOW + 300)
        && nbf.is_none_or(|nbf| nbf.as_i64().is_some_and(|nbf| nbf <= NOW + 300))
}

/// Reads `N` bytes off the front; zeros where the input ends.
fn take<const N: usize>(input: &mut &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    let length = N.min(input.len());
    bytes[..length].copy_from_slice(&input[..length]);
    *input = &input[length..];
    bytes
}

/// A refresh token: what is minted reads back as it was, what was changed anywhere is nothing, and so is
/// a text that nobody minted.
pub(super) fn refresh(app: &App, mut input: &[u8]) -> bool {
    let sessions = app.site(0).sessions();
    let [mode] = take(&mut input);
    if mode.is_multiple_of(2) {
        let text = String::from_utf8_lossy(input);
        let read = internals::read_refresh_token(sessions, &text);
        assert_eq!(read, None, "{text}");
        return false;
    }
    let handle = uuid::Uuid::from_bytes(take(&mut input));
    let [bits] = take(&mut input);
    let claims = RefreshClaims {
        handle: handle.to_string().parse().expect("a UUID"),
        transport: if bits & 1 == 0 {
            Transport::Cookie
        } else {
            Transport::Header
        },
        anti_csrf: bits & 2 != 0,
        generation: u32::from_be_bytes(take(&mut input)),
    };
    let token = internals::mint_refresh_token(sessions, claims, &take(&mut input));
    assert_eq!(
        internals::read_refresh_token(sessions, &token),
        Some(claims)
    );

    let mut changed = token.clone().into_bytes();
    for change in input.chunks_exact(2).take(8) {
        let place = usize::from(change[0]) % changed.len();
        changed[place] = change[1];
    }
    let changed = String::from_utf8_lossy(&changed);
    let read = internals::read_refresh_token(sessions, &changed);
    assert_eq!(read.is_some(), changed == token, "{changed}");
    true
}

/// Three lines: user id, expiry in milliseconds, payload. What the front end decodes is what went in.
pub(super) fn front_token(_: &App, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.splitn(3, '\n');
    let (user, time) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let payload = lines.next().unwrap_or_default();
    let time = time.parse().ok().and_then(DateTime::from_timestamp_millis);
    let Some(time) = time else {
        return false;
    };
    let token = internals::front_token(user, time, payload);
    // A number that no `f64` holds is JSON, but never part of a payload.
    let Ok(payload) = serde_json::from_str::<Value>(payload) else {
        return false;
    };
    let token = token.expect("a token for any JSON");
    let json = STANDARD.decode(&token).expect("base64");
    let front: Map<String, Value> = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(front["uid"], user);
    assert_eq!(front["ate"], time.timestamp_millis());
    assert_eq!(front["up"], payload);
    assert_eq!(front.len(), 3);
    true
}

impl App {
    /// The key of a server that signs, and its name.
    fn signing_key(&self, site: &Site) -> (&EncodingKey, &str) {
        let (key, kid) = self.key.get_or_init(|| {
            let keys = self.runtime.block_on(site.sessions().reveal_keys());
            let keys = keys.expect("the keys");
            let key = keys.iter().find(|(kind, _)| *kind == "ES256");
            let (_, secret) = key.expect("a signing key");
            let header = site.bearer.split('.').next().expect("a header");
            let header = URL_SAFE_NO_PAD.decode(header).expect("base64url");
            let header: Value = serde_json::from_slice(&header).expect("JSON");
            let kid = header["kid"].as_str().expect("a name").to_owned();
            (EncodingKey::from_ec_der(secret), kid)
        });
        (key, kid)
    }
}
