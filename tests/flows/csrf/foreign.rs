//! Whatever a page of another site has a browser send: no row changes, no cookie is set or removed,
//! and nothing is redirected.

use proptest::prelude::*;
use proptest::sample::select;
use rocket::http::{ContentType, Method};
use rocket::{post, routes};
use session_runtime::{catchers as ready, logout};
use session_tests::Server;
use session_tests::body::OK;
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};

#[logout]
#[post("/bye")]
fn bye() -> &'static str {
    "bye"
}

const API: &str = "http://127.0.0.1:8000";
const PAGE: &str = "/auth/session/refresh/page";

/// What protects the routes of the application; those of the library need evidence in every mode.
const MODES: [&str; 4] = ["fetch-metadata", "via-token", "via-custom-header", "none"];

const PATHS: [&str; 13] = [
    "/login",
    "/bye",
    SIGN_OUT_PATH,
    REFRESH_PATH,
    PAGE,
    "/auth/session/refresh/page?next=/boards&login=/log-in",
    "/auth/jwt/jwks.json",
    "/me",
    "/maybe",
    "/live",
    "/optional",
    "/notes",
    "/leave",
];

const METHODS: [Method; 7] = [
    Method::Get,
    Method::Head,
    Method::Options,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
];

#[derive(Debug, Clone, Copy)]
enum Cookies {
    None,
    Pair,
    Access,
    Refresh,
    Expired,
    Revoked,
    Junk,
    PairAndJunk,
}

const COOKIES: [Cookies; 8] = [
    Cookies::None,
    Cookies::Pair,
    Cookies::Access,
    Cookies::Refresh,
    Cookies::Expired,
    Cookies::Revoked,
    Cookies::Junk,
    Cookies::PairAndJunk,
];

#[derive(Debug, Clone)]
struct Sent {
    method: Method,
    path: &'static str,
    sites: Vec<&'static str>,
    origins: Vec<&'static str>,
    referer: Option<&'static str>,
    cookies: Cookies,
    /// Headers that a page of another site cannot send without being asked first.
    rid: bool,
    anti_csrf: bool,
    for_people: bool,
    form: bool,
}

impl Sent {
    /// The rule, written once more: `Sec-Fetch-Site` decides, else `Origin` does; of two nobody is
    /// trusted.
    fn is_foreign(&self) -> bool {
        match (&self.sites[..], &self.origins[..]) {
            ([_, _, ..], _) | (_, [_, _, ..]) => true,
            ([], []) | (["same-origin" | "none"], _) => false,
            (_, origins) => *origins != [API],
        }
    }

