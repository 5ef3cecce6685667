//! Over real sockets: bytes that a local client cannot send.

use rocket::async_test;
use session_tests::{Server, names};

fn get(path: &str, headers: &[u8]) -> Vec<u8> {
    let mut request =
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
    request.extend_from_slice(headers);
    request.extend_from_slice(b"\r\n");
    request
}

#[async_test]
async fn hostile_bytes_in_the_cookie_header_are_401_or_refused_by_http() {
    let server = Server::builder().listen().await;
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
    let server = Server::builder().listen().await;
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

/// The head of an answer in which nothing but our own cookies is set, of printable characters alone.
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
    let server = Server::builder().listen().await;
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
    for (mode, cookies) in [("cookie", 3), ("header", 0)] {
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

/// Some browsers store a byte like this one in a cookie that a sibling host sets, and send it; Rocket
/// then drops the whole `Cookie` line, ours in it. Nothing is removed because of that.
#[async_test]
async fn a_byte_that_hides_our_cookies_ends_no_session() {
    let server = Server::builder().listen().await;
    let request = |path: &str, method: &str, cookies: &[u8], kind: &str, body: &str| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\nCookie: ",
            body.len()
        );
        [head.as_bytes(), cookies, b"\r\n\r\n", body.as_bytes()].concat()
    };
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let login = request("/login", "POST", b"", json, r#"{"user":"ada"}"#);
    let answer = server.send(login).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let own: Vec<&str> = answer
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "))
        .filter_map(|line| line.split(';').next())
        .collect();
    assert_eq!(own.len(), 3, "{answer}");
    let own = own.join("; ");

    let requests = [
        ("GET", "/me", "", "401"),
        ("GET", "/live", "", "401"),
        ("POST", "/leave", "", "401"),
        ("POST", "/auth/session/refresh", "", "401"),
        ("POST", "/auth/signout", "", "401"),
        // To the login, as for a browser that has no cookies.
        (
            "POST",
            "/auth/session/refresh/page",
            "next=/next&login=/log-in",
            "303",
        ),
    ];
    for byte in [
        b"\xa0".as_slice(),
        b"\x80",
        b"\xff",
        b"\xc3\x28",
        b"\xed\xa0\x80",
    ] {
        let planted = [
            [b"theirs=".as_slice(), byte].concat(),
            [b"theirs", byte, b"=x"].concat(),
            [b"theirs=x", byte, b"y"].concat(),
        ];
        for planted in planted {
            for cookies in [
                [&planted, b"; ".as_slice(), own.as_bytes()].concat(),
                [own.as_bytes(), b"; ", &planted].concat(),
            ] {
                for (method, path, body, status) in requests {
                    let answer = server
                        .send(request(path, method, &cookies, form, body))
                        .await;
                    let row = format!("{method} {path}, {byte:x?}: {answer}");
                    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{row}");
                    let head = answer.to_ascii_lowercase();
                    for header in ["set-cookie", "front-token"] {
                        assert!(!head.contains(header), "{row}");
                    }
                    let leads_to_login = head.contains("location: /log-in?");
                    assert_eq!(leads_to_login, status == "303", "{row}");
                }
            }
        }
    }

    // Once the neighbour's cookie is gone, it goes on.
    for (method, path, status) in [
        ("GET", "/live", "200"),
        ("POST", "/auth/session/refresh", "200"),
    ] {
        let answer = server
            .send(request(path, method, own.as_bytes(), json, ""))
            .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    server.stop().await;
}
