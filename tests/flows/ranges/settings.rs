//! Every setting, and what to try it with.

use rocket::figment::value::{Dict, Value};
use session_tests::server::MASTER_KEY;

/// The kind of values that a setting takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Duration,
    Count,
    Fraction,
    Flag,
    Status,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Texts: good ones, and bad ones or such as are good only beside another setting.
    Text(&'static [&'static str], &'static [&'static str]),
    /// The same, for the members of a list.
    List(&'static [&'static str], &'static [&'static str]),
}

use Kind::{Count, Duration, Flag, Fraction, List, Status, Text, Word};

/// Longer than any name, path or cookie may be.
const LONG: &str = match std::str::from_utf8(&[b'a'; 4000]) {
    Ok(text) => text,
    Err(_) => "",
};

const LONG_PATH: &str = {
    const BYTES: [u8; 4000] = {
        let mut bytes = [b'a'; 4000];
        bytes[0] = b'/';
        bytes
    };
    match std::str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => "",
    }
};

const BAD_NAMES: &[&str] = &[
    "", " ", "a b", "a=b", "a;b", "a.b", "\u{e9}", "a\r\nb", "__Host-a", "__a", LONG,
];

const BAD_HEADERS: &[&str] = &[
    "",
    "a b",
    "a:b",
    "\u{e9}",
    "a\r\nb",
    "Set-Cookie",
    "content-type",
    "front-token",
    "anti-csrf",
    "content-length",
    "transfer-encoding",
    "st-access-token",
    "st-refresh-token",
    LONG,
];

const BAD_PATHS: &[&str] = &[
    "",
    "auth",
    "//",
    "/a//b",
    "/a?b",
    "/a#b",
    "/a;b",
    "/a b",
    "/a/../b",
    "/.",
    "/a/%2e%2e",
    "/\u{e4}",
    "/<a>",
    "/<a..>",
    "/{a}",
    "/\"",
    "/%zz",
    "/a%",
    "/a\r\nb",
    LONG_PATH,
];

/// Both sides of every bound, and what nobody means.
const DURATIONS: [&str; 26] = [
    "",
    "soon",
    "-1s",
    "0s",
    "1ns",
    "1ms",
    "10ms",
    "20ms",
    "999ms",
    "1s",
    "2500ms",
    "10s",
    "2m",
    "7m 25s",
    "1h",
    "1day",
    "3days 12h",
    "7days",
    "30days",
    "1year",
    "1000years",
    "1000years 1ns",
    "584542046090years",
    "18446744073709551615s",
    "18446744073709551615years",
    "99999999999999999999999s",
];

const GOOD_DURATIONS: [&str; 10] = [
    "20ms", "1s", "2s", "10s", "1m", "2m", "10m", "1h", "1day", "100days",
];

const COUNTS: [u64; 8] = [0, 1, 8, 64, 65, 100_000, 1 << 40, u64::MAX];

