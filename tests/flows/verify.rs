//! Verifying: what each guard answers to a good, a missing, an expired and a foreign token.

use std::time::Duration;

use rocket::http::{Header, Method};
use rocket::{Request, Responder, async_test, catch, catchers, get, routes};
use session_runtime::{Error, Session};
use session_tests::Server;
use session_tests::app::Claims;
use session_tests::body::{TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::ACCESS;

const HOUR: Duration = Duration::from_secs(60 * 60);

#[async_test]
async fn without_a_token_a_session_is_401_and_nothing_is_cleared() {
    let server = Server::start().await;
    for path in ["/me", "/live", "/notes"] {
        let answer = server.browser().get(path).await;
        answer.expect(401, UNAUTHORISED).expect_untouched();
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    server
        .browser()
        .get("/maybe")
        .await
        .expect(200, r#"{"user":null}"#);
    server
        .browser()
        .get("/optional")
        .await
        .expect(200, r#"{"user":null}"#);
}

#[async_test]
async fn a_good_token_opens_every_guard_and_sets_no_header() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for path in ["/me", "/live", "/maybe", "/optional"] {
        let answer = browser.get(path).await;
        assert_eq!(
            (answer.status, answer.json()["user"].as_str()),
            (200, Some("ada")),
            "{path}"
        );
        answer.expect_untouched();
        assert_eq!(answer.header("access-control-expose-headers"), None);
    }
}

#[derive(Responder)]
struct Cached(&'static str, Header<'static>);

#[get("/cached")]
fn cached(_session: Session<Claims>) -> Cached {
    let header = Header::new("Cache-Control", "private, max-age=60");
    Cached("for a minute", header)
}

#[async_test]
async fn what_a_member_sees_is_not_cached_unless_the_application_says_so() {
    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![cached]))
        .start()
        .await;
    let mut browser = server.browser();
    let visited = browser.get("/maybe").await;
    assert_eq!(visited.header("cache-control"), None);
    assert_eq!(visited.header("vary"), Some("Cookie, Authorization"));

    browser.log_in("ada").await;
    for path in ["/me", "/live", "/maybe", "/optional"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        // What nobody may store does not vary.
        assert_eq!(answer.header("vary"), None, "{path}");
    }
    let own = browser.get("/cached").await;
    assert_eq!(own.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(own.header("vary"), Some("Cookie, Authorization"));
    let open = browser.get("/open").await;
    assert_eq!(open.header("cache-control"), None);
}

#[async_test]
async fn an_expired_token_asks_for_a_refresh() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.clock.advance(HOUR);
    for path in ["/me", "/live", "/maybe"] {
        browser
            .get(path)
            .await
            .expect(401, TRY_REFRESH)
            .expect_untouched();
    }
    // Rocket's `Option` hides the reason, and a handler's 200 is never touched.
    browser
        .get("/optional")
        .await
        .expect(200, r#"{"user":null}"#)
        .expect_untouched();
}

#[async_test]
async fn a_token_expires_on_its_second_and_not_before() {
    let server = Server::builder()
        .set("access_token_jitter", 0)
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.clock.advance(HOUR - Duration::from_millis(1));
    assert_eq!(browser.get("/me").await.status, 200);
    server.clock.advance(Duration::from_millis(1));
    browser.get("/me").await.expect(401, TRY_REFRESH);
}

#[async_test]
async fn a_tampered_token_is_nobodys() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let token = browser.cookie(ACCESS).expect("a token");
    for position in [3, token.len() / 2, token.len() - 10] {
        let mut tampered = token.clone().into_bytes();
        tampered[position] = if tampered[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        browser.plant(ACCESS, &String::from_utf8(tampered).expect("ASCII"), "/");
        browser
            .get("/me")
            .await
            .expect(401, UNAUTHORISED)
            .expect_untouched();
    }
}

#[async_test]
async fn a_token_of_another_server_asks_for_a_refresh() {
    let (ours, theirs) = (Server::start().await, Server::start().await);
    let mut there = theirs.browser();
    there.log_in("ada").await;
    let mut here = ours.browser();
    here.plant(ACCESS, &there.cookie(ACCESS).expect("a token"), "/");
    here.get("/me")
        .await
        .expect(401, TRY_REFRESH)
        .expect_untouched();
}

#[async_test]
async fn of_two_access_cookies_the_one_that_verifies_counts() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let token = browser.cookie(ACCESS).expect("a token");
    let twice = [
        vec![("Cookie", format!("{ACCESS}={token}; {ACCESS}={token}"))],
        vec![
            ("Cookie", format!("{ACCESS}={token}")),
            ("Cookie", format!("{ACCESS}=x")),
        ],
    ];
    for headers in twice {
        let answer = browser.send_raw(Method::Get, "/me", headers, None).await;
        assert_eq!(answer.json()["user"], "ada");
        answer.expect_untouched();
    }
    // Another case is another cookie.
    let headers = vec![(
        "Cookie",
        format!("{ACCESS}={token}; saccesstoken=x; SACCESSTOKEN=y"),
    )];
    assert_eq!(
        browser
            .send_raw(Method::Get, "/me", headers, None)
            .await
            .status,
        200
    );
}

#[async_test]
async fn requests_outside_sessions_are_left_alone() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.get("/open").await;
    answer.expect(200, "open").expect_untouched();
    assert_eq!(
        (answer.header("vary"), answer.header("cache-control")),
        (None, None)
    );
    let missing = browser.get("/no-such-page").await;
    assert_eq!(missing.status, 404);
    missing.expect_untouched();
}

