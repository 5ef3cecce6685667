//! Logging in: the cookies, the tokens, the row.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket::async_test;
use rocket::http::Method;
use serde_json::{Value, json};
use session_runtime::clock::Clock;
use session_runtime::token::Transport;
use session_runtime::{Error, NewSession, Sessions};
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::body::{BROKEN, OK, UNAUTHORISED};
use session_tests::browser::{ACCESS, HASH, REFRESH};
use session_tests::{names, token};

#[async_test]
async fn answers_with_the_cookies_and_the_front_token() {
    let server = Server::start().await;
    let answer = server.browser().log_in("ada").await;
    answer.expect(200, OK);

    assert_eq!(answer.all("set-cookie").count(), 3);
    let access = answer.set_cookie(ACCESS).expect("an access cookie");
    let (_, attributes) = access.split_once("; ").expect("attributes");
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Path=/; Expires=Tue, 21 Sep 2027 14:13:20 GMT"
    );
    let refresh = answer.set_cookie(REFRESH).expect("a refresh cookie");
    let (_, attributes) = refresh.split_once("; ").expect("attributes");
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Path=/auth/session/refresh; Expires=Wed, 30 Dec 2026 14:13:20 GMT"
    );
    let hash = answer.set_cookie(HASH).expect("a cookie with its hash");
    let (hash, attributes) = hash.split_once("; ").expect("attributes");
    let (_name, refresh) = refresh.split_once('=').expect("a token");
    let (refresh, _attributes) = refresh.split_once(';').expect("attributes");
    assert!(
        hash.ends_with(&format!("={}", names::hash(refresh))),
        "{hash}"
    );
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Path=/; Expires=Wed, 30 Dec 2026 14:13:20 GMT"
    );

    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("front-token")
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("vary"), Some("Cookie, Authorization"));
}

#[async_test]
async fn the_access_token_carries_ten_claims_and_the_payload() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let answer = browser.log_in("ada").await;
    let token = browser.cookie(ACCESS).expect("a token");

    let header = token::header(&token);
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(header["version"], "5");
    assert!(header["kid"].as_str().expect("a kid").starts_with("d-"));

    let payload = token::payload(&token);
    let me = browser.get("/me").await.json();
    let now = server.clock.now().timestamp();
    assert_eq!(payload["sub"], "ada");
    assert_eq!(payload["rsub"], "ada");
    assert_eq!(payload["tId"], "public");
    assert_eq!(payload["iat"], now);
    assert_eq!(payload["sessionHandle"], me["handle"]);
    assert_eq!(
        payload["refreshTokenHash1"].as_str().map(str::len),
        Some(64)
    );
    assert_eq!(payload["parentRefreshTokenHash1"], Value::Null);
    assert_eq!(payload["antiCsrfToken"], Value::Null);
    assert_eq!(payload["iss"], "http://127.0.0.1:8000/auth");
    assert_eq!(payload["name"], "Ada");
    assert_eq!(payload.as_object().map(serde_json::Map::len), Some(10 + 1));

    let exp = payload["exp"].as_i64().expect("an expiry");
    assert!(
        (now + 3419..=now + 3600).contains(&exp),
        "1 h with up to 5 % less, not {}",
        exp - now
    );

    let front = answer.front_token();
    assert_eq!(front["uid"], "ada");
    assert_eq!(front["ate"], exp * 1000);
    assert_eq!(front["up"], payload);
}

