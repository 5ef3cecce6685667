//! A whole request: a line `site METHOD /path`, then headers, with `{access}` and the like for
//! tokens of ours.

use std::str::FromStr;

use rocket::http::Method;

use super::App;
use super::app::{ACCESS, ORIGIN, REFRESH, SITES, Site, WEBSITE};
use super::tokens::header_value;

/// Everything that may be answered, whoever asks for what.
const BODIES: [(u16, &str); 8] = [
    (401, r#"{"message":"unauthorised"}"#),
    (401, r#"{"message":"try refresh token"}"#),
    (403, r#"{"message":"cross-site request refused"}"#),
    (400, ""),
    (404, ""),
    (200, ""),
    (204, ""),
    (422, ""),
];

const PATHS: [&str; 6] = [
    "/read",
    "/write",
    "/maybe",
    "/begin",
    "/end",
    "/auth/session/refresh",
];

/// Judges any headers: what is accepted carries a credential of ours, once, and a cookie counts for
/// a change only with evidence that a page of ours sent it; refusals are fixed and harm nobody.
pub(super) fn request(app: &App, input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let number: usize = first
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or_default();
    let number = number % SITES.len();
    let method = first.next().and_then(|word| Method::from_str(word).ok());
    let path = first.next().unwrap_or_default();
    let (Some(method), true) = (method, PATHS.contains(&path)) else {
        return false;
    };
    let site = app.site(number);
    let headers: Vec<(String, String)> = lines
        .take(24)
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| is_name(name))
        .map(|(name, value)| (name.to_ascii_lowercase(), fill(site, value)))
        .collect();

    let (status, body, sets_cookies) = site.send(method, path, &headers);
    let known = BODIES
        .iter()
        .any(|(code, text)| *code == status && (text.is_empty() || *text == body));
    assert!(known, "{status} {body}\n{text}");
    if status == 403 || body.contains("try refresh token") {
        assert!(!sets_cookies, "{status} {body}\n{text}");
    }
    let acts = status == 200 && method == Method::Post && path != "/maybe";
    if acts {
        assert!(
            may_act(site, SITES[number], path, &headers),
            "{body}\n{text}"
        );
    }
    if status == 200 && path == "/read" {
        assert!(
            has(&headers, "cookie", &site.access) || has(&headers, "authorization", &site.bearer)
        );
    }
    // Whatever it was, the owner's session goes on.
    let (name, value) = match SITES[number].1 {
        "header" => ("authorization", format!("Bearer {}", site.bearer)),
        _ => ("cookie", format!("{}={}", ACCESS, site.access)),
    };
    let (owner, _, _) = site.send(Method::Get, "/read", &[(name.to_owned(), value)]);
    assert_eq!(owner, 200, "{text}");
    acts
}

/// The rule, written once more, for requests that were let through.
fn may_act(
    site: &Site,
    (csrf, transfer): (&str, &str),
    path: &str,
    headers: &[(String, String)],
) -> bool {
    let by_header = has(headers, "authorization", &site.bearer)
        || has(headers, "authorization", &site.header_refresh);
    let access = cookies(headers, ACCESS);
    let silent = access.is_empty() && cookies(headers, REFRESH).is_empty();
    match path {
        // A login that sets no cookie changes nothing for a browser.
        "/begin" => {
            let in_headers = transfer == "header" || has_name(headers, "st-auth-mode");
            by_header || from_ours(headers) || silent && in_headers
        }
        // Neither does a logout of nobody.
        "/end" => {
            let legacy = !cookies(headers, "sIdRefreshToken").is_empty();
            let nobody = csrf == "via-token" && (legacy || access != [site.access.as_str()]);
            by_header || silent || nobody || evident(site, csrf, headers)
        }
        _ => {
            let by_cookie =
                has(headers, "cookie", &site.access) || has(headers, "cookie", &site.refresh);
            by_header || by_cookie && evident(site, csrf, headers)
        }
    }
}

/// The values of our cookie, as far as its name is not percent-encoded.
fn cookies<'h>(headers: &'h [(String, String)], name: &str) -> Vec<&'h str> {
    let lines = values(headers, "cookie").into_iter();
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .filter(|(other, _)| other.trim() == name)
        .map(|(_, value)| value.trim())
        .collect()
}

fn evident(site: &Site, csrf: &str, headers: &[(String, String)]) -> bool {
    match csrf {
        "via-token" => values(headers, "anti-csrf") == [site.anti_csrf.as_str()],
        "via-custom-header" => has_name(headers, "rid"),
        _ => from_ours(headers),
    }
}

fn from_ours(headers: &[(String, String)]) -> bool {
    let (sites, origins) = (values(headers, "sec-fetch-site"), values(headers, "origin"));
    match (&sites[..], &origins[..]) {
        ([], []) | (["same-origin" | "none"], [] | [_]) => true,
        ([] | [_], [origin]) => *origin == ORIGIN || *origin == WEBSITE,
        _ => false,
    }
}

fn values<'h>(headers: &'h [(String, String)], name: &str) -> Vec<&'h str> {
    let named = headers.iter().filter(|(other, _)| other == name);
    named.map(|(_, value)| value.as_str()).collect()
}

fn has_name(headers: &[(String, String)], name: &str) -> bool {
    !values(headers, name).is_empty()
}

fn has(headers: &[(String, String)], name: &str, token: &str) -> bool {
    values(headers, name)
        .iter()
        .any(|value| value.contains(token))
}

/// RFC 9110 section 5.6.2.
fn is_name(name: &str) -> bool {
    let marks = b"!#$%&'*+-.^_`|~";
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
}

fn fill(site: &Site, value: &str) -> String {
    header_value(value.as_bytes())
        .replace("{access}", &site.access)
        .replace("{refresh}", &site.refresh)
        .replace("{anti-csrf}", &site.anti_csrf)
        .replace("{bearer}", &site.bearer)
        .replace("{header-refresh}", &site.header_refresh)
}