#[catch(401)]
fn own_page(request: &Request<'_>) -> String {
    format!("please log in: {:?}", Error::from_request(request))
}

#[async_test]
async fn the_applications_own_catcher_answers_and_learns_the_reason() {
    let server = Server::builder()
        .rocket(|rocket| rocket.register("/", catchers![own_page]))
        .start()
        .await;
    let mut browser = server.browser();
    browser
        .get("/me")
        .await
        .expect(401, "please log in: Some(NoToken)");
    browser.log_in("ada").await;
    server.clock.advance(HOUR);
    browser
        .get("/me")
        .await
        .expect(401, "please log in: Some(TryRefreshToken)")
        .expect_untouched();
}

#[catch(401)]
fn same_error(request: &Request<'_>) -> Error {
    Error::from_request(request).expect("the error of a guard")
}

/// Also for people, whose requests ask for HTML.
#[async_test]
async fn a_catcher_may_answer_with_the_error_itself() {
    let server = Server::builder()
        .rocket(|rocket| rocket.register("/", catchers![same_error]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    let cookie = format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token"));
    for accept in ["text/html", "application/json"] {
        let headers = vec![("Accept", accept.to_owned()), ("Cookie", cookie.clone())];
        let answer = browser.send_raw(Method::Get, "/me", headers, None).await;
        answer.expect(401, UNAUTHORISED).expect_removed();
    }
}

#[async_test]
async fn a_catcher_of_another_path_changes_nothing() {
    let server = Server::builder()
        .rocket(|rocket| rocket.register("/m", catchers![own_page]))
        .start()
        .await;
    // `/me` begins with `/m` but is not below it.
    server.browser().get("/me").await.expect(401, UNAUTHORISED);
}

#[async_test]
async fn session_data_is_read_and_written() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    assert_eq!(browser.get("/notes").await.json()["text"], "first");
    let body = serde_json::json!({ "text": "second" });
    browser
        .send(Method::Put, "/notes", Some(body))
        .await
        .expect(200, "")
        .expect_untouched();
    assert_eq!(browser.get("/notes").await.json()["text"], "second");
}

#[async_test]
async fn session_data_of_an_ended_session_is_401() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    // Deleted behind the server's back, so its memory of revocations does not know.
    server.database().execute("DELETE FROM session_info");
    browser
        .clone()
        .get("/notes")
        .await
        .expect(401, UNAUTHORISED)
        .expect_removed();
    let body = Some(serde_json::json!({ "text": "revived" }));
    browser
        .clone()
        .send(Method::Put, "/notes", body)
        .await
        .expect(401, UNAUTHORISED)
        .expect_removed();
    browser
        .clone()
        .get("/live")
        .await
        .expect(401, UNAUTHORISED)
        .expect_removed();
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_thousand_verified_requests_send_no_statement() {
    // Beyond this the feed of revocations is read, by a turn of its own.
    let bound = ("revocation_bound", "1h".into());
    for remembered in [1000, 0] {
        let cache = ("verified_token_cache", remembered.into());
        let server = Server::builder()
            .settings(&[bound.clone(), cache])
            .start()
            .await;
        let statements = server.statements();
        let (mut browser, mut app) = (server.browser(), server.browser().in_header_mode());
        browser.log_in("ada").await;
        app.log_in("bob").await;
        assert_ne!(statements.take().len(), 0);

        // A thread of the store may open its connection meanwhile, once each.
        let mut sent = Vec::new();
        for _ in 0..8 {
            for _ in 0..125 {
                for path in ["/me", "/maybe"] {
                    assert_eq!(browser.get(path).await.status, 200);
                    assert_eq!(app.get(path).await.status, 200);
                }
            }
            sent.push(statements.take().len());
            if sent.last() == Some(&0) {
                break;
            }
        }
        assert_eq!(sent.last(), Some(&0), "{sent:?}");
        assert_eq!(browser.get("/live").await.status, 200);
        assert_ne!(statements.take().len(), 0);
    }
}