    /// Whether the setting lets it act through a route of the application all the same.
    fn is_let_through(&self, mode: &str) -> bool {
        let own_route = matches!(self.path, "/notes" | "/leave");
        own_route
            && match mode {
                "none" => true,
                "via-custom-header" => self.rid,
                "via-token" => self.anti_csrf,
                _ => false,
            }
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    let sites = select(&["cross-site", "same-site", "same-origin", "none", "junk", ""][..]);
    let origins = select(&["https://evil.example", "null", API, "http://127.0.0.1", ""][..]);
    let referers = select(&["https://evil.example/x", "http://127.0.0.1:8000/me"][..]);
    let target = (
        select(&METHODS[..]),
        select(&PATHS[..]),
        select(&COOKIES[..]),
    );
    let from = (
        prop::collection::vec(sites, 0..3),
        prop::collection::vec(origins, 0..3),
        prop::option::of(referers),
    );
    (target, from, any::<[bool; 4]>()).prop_map(
        |((method, path, cookies), (sites, origins, referer), flags)| {
            let [rid, anti_csrf, for_people, form] = flags;
            Sent {
                method,
                path,
                sites,
                origins,
                referer,
                cookies,
                rid,
                anti_csrf,
                for_people,
                form,
            }
        },
    )
}

/// What a browser of each state holds.
struct Known {
    pair: [String; 2],
    anti_csrf: String,
    expired: [String; 2],
    revoked: [String; 2],
}

async fn log_in(server: &Server, user: &str) -> ([String; 2], String) {
    let headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    let body = Some(format!(r#"{{"user":"{user}"}}"#));
    let answer = server
        .browser()
        .send_raw(Method::Post, "/login", headers, body)
        .await;
    answer.expect(200, OK);
    let pair = [ACCESS, REFRESH].map(|name| {
        let line = answer
            .all("set-cookie")
            .find(|line| line.contains(name))
            .expect("a cookie");
        line.split(';').next().expect("a pair").to_owned()
    });
    let token = answer.header("anti-csrf").unwrap_or_default().to_owned();
    (pair, token)
}

impl Known {
    async fn of(server: &Server) -> Self {
        let (expired, _) = log_in(server, "old").await;
        server
            .clock
            .advance(std::time::Duration::from_secs(2 * 60 * 60));
        let (revoked, _) = log_in(server, "gone").await;
        let ended = server.sessions().revoke_all("gone").await;
        assert_eq!(ended.map(|ended| ended.len()), Ok(1));
        let (pair, anti_csrf) = log_in(server, "ada").await;
        Self {
            pair,
            anti_csrf,
            expired,
            revoked,
        }
    }

    fn cookies(&self, which: Cookies) -> Vec<String> {
        let junk = [
            format!("{ACCESS}.AAAAAAAA=junk"),
            format!("{REFRESH}.AAAAAAAA=junk"),
        ];
        match which {
            Cookies::None => Vec::new(),
            Cookies::Pair => self.pair.to_vec(),
            Cookies::Access => vec![self.pair[0].clone()],
            Cookies::Refresh => vec![self.pair[1].clone()],
            Cookies::Expired => self.expired.to_vec(),
            Cookies::Revoked => self.revoked.to_vec(),
            Cookies::Junk => junk.to_vec(),
            Cookies::PairAndJunk => [self.pair.clone(), junk].concat(),
        }
    }
}

async fn run(mode: &str, same_site: &str, strict: bool, all: Vec<Sent>) {
    let server = Server::builder()
        .set("csrf", mode)
        .set("cookie_same_site", same_site)
        .set(
            "cookie_secure",
            if same_site == "none" { "yes" } else { "auto" },
        )
        .set("csrf_require_evidence", strict)
        .set("api_origin", API)
        .rocket(|rocket| {
            rocket
                .mount("/", routes![bye])
                .register("/", ready::pages("/log-in"))
        })
        .start()
        .await;
    let known = Known::of(&server).await;
    let rows = || {
        let mut database = server.database();
        ["session_info", "session_revocation"].map(|table| database.dump(table, "*"))
    };
    // Numbers what is in the feed, which a turn of its task would do in between.
    let numbered = server.sessions().read_revocations_now().await;
    numbered.expect("the feed");
    let before = rows();
    for sent in all.into_iter().filter(Sent::is_foreign) {
        if sent.is_let_through(mode) {
            continue;
        }
        let mut headers: Vec<(&'static str, String)> = Vec::new();
        headers.extend(
            sent.sites
                .iter()
                .map(|site| ("Sec-Fetch-Site", (*site).to_owned())),
        );
        headers.extend(
            sent.origins
                .iter()
                .map(|origin| ("Origin", (*origin).to_owned())),
        );
        headers.extend(sent.referer.map(|referer| ("Referer", referer.to_owned())));
        let cookies = known.cookies(sent.cookies);
        if !cookies.is_empty() {
            headers.push(("Cookie", cookies.join("; ")));
        }
        if sent.rid {
            headers.push(("rid", "session".to_owned()));
        }
        if sent.anti_csrf {
            headers.push(("anti-csrf", known.anti_csrf.clone()));
        }
        if sent.for_people {
            headers.push(("Accept", "text/html".to_owned()));
        }
        let (body, kind) = match (sent.form, sent.path) {
            (true, _) => ("next=/boards&login=/log-in", ContentType::Form),
            (false, "/notes") => (r#"{"text":"theirs"}"#, ContentType::JSON),
            (false, _) => (r#"{"user":"mallory"}"#, ContentType::JSON),
        };
        let reads = matches!(sent.method, Method::Get | Method::Head | Method::Options);
        let body = (!reads).then(|| body.to_owned());
        let browser = server.browser();
        let answer = browser
            .send_as(sent.method, sent.path, headers, body, kind)
            .await;
        let row = format!("{mode} {same_site} {strict} {sent:?}: {answer:?}");
        assert_eq!(answer.all("set-cookie").count(), 0, "{row}");
        for name in [
            "front-token",
            "anti-csrf",
            "st-access-token",
            "st-refresh-token",
        ] {
            assert_eq!(answer.header(name), None, "{row}");
        }
        // A link from elsewhere to a page for members leads to the login, and comes back to that
        // page only.
        let own_page = reads && sent.for_people && !sent.path.starts_with("/auth");
        let to_login = format!("/log-in?next={}", sent.path.replace('/', "%2F"));
        match answer.header("location") {
            None => {}
            Some(location) => assert!(own_page && location == to_login, "{row}"),
        }
        assert_eq!(rows(), before, "{row}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_a_request_of_another_site_changes_nothing(
        mode in select(&MODES[..]),
        same_site in select(&["lax", "strict", "none"][..]),
        strict in any::<bool>(),
        all in prop::collection::vec(sent(), 60),
    ) {
        rocket::execute(run(mode, same_site, strict, all));
    }
}
