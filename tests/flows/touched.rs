//! What each kind of answer does to each cookie, whatever was presented and wherever the request came from.

mod headers;

use std::collections::BTreeSet;
use std::time::Duration;

use rocket::http::{ContentType, Method, Status};
use rocket::{async_test, catch, catchers, post, routes};
use session_runtime::{ErrorAnswer, SessionHandle, logout};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Answer, Browser, Server, names};

#[logout]
#[post("/bye")]
fn bye() -> &'static str {
    "bye"
}

/// Who words what goes wrong. What becomes of tokens and of sessions does not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Protocol,
    Catcher,
    ErrorHandler,
}

const OWN_WORDS: &str = "log in, please";

#[catch(default)]
fn own_words() -> &'static str {
    OWN_WORDS
}

impl Words {
    async fn start(self) -> Server {
        let server = Server::builder().rocket(move |rocket| match self {
            Self::Catcher => rocket
                .mount("/", routes![bye])
                .register("/", catchers![own_words]),
            _ => rocket.mount("/", routes![bye]),
        });
        let server = server.fairing(move |fairing| match self {
            Self::ErrorHandler => fairing.on_error(|_error, _request| {
                Some(ErrorAnswer {
                    status: Status::ImATeapot,
                    content_type: ContentType::Text,
                    body: OWN_WORDS.into(),
                })
            }),
            _ => fairing,
        });
        server.start().await
    }

    /// The status of a kind of answer where the protocol's is `status`. The page speaks for itself.
    fn status(self, kind: &str, status: u16) -> u16 {
        if self == Self::ErrorHandler && status >= 400 && kind != "page" {
            418
        } else {
            status
        }
    }
}

/// A request that some part of the library answers.
const KINDS: [(&str, Method, &str); 9] = [
    ("guard", Method::Get, "/me"),
    ("visitor", Method::Get, "/maybe"),
    ("live", Method::Get, "/live"),
    ("write", Method::Put, "/notes"),
    ("login", Method::Post, "/login"),
    ("logout", Method::Post, "/bye"),
    ("sign-out", Method::Post, SIGN_OUT_PATH),
    ("refresh", Method::Post, REFRESH_PATH),
    ("page", Method::Post, "/auth/session/refresh/page"),
];

/// What is presented, and what the answers are to requests of our own pages: the status, then what
/// becomes of the cookies of the session (`=` stored, `x` removed, `.` untouched).
const TABLE: [(&str, [&str; 9]); 11] = [
    (
        "nothing",
        [
            "401.", "200.", "401.", "401.", "200.", "200.", "401.", "401.", "303.",
        ],
    ),
    (
        "junk",
        [
            "401.", "200.", "401.", "401.", "200.", "200.", "401.", "401.", "303.",
        ],
    ),
    (
        "foreign",
        [
            "401.", "200.", "401.", "401.", "200.", "200.", "401.", "401.", "303.",
        ],
    ),
    (
        "live",
        [
            "200.", "200.", "200.", "200.", "200x", "200x", "200x", "200=", "303=",
        ],
    ),
    (
        "expired",
        [
            "401.", "401.", "401.", "401.", "200x", "200x", "401.", "200=", "303=",
        ],
    ),
    (
        "revoked",
        [
            "401x", "401x", "401x", "401x", "200x", "200x", "200x", "401x", "303x",
        ],
    ),
    (
        "replaced",
        [
            "401.", "401.", "401.", "401.", "200x", "200x", "200x", "409.", "303x",
        ],
    ),
    (
        "stolen",
        [
            "200.", "200.", "200.", "200.", "200x", "200x", "200x", "401x", "303x",
        ],
    ),
    (
        "twice",
        [
            "200.", "200.", "200.", "200.", "200x", "200x", "200x", "200=", "303=",
        ],
    ),
    (
        "access only",
        [
            "200.", "200.", "200.", "200.", "200x", "200x", "200x", "401x", "303x",
        ],
    ),
    (
        "refresh only",
        [
            "401.", "200.", "401.", "401.", "200.", "200.", "401.", "401.", "303.",
        ],
    ),
];

/// Where a request comes from (nobody, one of our pages, a page of another site), and who words the answer.
const FROM: [(Option<&str>, Words); 7] = [
    (Some("same-origin"), Words::Protocol),
    (None, Words::Protocol),
    (Some("cross-site"), Words::Protocol),
    (None, Words::Catcher),
    (Some("cross-site"), Words::Catcher),
    (None, Words::ErrorHandler),
    (Some("cross-site"), Words::ErrorHandler),
];

struct Scene {
    server: Server,
    cookies: Vec<String>,
    /// The session that the cookies are about, and another one of the same browser's user elsewhere.
    own: Option<SessionHandle>,
    bystander: SessionHandle,
}

fn pair(browser: &Browser<'_>) -> Vec<String> {
    [ACCESS, REFRESH]
        .map(|name| format!("{name}={}", browser.cookie(name).expect("a token")))
        .into()
}

