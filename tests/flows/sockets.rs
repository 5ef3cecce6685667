//! Over real sockets: bytes that a local client cannot send.

use rocket::async_test;
use session_tests::{Running, names};

fn get(path: &str, headers: &[u8]) -> Vec<u8> {
    let mut request =
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
    request.extend_from_slice(headers);
    request.extend_from_slice(b"\r\n");
    request
}

#[async_test]
async fn hostile_bytes_in_the_cookie_header_are_401_or_refused_by_http() {
    let server = Running::start().await;
    let hostile: [&[u8]; 10] = [
        b"Cookie: sAccessToken=\xff\xfe\r\n",
        b"Cookie: \xff=\xff\r\n",
        b"Cookie: sAccessToken=a\xc3\x28; sAccessToken=b\r\n",
        b"Cookie: sAccessToken=a\r\nCookie: sAccessToken=b\r\n",
        b"Cookie:\r\n",
        b"Cookie: sAccessToken\r\n",
        b"Cookie: sAccessToken=%ff%00%0d%0aX-Evil:%201\r\n",
        b"cookie: sAccessToken=\"x\"\r\nCOOKIE: y=z\r\n",
        b"Cookie: sAccessToken=a\tb c,d\r\n",
        b"Cookie: sAccessToken=a\0b\r\n",
    ];
    for headers in hostile {
        let answer = server.send(get("/me", headers)).await;
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(
            status == "401" || status == "400",
            "{}: {answer}",
            String::from_utf8_lossy(headers)
        );
        assert!(!answer.to_ascii_lowercase().contains("x-evil"));
        assert!(!answer.contains("set-cookie"));
    }
    let long = format!("Cookie: sAccessToken={}\r\n", "A".repeat(64 * 1024));
    let answer = server.send(get("/me", long.as_bytes())).await;
    assert!(
        answer.starts_with("HTTP/1.1 401") || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    server.stop().await;
}

#[async_test]
async fn a_real_login_crosses_a_real_socket() {
    let server = Running::start().await;
    let body = r#"{"user":"ada","name":"Ada"}"#;
    let login = format!(
        "POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = server.send(login.into_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let token = answer
        .split("sAccessToken.")
        .nth(1)
        .and_then(|rest| rest.split_once('=').map(|(_tag, rest)| rest))
        .and_then(|rest| rest.split(';').next())
        .expect("a token");
    let answer = server
        .send(get(
            "/me",
            format!(
                "Cookie: {}\r\n",
                names::cookie_header(&format!("sAccessToken={token}"))
            )
            .as_bytes(),
        ))
        .await;
    assert!(answer.contains(r#""user":"ada""#), "{answer}");
    server.stop().await;
}

/// The head of an answer in which nothing but our own two cookies is set, of printable characters alone.
#[track_caller]
fn expect_plain_head(answer: &str, cookies: usize) {
    let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
    let lines: Vec<&str> = head.split("\r\n").collect();
    let printable = |line: &&str| line.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    assert!(lines.iter().all(printable), "{head:?}");
    let named = |name: &str| {
        let named = lines.iter().filter(|line| {
            let (other, _) = line.split_once(':').unwrap_or_default();
            other.eq_ignore_ascii_case(name)
        });
        named.count()
    };
    assert_eq!(
        (named("set-cookie"), named("x-evil")),
        (cookies, 0),
        "{head}"
    );
}

/// CR, LF, NUL, ESC and what is not ASCII, in all that a session holds: no header carries it as it is.
#[async_test]
async fn nothing_that_a_session_holds_splits_a_header() {
    let server = Running::start().await;
    let evil = "a\r\nSet-Cookie: x=1\r\nX-Evil: 1\r\n\r\n\u{1b}\u{e9}\u{2028}";
    let text = format!("{evil}\0");
    let body = serde_json::json!({ "user": evil, "name": text, "text": text }).to_string();
    let post = |path: &str, headers: String, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    for (mode, cookies) in [("cookie", 2), ("header", 0)] {
        let headers = format!("st-auth-mode: {mode}\r\n");
        let answer = server.send(post("/login", headers, &body)).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        expect_plain_head(&answer, cookies);
        let token = |cookie: &str, header: &str| {
            let start = if mode == "cookie" { cookie } else { header };
            let mut rest = answer.split(start).nth(1).expect("a token");
            if mode == "cookie" {
                rest = rest.split_once('=').expect("a value").1;
            }
            rest.split([';', '\r']).next().expect("a token").to_owned()
        };
        let present = |token: String, name: &str| match mode {
            "cookie" => {
                let pair = match name {
                    "sRefreshToken" => names::pair(name, &token),
                    _ => names::cookie_header(&format!("{name}={token}")),
                };
                format!("Cookie: {pair}\r\n")
            }
            _ => format!("Authorization: Bearer {token}\r\n"),
        };
        let access = present(token("sAccessToken.", "st-access-token: "), "sAccessToken");
        let answer = server.send(get("/me", access.as_bytes())).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(r"Set-Cookie: x=1\r\n"), "{answer}");
        expect_plain_head(&answer, 0);
        let refresh = present(
            token("sRefreshToken.", "st-refresh-token: "),
            "sRefreshToken",
        );
        let answer = server
            .send(post("/auth/session/refresh", refresh, ""))
            .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        expect_plain_head(&answer, cookies);
    }
    server.stop().await;
}
