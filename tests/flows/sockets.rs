//! Over real sockets: bytes that a local client cannot send.

use rocket::async_test;
use session_tests::Running;

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
        .split("sAccessToken=")
        .nth(1)
        .and_then(|rest| rest.split(';').next())
        .expect("a token");
    let answer = server
        .send(get(
            "/me",
            format!("Cookie: sAccessToken={token}\r\n").as_bytes(),
        ))
        .await;
    assert!(answer.contains(r#""user":"ada""#), "{answer}");
    server.stop().await;
}
