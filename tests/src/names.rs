//! The names of cookies, which carry the session: `sAccessToken.` and eight letters.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use session_runtime::SessionHandle;

use crate::browser::{ACCESS, HASH, REFRESH};

/// The letters that stand for a session in the names of its cookies.
pub fn tag(handle: SessionHandle) -> String {
    let text = handle.to_string().replace('-', "");
    let number = u128::from_str_radix(&text, 16).expect("a UUID");
    URL_SAFE_NO_PAD.encode(&number.to_be_bytes()[10..])
}

/// The session that a token says it is of.
pub fn handle_in(token: &str) -> Option<SessionHandle> {
    let opaque = token.strip_prefix("v1.");
    if let Some(encoded) = opaque.or_else(|| token.strip_prefix("p1.")) {
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let handle: [u8; 16] = bytes.get(..16)?.try_into().ok()?;
        let hex = format!("{:032x}", u128::from_be_bytes(handle));
        let [a, b, c, d, e] = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ];
        return format!("{a}-{b}-{c}-{d}-{e}").parse().ok();
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    payload["sessionHandle"].as_str()?.parse().ok()
}

/// Whether names of sessions' cookies begin so.
pub fn is_base(name: &str) -> bool {
    [ACCESS, REFRESH, HASH]
        .iter()
        .any(|base| name.ends_with(base))
}

/// The name under which a browser has a token: `base` and the letters of its session, some letters for
/// what is no token. Any other name stays.
pub fn name_for(base: &str, token: &str) -> String {
    if !is_base(base) {
        return base.to_owned();
    }
    let tag = handle_in(token).map_or_else(|| "AAAAAAAA".to_owned(), tag);
    format!("{base}.{tag}")
}

/// What a browser keeps beside a refresh token.
pub fn hash(refresh_token: &str) -> String {
    let digest = digest::digest(&digest::SHA256, refresh_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
}

/// What a browser sends to the refresh route beside the cookies for all paths: the refresh cookie and the
/// one with its hash. `base` may have a prefix.
pub fn pair(base: &str, refresh_token: &str) -> String {
    let name = name_for(base, refresh_token);
    let (prefix, tag) = name.split_once(REFRESH).expect("a refresh cookie");
    // One for this host alone, or for a whole domain.
    let prefixes = match prefix {
        "__Secure-" => &["__Host-", "__Secure-"][..],
        "__Http-" => &["__Host-Http-"],
        _ => &[""],
    };
    let hash = hash(refresh_token);
    let hashes = prefixes
        .iter()
        .map(|prefix| format!("{prefix}{HASH}{tag}={hash}; "));
    format!("{}{name}={refresh_token}", hashes.collect::<String>())
}

/// A `Cookie` header in which the names that end in `sAccessToken` or `sRefreshToken` are those under which
/// a browser has these tokens, the latter with the cookie of the hash.
pub fn cookie_header(text: &str) -> String {
    let pair = |text: &str| match text.split_once('=') {
        Some((name, value)) => {
            let named = name.trim_end_matches([' ', '\t']);
            let space = &name[named.len()..];
            if named.ends_with(REFRESH) && space.is_empty() && value == value.trim() {
                return pair(named.trim_start_matches([' ', '\t']), value);
            }
            format!("{}{space}={value}", name_for(named, value.trim()))
        }
        None => text.to_owned(),
    };
    let pairs: Vec<String> = text.split(';').map(pair).collect();
    pairs.join(";")
}