async fn scene(presented: &str, words: Words) -> Scene {
    let server = words.start().await;
    let mut bystander = server.browser();
    bystander.log_in("ada").await;
    let bystander = bystander.handle().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let own = browser.handle().await;
    let mut cookies = pair(&browser);
    match presented {
        "nothing" => cookies.clear(),
        "junk" => cookies = vec![format!("{ACCESS}=junk"), format!("{REFRESH}=junk")],
        "foreign" => {
            let elsewhere = Server::with(&[("api_base_path", "/other".into())]).await;
            let mut stranger = elsewhere.browser();
            stranger.log_in("ada").await;
            cookies = pair(&stranger);
        }
        "expired" => server.clock.advance(Duration::from_secs(2 * 60 * 60)),
        "revoked" => {
            let ended = server.sessions().revoke(own).await;
            assert_eq!(ended, Ok(true));
        }
        "replaced" => {
            browser.log_in("ada").await;
        }
        "stolen" => {
            for _ in 0..2 {
                server.clock.advance(Duration::from_secs(180));
                browser.refresh().await.expect(200, "{}");
            }
            cookies[0] = pair(&browser).swap_remove(0);
        }
        "twice" => {
            server.clock.advance(Duration::from_secs(10));
            browser.refresh().await.expect(200, "{}");
            cookies.push(pair(&browser).swap_remove(0));
        }
        "access only" => cookies.truncate(1),
        "refresh only" => cookies.drain(..1).for_each(drop),
        _ => {}
    }
    let is_ours = !matches!(presented, "nothing" | "junk" | "foreign");
    Scene {
        server,
        cookies,
        own: is_ours.then_some(own),
        bystander,
    }
}

/// What a request of this kind sends.
fn body_of(method: Method, path: &str) -> (Option<String>, ContentType) {
    let (body, kind) = match path {
        "/login" => (r#"{"user":"ada"}"#, ContentType::JSON),
        "/notes" => (r#"{"text":"mine"}"#, ContentType::JSON),
        _ => ("next=/next&login=/log-in", ContentType::Form),
    };
    ((method != Method::Get).then(|| body.to_owned()), kind)
}

async fn send(scene: &Scene, method: Method, path: &str, from: Option<&str>) -> Answer {
    let mut headers = vec![("Cookie", scene.cookies.join("; "))];
    headers.extend(from.map(|site| ("Sec-Fetch-Site", site.to_owned())));
    let (body, kind) = body_of(method, path);
    let browser = scene.server.browser();
    browser.send_as(method, path, headers, body, kind).await
}

/// The letters of the sessions whose cookies an answer sets, and of those whose cookies it removes.
fn touched(answer: &Answer) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut set, mut removed) = (BTreeSet::new(), BTreeSet::new());
    for line in answer.all("set-cookie") {
        let (name, rest) = line.split_once('=').expect("a pair");
        let (_base, tag) = name.split_once('.').expect("a name that carries a session");
        let letters = if rest.starts_with(';') {
            &mut removed
        } else {
            &mut set
        };
        letters.insert(tag.to_owned());
    }
    (set, removed)
}

/// On one database only: it starts seven hundred servers.
#[async_test]
async fn sqlite_an_answer_touches_the_cookies_of_its_own_session_only() {
    for (presented, answers) in TABLE {
        for ((kind, method, path), expected) in KINDS.into_iter().zip(answers) {
            for (from, words) in FROM {
                let scene = scene(presented, words).await;
                let rows = scene.server.database().sessions();
                let answer = send(&scene, method, path, from).await;
                let row = format!("{kind}, {presented}, {from:?}, {words:?}: {answer:?}");
                let (set, removed) = touched(&answer);
                let left = scene.server.database().sessions();
                let is_foreign = from == Some("cross-site");
                let changes = matches!(kind, "login" | "logout" | "sign-out" | "refresh" | "page");
                let has_access = !matches!(presented, "nothing" | "refresh only");
                if is_foreign && (changes || (kind == "write" && has_access)) {
                    assert_eq!(answer.status, words.status(kind, 403), "{row}");
                    assert_eq!(left, rows, "{row}");
                    assert_eq!(answer.header("location"), None, "{row}");
                    answer.expect_untouched();
                    continue;
                }
                let letters = scene.own.map(names::tag);
                let own: BTreeSet<String> = letters.into_iter().collect();
                let (status, becomes) = expected.split_at(3);
                let status = words.status(kind, status.parse().expect("a status"));
                assert_eq!(answer.status, status, "{row}");
                if words != Words::Protocol && !changes && status >= 400 {
                    assert_eq!(answer.body, OWN_WORDS, "{row}");
                }
                match becomes {
                    // A page of another site does not even remove what is dead.
                    _ if is_foreign => answer.expect_untouched(),
                    "=" => {
                        assert_eq!((&set, removed.len()), (&own, 0), "{row}");
                        &answer
                    }
                    "x" => {
                        assert_eq!(removed, own, "{row}");
                        &answer
                    }
                    _ => {
                        assert!(removed.is_empty() && set.is_disjoint(&own), "{row}");
                        &answer
                    }
                };
                // Only a login brings cookies of another session, and nobody else's session ends.
                let others = set.difference(&own).count();
                assert_eq!(others, usize::from(kind == "login"), "{row}");
                let bystander = scene.server.sessions().info(scene.bystander).await;
                assert!(bystander.expect("an answer").is_some(), "{row}");
                // What is removed has ended, or its refresh token is missing.
                if becomes == "x" && !is_foreign && presented != "access only" {
                    let own = scene.own.expect("a session");
                    let info = scene.server.sessions().info(own).await;
                    assert!(info.expect("an answer").is_none(), "{row}");
                }
            }
        }
    }
}
