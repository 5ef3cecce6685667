//! Over real sockets: bytes that a local client cannot send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;

use rocket::fairing::AdHoc;
use rocket::{Shutdown, async_test, tokio};
use session_tests::server;

struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    task: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Running {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (tell, told) = mpsc::channel();
        let rocket = server::rocket(folder.path().join("test.db"), &server::clock(), &[]);
        let figment = rocket
            .figment()
            .clone()
            .merge(("port", 0))
            .merge(("shutdown.ctrlc", false));
        let rocket = rocket
            .configure(figment)
            .attach(AdHoc::on_liftoff("port", move |rocket| {
                let address = SocketAddr::new(rocket.config().address, rocket.config().port);
                let _heard = tell.send(address);
                Box::pin(async {})
            }))
            .ignite()
            .await
            .expect("a rocket that ignites");
        let shutdown = rocket.shutdown();
        let task = tokio::spawn(async move {
            let _landed = rocket.launch().await;
        });
        let address = tokio::task::spawn_blocking(move || told.recv().expect("an address"))
            .await
            .expect("no panic");
        Self {
            address,
            shutdown,
            task,
            _folder: folder,
        }
    }

    /// Sends bytes and reads until the server closes.
    async fn send(&self, request: Vec<u8>) -> String {
        let address = self.address;
        let talk = move || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            stream.write_all(&request).expect("bytes that go out");
            let mut answer = Vec::new();
            // A server that refuses early may reset the connection after its answer.
            let _closed = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::task::spawn_blocking(talk).await.expect("no panic")
    }

    async fn stop(self) {
        self.shutdown.notify();
        self.task.await.expect("no panic");
    }
}

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
