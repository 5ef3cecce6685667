//! Hostile inputs as data: every listed row of them is built with fresh keys, presented in process
//! and over a socket, and must be answered as the row says, with nothing changed, nothing asked of
//! the database and nothing given away.

mod cases;
mod forge;
mod ids;
mod numbers;
mod way;

use std::net::TcpListener;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use rocket::async_test;
use session_tests::browser::{ACCESS, REFRESH_PATH};

use cases::{AccessCase, Expected, RequestCase};
use forge::Forge;
use way::{Request, Way};

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics on whatever thread from now on.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(info);
        }));
    });
}

/// What is printed on success, for the record.
#[derive(Debug, Default)]
struct Ran {
    cookie: usize,
    header: usize,
}

/// Presents every access token of the data.
async fn present_access_tokens(way: Way) -> Ran {
    count_panics();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    listener.set_nonblocking(true).expect("a setting");
    let cookie = Forge::of(&way, false).await;
    let header = Forge::of(&way, true).await;
    let mut ran = Ran::default();
    way.hide_sessions();
    let before = way.dump();
    let statements = way.statements();
    let mut looked_for_keys = 0;
    for case in cases::access() {
        for (forge, in_header) in [(&cookie, false), (&header, true)] {
            let token = forge.build(&case, &listener);
            let request = if in_header {
                ran.header += 1;
                Request::get("/me").with("Authorization", format!("Bearer {token}"))
            } else {
                ran.cookie += 1;
                Request::get("/me").with("Cookie", format!("{ACCESS}={token}"))
            };
            let what = format!("{} {} (header: {in_header})", case.id, case.name);
            statements.take();
            let answer = way.send(request).await;
            let asked = statements.take();
            looked_for_keys += usize::from(!asked.is_empty());
            // With the keys come their version and how long tokens live elsewhere.
            let of_keys = |sql: &String| {
                let all = ["session_key", r#"["key"]"#, "access_validity"];
                all.iter().any(|word| sql.contains(word))
            };
            assert!(asked.iter().all(of_keys), "{what} asked {asked:?}");
            judge_access(&case, &token, &answer, &what);
            assert_eq!(way.dump(), before, "{what} changed the database");
        }
    }
    assert!(listener.accept().is_err(), "somebody fetched a key");
    // Some keys are unknown; they are looked for once in ten seconds, and the clock stands.
    assert_eq!(looked_for_keys, 1);
    way.show_sessions();
    assert_eq!(way.get_me(&cookie).await.status, 200, "the session is over");
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    ran
}

fn judge_access(case: &AccessCase, token: &str, answer: &session_tests::Answer, what: &str) {
    let got = (answer.status, answer.body.as_str());
    if case.expect == Expected::Accepted {
        assert_eq!(answer.status, 200, "{what}: {got:?}");
    } else {
        // What is not ours does not count: as a bearer if its form says so, as a cookie unless one
        // of our keys signed it or it names us. Some of it no HTTP server reads.
        let fits = got == Expected::TryRefresh.answer()
            || got == Expected::Unauthorised.answer()
            || (!is_plain(token) && matches!(answer.status, 400 | 431));
        assert!(fits, "{what}: {got:?}");
        answer.expect_untouched();
        way::assert_not_repeated(answer, token, what);
    }
    assert_eq!(answer.header("x-evil"), None, "{what}");
}

/// Whether any HTTP server takes it in a header.
fn is_plain(text: &str) -> bool {
    text.len() < 64 * 1024 && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

#[async_test]
async fn access_tokens_in_process() {
    let ran = present_access_tokens(Way::local().await).await;
    assert!(ran.cookie > 150 && ran.cookie == ran.header, "{ran:?}");
}

#[async_test]
async fn access_tokens_over_a_socket() {
    let ran = present_access_tokens(Way::socket().await).await;
    assert!(ran.cookie > 150 && ran.cookie == ran.header, "{ran:?}");
}

/// Sends every request of the data.
async fn send_requests(way: Way) -> usize {
    count_panics();
    let victim = Forge::of(&way, false).await;
    let other = Forge::of(&way, false).await;
    let app = Forge::of(&way, true).await;
    let foreign = Way::local().await;
    let foreign = Forge::of(&foreign, false).await;
    let mut ran = 0;
    way.hide_sessions();
    let before = way.dump();
    let statements = way.statements();
    for case in cases::requests() {
        ran += 1;
        let what = format!("{} {}", case.id, case.name);
        statements.take();
        let answer = way
            .send(request(&case, [&victim, &other, &app, &foreign]))
            .await;
        let asked = statements.take();
        assert!(asked.is_empty(), "{what} asked {asked:?}");
        if !way.is_local() && case.times > 1 << 16 && answer.status == 431 {
            // More than any HTTP server reads; nothing of ours was asked.
        } else if let Some((status, body)) = case.expect.fixed() {
            assert_eq!(answer.status, status, "{what}: {}", answer.body);
            if case.method() != "HEAD" && !body.is_empty() {
                assert_eq!(answer.body, body, "{what}");
            }
            answer.expect_untouched();
            for token in [&victim, &other, &app] {
                way::assert_not_repeated(&answer, &token.access, &what);
                way::assert_not_repeated(&answer, &token.refresh, &what);
            }
        } else {
            assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        }
        assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
        assert_eq!(answer.header("x-evil"), None, "{what}");
        assert_eq!(way.dump(), before, "{what} changed the database");
    }
    way.show_sessions();
    for forge in [&victim, &other] {
        assert_eq!(way.get_me(forge).await.status, 200, "a session is over");
    }
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    ran
}

fn request(case: &RequestCase, [victim, other, app, foreign]: [&Forge; 4]) -> Request {
    let middle = victim.refresh.len() / 2;
    let fill = |text: &str| {
        text.replace("$repeat", &case.repeat.repeat(case.times))
            .replace("$header_head", &app.refresh[..middle])
            .replace("$header_tail", &app.refresh[middle + 9..])
            .replace("$header_access", &app.access)
            .replace("$header_refresh", &app.refresh)
            .replace("$foreign_refresh", &foreign.refresh)
            .replace("$other_access", &other.access)
            .replace("$access", &victim.access)
            .replace("$refresh", &victim.refresh)
            .replace("$head", &victim.refresh[..middle])
            .replace("$tail", &victim.refresh[middle + 9..])
            .replace("$behind", &victim.refresh[11..])
            .replace("$before_end", &victim.refresh[..victim.refresh.len() - 9])
            .replace("$past_first", &victim.refresh[1..])
    };
    let path = if case.path == "refresh" {
        REFRESH_PATH
    } else {
        &case.path
    };
    let mut request = Request::new(case.method(), path);
    if !case.cookies.is_empty() {
        request = request.with("Cookie", fill(&case.cookies));
    }
    for [name, value] in &case.headers {
        request = request.with(name, fill(value));
    }
    request.body(&case.kind, &case.body)
}

#[async_test]
async fn requests_in_process() {
    assert!(send_requests(Way::local().await).await > 45);
}

#[async_test]
async fn requests_over_a_socket() {
    assert!(send_requests(Way::socket().await).await > 45);
}
