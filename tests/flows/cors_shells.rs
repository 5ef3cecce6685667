//! Apps whose pages come from a shell of their own, such as Capacitor and Tauri: tokens in headers,
//! never in cookies; and origins that are written otherwise than browsers send them.

use rocket::async_test;
use rocket::http::Method;
use rocket::serde::json::json;
use session_runtime::Sessions;
use session_tests::body::{OK, REFUSED};
use session_tests::browser::ACCESS_HEADER;
use session_tests::{Answer, Server};

const SHELLS: [&str; 3] = [
    "capacitor://localhost",
    "tauri://localhost",
    "chrome-extension://abcdefghijklmnop",
];

async fn server(origins: &[&str]) -> Server {
    Server::builder()
        .set("website_origins", origins.to_vec())
        .rocket(|rocket| rocket.attach(Sessions::cors()))
        .start()
        .await
}

async fn log_in(server: &Server, origin: &str, mode: &str) -> Answer {
    let headers = vec![
        ("Origin", origin.to_owned()),
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("st-auth-mode", mode.to_owned()),
    ];
    let body = json!({ "user": "ada" }).to_string();
    let browser = server.browser();
    browser
        .send_raw(Method::Post, "/login", headers, Some(body))
        .await
}

#[async_test]
async fn a_shell_logs_in_with_tokens_in_headers_only() {
    let server = server(&SHELLS).await;
    for shell in SHELLS {
        let answer = log_in(&server, shell, "header").await;
        answer.expect(200, OK);
        assert_eq!(answer.header("access-control-allow-origin"), Some(shell));
        assert!(answer.header(ACCESS_HEADER).is_some());
        let answer = log_in(&server, shell, "cookie").await;
        assert_eq!((answer.status, &*answer.body), (403, REFUSED));
        assert_eq!(answer.all("set-cookie").count(), 0);
    }
}

#[async_test]
async fn an_origin_is_compared_as_browsers_send_it() {
    for (written, sent) in [
        ("https://www.example.com:443", "https://www.example.com"),
        ("http://WWW.example.com:80/", "http://www.example.com"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
    ] {
        let server = server(&[written]).await;
        let answer = log_in(&server, sent, "cookie").await;
        answer.expect(200, OK);
        assert_eq!(answer.header("access-control-allow-origin"), Some(sent));
    }
}

#[async_test]
async fn what_no_browser_sends_stops_the_launch() {
    for written in [
        "https://*.example.com",
        "*",
        "null",
        "file:///app",
        "https://127.1",
        "https://example.com/path",
        "https://\u{e4}rzte.example",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let rocket = Server::builder()
            .on_file(folder.path().join("test.db"))
            .set("website_origins", vec![written])
            .build();
        let log = session_tests::Log::start();
        let launched = rocket.ignite().await;
        // Looking at the error keeps Rocket from panicking when it is dropped.
        assert!(
            launched.is_err_and(|error| matches!(error.kind(), _)),
            "{written}"
        );
        log.expect(&["website_origins", "as browsers send them", written]);
    }
}
