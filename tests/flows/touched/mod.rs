//! What each kind of answer does to each cookie, whatever was presented and wherever the request came from.

mod headers;

use std::collections::BTreeSet;
use std::time::Duration;

use rocket::http::{ContentType, Method, Status};
use rocket::{async_test, catch, catchers, post, routes};
use session_runtime::fairing::ErrorAnswer;
use session_runtime::{SessionHandle, logout};
use session_tests::browser::{ACCESS, HASH, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
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
                Some(ErrorAnswer::new(
                    Status::ImATeapot,
                    ContentType::Text,
                    OWN_WORDS,
                ))
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

/// What is presented, and what becomes of it at a request of our own pages: after the status a
/// letter for the cookies of each session (`=` stored, `x` removed, `.` not mentioned), in the order
/// of the logins, then one for the row of each (`+` lives, `-` has ended). Where two are presented,
/// the newer one that lives counts, and what has ended is removed beside it; sessions of two users
/// are refused until the next login.
#[rustfmt::skip] // a row a line
const TABLE: [(&str, [&str; 9]); 17] = [
    //                             guard     visitor   live      write     login     logout    sign-out  refresh   page
    ("nothing",                     ["401.+", "200.+", "401.+", "401.+", "200.+", "200.+", "401.+", "401.+", "303.+"]),
    ("junk",                        ["401.+", "200.+", "401.+", "401.+", "200.+", "200.+", "401.+", "401.+", "303.+"]),
    ("foreign",                     ["401.+", "200.+", "401.+", "401.+", "200.+", "200.+", "401.+", "401.+", "303.+"]),
    ("live",                        ["200.+", "200.+", "200.+", "200.+", "200x-", "200x-", "200x-", "200=+", "303=+"]),
    ("expired",                     ["401.+", "401.+", "401.+", "401.+", "200x-", "200x-", "401.+", "200=+", "303=+"]),
    ("revoked",                     ["401x-", "401x-", "401x-", "401x-", "200x-", "200x-", "200x-", "401x-", "303x-"]),
    ("replaced",                    ["401.-", "401.-", "401.-", "401.-", "200x-", "200x-", "200x-", "409.-", "303x-"]),
    ("stolen",                      ["200.+", "200.+", "200.+", "200.+", "200x-", "200x-", "200x-", "401x-", "303x-"]),
    ("twice",                       ["200.+", "200.+", "200.+", "200.+", "200x-", "200x-", "200x-", "200=+", "303=+"]),
    ("access only",                 ["200.+", "200.+", "200.+", "200.+", "200x-", "200x-", "200x-", "401x+", "303x+"]),
    ("refresh only",                ["401.+", "200.+", "401.+", "401.+", "200x+", "200x+", "401.+", "200=+", "303=+"]),
    ("refresh without its hash",    ["200.+", "200.+", "200.+", "200.+", "200x-", "200x-", "200x-", "200=+", "303=+"]),
    ("the hash of another refresh", ["200.+", "200.+", "200.+", "200.+", "200x-", "200x-", "200x-", "200=+", "303=+"]),
    ("two of one user",             ["200..++", "200..++", "200..++", "200..++", "200xx--", "200xx--", "200xx--", "200.=++", "303.=++"]),
    ("of two users",                ["403..++", "403..++", "403..++", "403..++", "200xx--", "200xx--", "200xx--", "200.=++", "303.=++"]),
    ("live, then dead",             ["200.x+-", "200.x+-", "200.x+-", "200.x+-", "200xx--", "200xx--", "200xx--", "200=x+-", "303=x+-"]),
    ("dead, then live",             ["200x.-+", "200x.-+", "200x.-+", "200x.-+", "200xx--", "200xx--", "200xx--", "200.=-+", "303.=-+"]),
];

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
struct Source {
    header: Option<(&'static str, &'static str)>,
    is_foreign: bool,
    words: Words,
}

const fn source(header: Option<(&'static str, &'static str)>, is_foreign: bool) -> Source {
    let words = Words::Protocol;
    Source {
        header,
        is_foreign,
        words,
    }
}

const NOBODY_SAYS: Source = source(None, false);
const ANOTHER_SITE: Source = source(Some(("Sec-Fetch-Site", "cross-site")), true);

/// One of our pages, nobody, a page of another site; and who words the answer.
const FROM: [Source; 10] = [
    source(Some(("Sec-Fetch-Site", "same-origin")), false),
    source(Some(("Origin", "http://127.0.0.1:8000")), false),
    NOBODY_SAYS,
    ANOTHER_SITE,
    source(Some(("Sec-Fetch-Site", "same-site")), true),
    source(Some(("Origin", "https://evil.example")), true),
    NOBODY_SAYS.worded(Words::Catcher),
    ANOTHER_SITE.worded(Words::Catcher),
    NOBODY_SAYS.worded(Words::ErrorHandler),
    ANOTHER_SITE.worded(Words::ErrorHandler),
];

impl Source {
    const fn worded(self, words: Words) -> Self {
        Self { words, ..self }
    }

    fn headers(self) -> Vec<(&'static str, String)> {
        let header = self.header.into_iter();
        header
            .map(|(name, value)| (name, value.to_owned()))
            .collect()
    }
}

struct Scene {
    server: Server,
    cookies: Vec<String>,
    /// The sessions that the cookies are about, in the order of their logins.
    own: Vec<SessionHandle>,
    /// Another session of the same user, in another browser.
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
            let elsewhere = Server::builder()
                .set("api_base_path", "/other")
                .start()
                .await;
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
        "refresh without its hash" | "the hash of another refresh" => {
            let token = browser.cookie(REFRESH).expect("a token");
            cookies[1] = format!("{}={token}", names::name_for(REFRESH, &token));
            if presented == "the hash of another refresh" {
                let name = names::name_for(HASH, "").replace("AAAAAAAA", &names::tag(own));
                cookies.push(format!("{name}={}", names::hash("another")));
            }
        }
        _ => {}
    }
    let mut own = vec![own];
    let other_user = match presented {
        "two of one user" | "live, then dead" | "dead, then live" => Some("ada"),
        "of two users" => Some("eve"),
        _ => None,
    };
    if let Some(user) = other_user {
        server.clock.advance(Duration::from_secs(10));
        let mut second = server.browser();
        second.log_in(user).await;
        own.push(second.handle().await);
        cookies.extend(pair(&second));
        let dead = match presented {
            "live, then dead" => Some(own[1]),
            "dead, then live" => Some(own[0]),
            _ => None,
        };
        if let Some(dead) = dead {
            assert_eq!(server.sessions().revoke(dead).await, Ok(true));
        }
    }
    Scene {
        server,
        cookies,
        own,
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

async fn send(scene: &Scene, method: Method, path: &str, from: Source) -> Answer {
    let mut headers = vec![("Cookie", scene.cookies.join("; "))];
    headers.extend(from.headers());
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

/// A letter a session: whether it lives.
async fn lives(scene: &Scene) -> String {
    let mut letters = String::new();
    for handle in &scene.own {
        let info = scene.server.sessions().info(*handle).await;
        letters.push(row_letter(info.expect("an answer").is_some()));
    }
    letters
}

fn row_letter(lives: bool) -> char {
    if lives { '+' } else { '-' }
}

/// On one database only: it starts fifteen hundred servers.
#[async_test]
async fn sqlite_an_answer_touches_the_cookies_of_its_own_session_only() {
    let mut wrong = Vec::new();
    for (presented, answers) in TABLE {
        for ((kind, method, path), expected) in KINDS.into_iter().zip(answers) {
            for from in FROM {
                let scene = scene(presented, from.words).await;
                let lived = lives(&scene).await;
                let rows = scene.server.database().sessions();
                let answer = send(&scene, method, path, from).await;
                let row = format!("{kind}, {presented}, {from:?}: {answer:?}");

                let changes = matches!(kind, "login" | "logout" | "sign-out" | "refresh" | "page");
                let has_access = !matches!(presented, "nothing" | "refresh only");
                let is_refused = from.is_foreign && (changes || (kind == "write" && has_access));
                let (status, fates) = expected.split_at(3);
                let status = status.parse().expect("a status");
                let untouched = format!("{}{lived}", ".".repeat(scene.own.len()));
                // A page of another site does not even remove what is dead.
                let (status, fates) = match (is_refused, from.is_foreign) {
                    (true, _) => (403, &*untouched),
                    (false, true) => (status, &*untouched),
                    (false, false) => (status, fates),
                };
                let expected = format!("{}{fates}", from.words.status(kind, status));

                let (set, removed) = touched(&answer);
                let tags: Vec<String> = scene.own.iter().map(|own| names::tag(*own)).collect();
                let mut found = answer.status.to_string();
                found.extend(tags.iter().map(|tag| {
                    match (set.contains(tag), removed.contains(tag)) {
                        (false, false) => '.',
                        (false, true) => 'x',
                        (true, false) => '=',
                        (true, true) => '?',
                    }
                }));
                found.push_str(&lives(&scene).await);
                if found != expected {
                    wrong.push(format!("{found} for {expected}: {row}"));
                }
                if from.is_foreign {
                    answer.expect_untouched();
                }
                if is_refused {
                    assert_eq!(answer.header("location"), None, "{row}");
                    assert_eq!(scene.server.database().sessions(), rows, "{row}");
                }
                if from.words != Words::Protocol && !changes && answer.status >= 400 {
                    assert_eq!(answer.body, OWN_WORDS, "{row}");
                }

                // Only a login brings cookies of another session, and nobody else's session ends.
                let is_own = |tag: &&String| tags.contains(tag);
                let others = set.iter().filter(|tag| !is_own(tag)).count();
                let logs_in = kind == "login" && !is_refused;
                assert_eq!(others, usize::from(logs_in), "{row}");
                assert!(removed.iter().all(|tag| is_own(&tag)), "{row}");
                let bystander = scene.server.sessions().info(scene.bystander).await;
                assert!(bystander.expect("an answer").is_some(), "{row}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
