//! Forms: Rocket lets them say another method than they come with.

use rocket::http::{ContentType, Method};
use rocket::{async_test, get, routes};
use session_runtime::MaybeSession;
use session_tests::Server;
use session_tests::app::Claims;
use session_tests::body::REFUSED;
use session_tests::browser::ACCESS;

#[async_test]
async fn a_form_that_pretends_to_be_a_get_is_unsafe() {
    #[get("/harmless")]
    fn harmless(session: MaybeSession<Claims>) -> &'static str {
        if session.is_some() {
            "member"
        } else {
            "visitor"
        }
    }

    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![harmless]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for (from, status) in [("cross-site", 403), ("same-origin", 200)] {
        for method in ["get", "GET", "head"] {
            let headers = vec![
                (
                    "Cookie",
                    format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token")),
                ),
                ("Sec-Fetch-Site", from.to_owned()),
            ];
            let form = format!("_method={method}&x=y");
            let answer = browser
                .send_form(Method::Post, "/harmless", headers, form)
                .await;
            assert_eq!(answer.status, status, "{from} {method}");
        }
    }
    let cookie = format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token"));
    let headers = vec![("Cookie", cookie), ("Sec-Fetch-Site", "cross-site".into())];
    browser
        .send_form(Method::Post, "/notes", headers, "_method=put".into())
        .await
        .expect(403, REFUSED);
}

/// What comes with a form is judged like a POST, whatever its method says.
#[async_test]
async fn a_get_with_a_form_is_unsafe() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let cookie = format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token"));
    for (kind, status) in [
        ("application/x-www-form-urlencoded; charset=utf-8", 403),
        ("multipart/form-data; boundary=x", 403),
        ("application/json", 200),
        ("text/plain", 200),
    ] {
        let headers = vec![
            ("Cookie", cookie.clone()),
            ("Sec-Fetch-Site", "cross-site".to_owned()),
        ];
        let kind_of_body = ContentType::parse_flexible(kind).expect("a kind");
        let answer = browser
            .send_as(
                Method::Get,
                "/me",
                headers,
                Some("x=y".into()),
                kind_of_body,
            )
            .await;
        assert_eq!(answer.status, status, "{kind}");
    }
}
