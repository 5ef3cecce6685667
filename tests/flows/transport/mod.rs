//! Cookies and headers: which token counts, what is set and what is cleared.

use rocket::http::Method;
use session_tests::browser::{ACCESS, REFRESH};
use session_tests::{Answer, Server, names};

mod binding;
mod tables;

type Headers = Vec<(&'static str, String)>;

/// The tokens of a session in headers, of "hedda", and of one in cookies, of "cora".
struct Tokens {
    header: (String, String),
    cookie: (String, String),
}

async fn tokens(server: &Server) -> Tokens {
    let mut hedda = server.browser().in_header_mode();
    assert_eq!(hedda.log_in("hedda").await.status, 200);
    let mut cora = server.browser();
    assert_eq!(cora.log_in("cora").await.status, 200);
    let (access, refresh) = hedda.bearer_tokens().expect("tokens");
    Tokens {
        header: (access.to_owned(), refresh.to_owned()),
        cookie: (
            cora.cookie(ACCESS).expect("a token"),
            cora.cookie(REFRESH).expect("a token"),
        ),
    }
}

fn bearer(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {token}"))
}

fn cookie(name: &str, token: &str) -> (&'static str, String) {
    let cookies = match name {
        REFRESH => names::pair(REFRESH, token),
        _ => format!("{name}={token}"),
    };
    ("Cookie", cookies)
}

/// An access token of somebody else, as a front end may send to a shared API.
const FOREIGN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJtYWxsb3J5IiwiaXNzIjoiaHR0cHM6Ly9lbHNld2hlcmUifQ.c2lnbmF0dXJl";

async fn get(server: &Server, path: &str, headers: Headers) -> Answer {
    server
        .browser()
        .send_raw(Method::Get, path, headers, None)
        .await
}

async fn post(server: &Server, path: &str, headers: Headers) -> Answer {
    server
        .browser()
        .send_raw(Method::Post, path, headers, None)
        .await
}