#[async_test]
async fn the_front_token_keeps_the_order_front_ends_rely_on() {
    let server = Server::start().await;
    let answer = server.browser().log_in("ada").await;
    let json = STANDARD
        .decode(answer.header("front-token").expect("a front-token"))
        .expect("base64");
    let json = String::from_utf8(json).expect("UTF-8");
    assert!(json.starts_with(r#"{"uid":"ada","ate":"#), "{json}");
    assert!(json.contains(r#","up":{"sub":"ada","#), "{json}");
}

#[async_test]
async fn the_payload_and_the_data_come_back_as_they_were() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let text = "多言語 \u{1F980} \"quotes\" \\ \u{0000} \r\nSet-Cookie: x=1";
    let body = json!({ "user": "ümlaut; \u{1F980}", "name": text, "text": text });
    let answer = browser.send(Method::Post, "/login", Some(body)).await;
    assert_eq!((answer.status, answer.all("set-cookie").count()), (200, 3));
    let me = browser.get("/me").await.json();
    assert_eq!(
        (me["name"].as_str(), me["user"].as_str()),
        (Some(text), Some("ümlaut; \u{1F980}"))
    );
    assert_eq!(browser.get("/notes").await.json(), json!({ "text": text }));
}

#[async_test]
async fn a_refused_login_answers_401_and_opens_no_session() {
    let server = Server::start().await;
    let answer = server.browser().log_in("").await;
    answer.expect(401, UNAUTHORISED).expect_untouched();
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn every_login_mints_a_new_session_and_ends_the_one_presented() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let first = browser.clone();
    let first_handle = browser.get("/me").await.json()["handle"].clone();

    browser.log_in("ada").await;
    let second_handle = browser.get("/me").await.json()["handle"].clone();
    assert_ne!(first_handle, second_handle);
    assert_eq!(server.database().sessions(), 1);

    // The login removed its cookies. Requests that left before that keep them, for a refresh that
    // presents nothing is answered 401, and a front end then forgets the login.
    first
        .clone()
        .get("/me")
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    first
        .clone()
        .refresh()
        .await
        .expect(409, r#"{"message":"session replaced"}"#)
        .expect_untouched();
}

#[async_test]
async fn a_planted_session_does_not_survive_the_login_of_its_victim() {
    let server = Server::start().await;
    let mut attacker = server.browser();
    attacker.log_in("mallory").await;

    let mut victim = server.browser();
    victim.plant(ACCESS, &attacker.cookie(ACCESS).expect("a token"), "/");
    victim.plant(
        REFRESH,
        &attacker.cookie(REFRESH).expect("a token"),
        "/auth/session/refresh",
    );
    victim.log_in("ada").await;

    assert_eq!(victim.get("/me").await.json()["user"], "ada");
    assert_eq!(attacker.get("/me").await.status, 401);
    assert_eq!(attacker.refresh().await.status, 409);
}

#[async_test]
async fn a_login_ends_the_presented_session_even_after_its_access_token_expired() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server
        .clock
        .advance(std::time::Duration::from_secs(2 * 60 * 60));
    browser.log_in("ada").await;
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn two_browsers_have_two_sessions() {
    let server = Server::start().await;
    let (mut laptop, mut phone) = (server.browser(), server.browser());
    laptop.log_in("ada").await;
    phone.log_in("ada").await;
    assert_eq!(laptop.get("/me").await.status, 200);
    assert_eq!(phone.get("/me").await.status, 200);
    assert_eq!(server.database().sessions(), 2);
}

#[async_test]
async fn a_payload_too_large_for_a_cookie_is_a_typed_error_and_leaves_no_row() {
    let server = Server::start().await;
    let claims = Claims {
        name: "x".repeat(3000),
    };
    let error = server
        .sessions()
        .create(
            NewSession::new("ada".to_owned(), claims, Notes::default()),
            Transport::Header,
        )
        .await;
    let Err(Error::PayloadTooLarge { bytes, limit: 4096 }) = error else {
        panic!("{error:?}");
    };
    assert!(bytes > 4096);
    assert_eq!(server.database().sessions(), 0);

    let body = json!({ "user": "ada", "name": "x".repeat(3000) });
    let answer = server
        .browser()
        .send(Method::Post, "/login", Some(body))
        .await;
    answer.expect(500, BROKEN).expect_untouched();
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn the_largest_payload_that_fits_makes_a_cookie_of_at_most_4096_bytes() {
    let server = Server::start().await;
    let longest = (2000..3000).rev();
    for length in longest {
        let claims = Claims {
            name: "x".repeat(length),
        };
        let created = server
            .sessions()
            .create(
                NewSession::new("ada".to_owned(), claims, Notes::default()),
                Transport::Header,
            )
            .await;
        if let Ok(tokens) = created {
            let bytes = ACCESS.len() + ".AAAAAAAA".len() + tokens.access_token().len();
            // Room is left for what a token may get later: an anti-CSRF token, `auth_time`, a prefix.
            assert!((3960..=4000).contains(&bytes), "{bytes}");
            return;
        }
    }
    panic!("no payload fits");
}

#[async_test]
async fn a_user_id_has_1_to_128_bytes() {
    let server = Server::start().await;
    let sessions: &Sessions = server.sessions();
    for (user, fits) in [
        ("x".repeat(128), true),
        ("x".repeat(129), false),
        (String::new(), false),
    ] {
        let (bytes, name) = (user.len(), String::new());
        let new = NewSession::new(user, Claims { name }, Notes::default());
        let created = sessions.create(new, Transport::Header).await;
        assert_eq!(created.is_ok(), fits, "{bytes} bytes");
    }
    assert_eq!(server.database().sessions(), 1);
}