/// In the order of `SessionConfig`.
pub(crate) const SETTINGS: [(&str, Kind); 53] = [
    // The test's own value is replaced only by what stops the launch.
    (
        "database",
        Text(
            &[],
            &[
                "",
                "nothing",
                "mongodb://x",
                "sqlite:",
                "sqlite://no/such/folder/x.db",
            ],
        ),
    ),
    (
        "master_key",
        Text(
            &[MASTER_KEY],
            &[
                "",
                "short",
                LONG,
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            ],
        ),
    ),
    ("accepted_master_keys", List(&[MASTER_KEY], &["", "short"])),
    ("database_timeout", Duration),
    ("access_token_validity", Duration),
    ("access_token_jitter", Fraction),
    ("refresh_token_validity", Duration),
    ("absolute_lifetime", Duration),
    ("device_bound", Word(&["off", "when-supported"])),
    ("device_bound_validity", Duration),
    ("device_bound_exclude", List(&["/static"], BAD_PATHS)),
    ("max_sessions_per_user", Count),
    ("session_limit", Word(&["end-oldest", "refuse"])),
    ("max_data_size", Count),
    ("rotation_min_age", Duration),
    ("rotation_max_children", Count),
    ("signing_algorithm", Word(&["ES256", "EdDSA"])),
    ("signing_key_interval", Duration),
    ("signing_key_overlap", Duration),
    (
        "audience",
        Text(
            &["shop", "https://shop.test", "\u{e9} \u{1f980}"],
            &["", LONG],
        ),
    ),
    (
        "api_base_path",
        Text(
            &[
                "/",
                "/auth",
                "/auth/",
                "/api/v1/auth",
                "/a-b_c.d~e",
                "/a:b@c",
            ],
            BAD_PATHS,
        ),
    ),
    (
        "api_origin",
        Text(
            &[
                "https://api.example.com",
                "http://localhost:8000",
                "http://127.0.0.1:3000",
                "https://API.example.com:443/",
            ],
            &[
                "",
                "null",
                "*",
                "example.com",
                "ftp://example.com",
                "capacitor://localhost",
                "https://*.example.com",
                "https://example.com/path",
                "https://user@example.com",
                "https://\u{e4}.test",
                "http://example.com",
                "http://192.168.0.7:8000",
                LONG,
            ],
        ),
    ),
    (
        "outer_path",
        Text(&["/", "/app", "/app/", "/a/b", "/%C3%BC"], BAD_PATHS),
    ),
    ("refresh_route", Flag),
    ("sign_out_route", Flag),
    ("transfer", Word(&["any", "cookie", "header"])),
    ("front_token", Word(&["auto", "always"])),
    ("expose_access_token", Flag),
    (
        "access_token_header",
        Text(&["x-access", "st-access-token"], BAD_HEADERS),
    ),
    (
        "refresh_token_header",
        Text(&["x-refresh", "st-refresh-token"], BAD_HEADERS),
    ),
    (
        "access_cookie_name",
        Text(&["a", "_", "sAccessToken", "sIdRefreshToken"], BAD_NAMES),
    ),
    (
        "refresh_cookie_name",
        Text(&["b", "-", "sRefreshToken", "SACCESSTOKEN"], BAD_NAMES),
    ),
    (
        "cookie_prefix",
        Word(&["auto", "none", "secure", "host", "host-http"]),
    ),
    (
        "cookie_domain",
        Text(
            &["example.com", ".example.com", "https://API.example.com"],
            &[
                "",
                ".",
                "co.uk",
                "github.io",
                "localhost",
                "127.0.0.1",
                "exa mple.com",
                "a;b",
                "other.test",
                LONG,
            ],
        ),
    ),
    ("cookie_secure", Word(&["auto", "yes", "no"])),
    ("cookie_same_site", Word(&["lax", "none", "strict"])),
    (
        "website_origins",
        List(
            &[
                "https://www.example.com",
                "http://localhost:3000",
                "capacitor://localhost",
            ],
            &[
                "",
                "*",
                "null",
                "https://*.example.com",
                "https://x.example/path",
                "file://",
                "https://\u{e4}.test",
            ],
        ),
    ),
    ("device_ip", Word(&["none", "truncated", "full"])),
    (
        "trusted_proxies",
        List(
            &["10.0.0.0/8", "127.0.0.1/32", "::1/128"],
            &["", "10.0.0.1", "10.0.0.0/33", "proxy"],
        ),
    ),
    ("session_expired_status", Status),
    ("invalid_claim_status", Status),
    (
        "csrf",
        Word(&["fetch-metadata", "via-token", "via-custom-header", "none"]),
    ),
    ("csrf_require_evidence", Flag),
    (
        "access_token_path",
        Text(&["/", "/app", "/app/"], BAD_PATHS),
    ),
    (
        "refresh_token_path",
        Text(&["/", "/auth", "/auth/session/refresh"], BAD_PATHS),
    ),
    ("revocation", Word(&["feed", "live", "none"])),
    ("revocation_bound", Duration),
    ("revocation_on_stall", Word(&["accept", "live", "refuse"])),
    ("cleanup_interval", Duration),
    ("verified_token_cache", Count),
    ("database_queue", Count),
    ("write_connections", Count),
    ("read_connections", Count),
];

fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(*text)).collect()
}

fn lists(texts: &[&str]) -> Vec<Value> {
    let single = texts.iter().map(|text| Value::from(vec![*text]));
    single.chain([Value::from(texts.to_vec())]).collect()
}

impl Kind {
    /// Values of the right type.
    pub(crate) fn values(self) -> Vec<Value> {
        match self {
            Duration => texts(&DURATIONS),
            Count => COUNTS.map(Value::from).to_vec(),
            Fraction => [f64::NAN, f64::INFINITY, -0.1, 0.0, 0.05, 0.25, 0.3]
                .map(Value::from)
                .to_vec(),
            Flag => [true, false].map(Value::from).to_vec(),
            Status => [0, 200, 399, 400, 401, 403, 440, 499, 503, 599, 600, 65535]
                .map(Value::from)
                .to_vec(),
            Word(words) => {
                let wrong = ["", "perhaps"];
                let shouted = words.iter().map(|word| Value::from(word.to_uppercase()));
                texts(words)
                    .into_iter()
                    .chain(texts(&wrong))
                    .chain(shouted)
                    .collect()
            }
            Text(good, bad) => texts(&[good, bad].concat()),
            List(good, bad) => {
                let empty = Value::from(Vec::<Value>::new());
                let all = lists(good).into_iter().chain(lists(bad));
                all.chain([empty]).collect()
            }
        }
    }

    /// Values that are good where the others are the defaults; a few stop the launch for one
    /// setting.
    pub(crate) fn good_values(self) -> Vec<Value> {
        match self {
            Duration => texts(&GOOD_DURATIONS),
            Count => [1_u64, 2, 8, 64, 1000].map(Value::from).to_vec(),
            Fraction => [0.0, 0.05, 0.25].map(Value::from).to_vec(),
            Flag => self.values(),
            Status => [401, 403, 419, 440].map(Value::from).to_vec(),
            Word(words) => texts(words),
            Text(&[], bad) => texts(bad),
            Text(good, _) => texts(good),
            List(good, _) => lists(good),
        }
    }

    /// Values that no such setting takes.
    pub(crate) fn of_another_type(self) -> Vec<Value> {
        let number = || Value::from(7);
        let text = || Value::from("seven");
        let list = || Value::from(vec![7]);
        let table = || Value::from(Dict::from([("seven".to_owned(), number())]));
        match self {
            Duration | Text(..) | Word(_) => {
                vec![number(), true.into(), 1.5.into(), list(), table()]
            }
            Count | Status => vec![
                text(),
                "8".into(),
                true.into(),
                Value::from(-1),
                1.5.into(),
                list(),
                table(),
            ],
            Fraction | Flag => vec![text(), "true".into(), list(), table()],
            List(..) => vec![number(), true.into(), text(), list(), table()],
        }
    }
}
