//! TLS to a database server: what the URL demands is kept on every connection, or refused with what
//! to write.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rocket::async_test;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Log, Server, body::OK};
use tempfile::TempDir;

use super::refused::refusal;

/// The host in the server's certificate, which is not where the tests find it.
const HOST: &str = "otherhost";

/// Certificates of an authority, of a server, and of an authority that has signed nothing.
struct Certificates(TempDir);

impl Certificates {
    fn make() -> Self {
        let made = Self(tempfile::tempdir().expect("a folder"));
        for (name, host, by) in [
            ("ca", "authority", None),
            ("stranger", "stranger", None),
            ("server", HOST, Some("ca")),
        ] {
            let mut command = Command::new("openssl");
            command
                .current_dir(made.0.path())
                .args([
                    "req", "-x509", "-nodes", "-days", "1", "-newkey", "rsa:2048",
                ])
                .args(["-subj", &format!("/CN={host}")])
                .args([
                    "-keyout",
                    &format!("{name}.key"),
                    "-out",
                    &format!("{name}.pem"),
                ]);
            if let Some(by) = by {
                command
                    .args(["-CA", &format!("{by}.pem"), "-CAkey", &format!("{by}.key")])
                    .args(["-addext", "basicConstraints=critical,CA:FALSE"]);
            }
            let output = command.output().expect("`openssl`");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
        }
        made
    }

    /// Lets the user of a server read its key; a server of root's tests is another user's.
    fn give_to(&self, user: &str) {
        let _not_root = Command::new("chown")
            .arg("-R")
            .arg(format!("{user}:"))
            .arg(self.0.path())
            .status();
    }

    fn file(&self, name: &str) -> String {
        let file = self.0.path().join(name);
        assert!(file.exists());
        file.display().to_string()
    }
}

fn mariadb(certificates: &Certificates) -> DatabaseServer {
    certificates.give_to("mysql");
    let settings = [
        format!("ssl-ca={}", certificates.file("ca.pem")),
        format!("ssl-cert={}", certificates.file("server.pem")),
        format!("ssl-key={}", certificates.file("server.key")),
    ];
    DatabaseServer::start(Backend::Mariadb, &settings.each_ref().map(String::as_str))
}

#[async_test]
async fn mariadb_what_ssl_mode_demands_is_kept_or_refused() {
    let certificates = Certificates::make();
    let (ca, stranger) = (
        certificates.file("ca.pem"),
        certificates.file("stranger.pem"),
    );
    let server = mariadb(&certificates);
    let plain = DatabaseServer::shared(Backend::Mariadb).database(Path::new("plain"));
    let url = server.database(Path::new("tls"));
    // Whoever is not encrypted is not let in.
    Database::connect(&server.admin())
        .execute("CREATE USER tls IDENTIFIED BY 'tls' REQUIRE SSL; GRANT ALL ON *.* TO tls");
    let encrypted = url.replace("sessions:correct", "tls:tls");
    let no_ca = "(`ssl_mode=REQUIRED`), and the connection is not encrypted: add `ssl_ca=`";
    let no_tls = "and the connection is not encrypted: switch TLS on at the server";
    let identity = "has `ssl_mode=VERIFY_IDENTITY`, which cannot be kept";
    let authority = "has `ssl_mode=VERIFY_CA` and no authority to verify by: add `ssl_ca=`";
    for (url, parameters, words) in [
        (&plain, "?ssl_mode=REQUIRED".to_owned(), Some(no_ca)),
        (&url, "?ssl_mode=REQUIRED".into(), Some(no_ca)),
        (&plain, "?ssl_mode=VERIFY_CA".into(), Some(authority)),
        (&url, "?ssl_mode=verify_ca".into(), Some(authority)),
        (
            &plain,
            format!("?ssl_mode=VERIFY_IDENTITY&ssl_ca={ca}"),
            Some(identity),
        ),
        (
            &url,
            format!("?ssl_mode=verify_identity&ssl_ca={ca}"),
            Some(identity),
        ),
        (&plain, format!("?ssl_ca={ca}"), Some(no_tls)),
        (
            &plain,
            format!("?ssl_mode=VERIFY_CA&ssl_ca={ca}"),
            Some(no_tls),
        ),
        (
            &plain,
            format!("?ssl_mode=REQUIRED&ssl_ca={ca}"),
            Some(no_tls),
        ),
        (
            &encrypted,
            format!("?ssl_mode=VERIFY_CA&ssl_ca={stranger}"),
            Some("certificate"),
        ),
        (&plain, "?ssl_mode=DISABLED".into(), None),
        (&plain, format!("?ssl_mode=PREFERRED&ssl_ca={ca}"), None),
        (&encrypted, format!("?ssl_ca={ca}"), None),
        (&encrypted, format!("?ssl_mode=REQUIRED&ssl_ca={ca}"), None),
        (&encrypted, format!("?ssl_mode=VERIFY_CA&ssl_ca={ca}"), None),
    ] {
        let said = refusal(&format!("{url}{parameters}")).await;
        match (&said, words) {
            (None, None) => {}
            (Some(said), Some(words)) => assert!(said.contains(words), "{parameters}: {said}"),
            _ => panic!("{parameters}: {said:?}"),
        }
    }
    let server = Server::builder()
        .on_url(&format!("{encrypted}?ssl_mode=VERIFY_CA&ssl_ca={ca}"))
        .start()
        .await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    ada.refresh().await.expect(200, "{}");
    assert_eq!(ada.get("/live").await.status, 200);
}

/// A line to MariaDB on which somebody says, when asked to, that the server knows no TLS.
struct Line {
    port: u16,
    strips: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let line = Self {
            port: listener.local_addr().expect("its address").port(),
            strips: Arc::default(),
            open: Arc::default(),
        };
        let (strips, open) = (Arc::clone(&line.strips), Arc::clone(&line.open));
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(mut client) = client else { return };
                let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)) else {
                    return;
                };
                let mut greeting = greeting(&mut server);
                if strips.load(Ordering::SeqCst) {
                    let version = greeting[5..].iter().position(|byte| *byte == 0);
                    // After the version: thread, eight bytes of the scramble, one to fill.
                    let flags = 5 + version.expect("its end") + 1 + 4 + 8 + 1;
                    // `CLIENT_SSL`, 0x0800.
                    greeting[flags + 1] &= !0x08;
                }
                let _broken = client.write_all(&greeting);
                let mut streams = open.lock().expect("no panic");
                let mut other = (
                    client.try_clone().expect("one"),
                    server.try_clone().expect("one"),
                );
                streams.push(client.try_clone().expect("one"));
                thread::spawn(move || std::io::copy(&mut client, &mut server));
                thread::spawn(move || std::io::copy(&mut other.1, &mut other.0));
            }
        });
        line
    }

    fn cut(&self) {
        for stream in self.open.lock().expect("no panic").drain(..) {
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The first packet of a server.
fn greeting(server: &mut TcpStream) -> Vec<u8> {
    let mut head = [0; 4];
    server.read_exact(&mut head).expect("a greeting");
    let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
    let mut greeting = head.to_vec();
    greeting.resize(4 + length as usize, 0);
    server.read_exact(&mut greeting[4..]).expect("a greeting");
    greeting
}

#[async_test]
async fn mariadb_every_connection_is_asked_whether_it_is_encrypted() {
    let certificates = Certificates::make();
    let database = mariadb(&certificates);
    let line = Line::to(database.port());
    let url = database.database(Path::new("stripped"));
    let through = url.replace(&database.port().to_string(), &line.port.to_string());
    let through = format!("{through}?ssl_ca={}", certificates.file("ca.pem"));
    let log = Log::start();
    let server = Server::builder().on_url(&through).start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);

    line.strips.store(true, Ordering::SeqCst);
    line.cut();
    assert_eq!(ada.get("/live").await.status, 503);
    assert_eq!(server.browser().log_in("bob").await.status, 503);
    assert_eq!(Database::connect(&url).sessions(), 1);
    log.expect(&[
        "store_unavailable",
        "demands TLS (`ssl_ca`), and the connection is not encrypted",
    ]);

    line.strips.store(false, Ordering::SeqCst);
    line.cut();
    assert_eq!(ada.get("/live").await.status, 200);
    server.browser().log_in("bob").await.expect(200, OK);
}

#[async_test]
async fn postgres_what_sslmode_demands_is_kept() {
    let certificates = Certificates::make();
    certificates.give_to("postgres");
    let (ca, stranger) = (
        certificates.file("ca.pem"),
        certificates.file("stranger.pem"),
    );
    let settings = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", certificates.file("server.pem")),
        format!("ssl_key_file={}", certificates.file("server.key")),
    ];
    let database =
        DatabaseServer::start(Backend::Postgres, &settings.each_ref().map(String::as_str));
    let plain = DatabaseServer::shared(Backend::Postgres).database(Path::new("plain"));
    let url = database.database(Path::new("tls"));
    let named = |url: &str| format!("{}&hostaddr=127.0.0.1", url.replace("127.0.0.1", HOST));
    for (url, parameters, words) in [
        (
            plain.clone(),
            "&sslmode=require".to_owned(),
            Some("server does not support SSL"),
        ),
        (
            plain,
            format!("&sslmode=verify-full&sslrootcert={ca}"),
            Some("does not support SSL"),
        ),
        (
            url.clone(),
            format!("&sslmode=verify-ca&sslrootcert={stranger}"),
            Some("certificate verify failed"),
        ),
        (
            url.clone(),
            format!("&sslmode=verify-full&sslrootcert={ca}"),
            Some("does not match host name"),
        ),
        (
            url.clone(),
            format!("&sslmode=verify-ca&sslrootcert={ca}"),
            None,
        ),
        (
            named(&url),
            format!("&sslmode=verify-full&sslrootcert={ca}"),
            None,
        ),
    ] {
        let said = refusal(&format!("{url}{parameters}")).await;
        match (&said, words) {
            (None, None) => {}
            (Some(said), Some(words)) => assert!(said.contains(words), "{parameters}: {said}"),
            _ => panic!("{parameters}: {said:?}"),
        }
    }
    let full = format!("{}&sslmode=verify-full&sslrootcert={ca}", named(&url));
    let server = Server::builder().on_url(&full).start().await;
    server.browser().log_in("ada").await.expect(200, OK);
    let plain = Database::connect(&url).number(
        "SELECT count(*) AS value FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE backend_type = 'client backend' AND NOT ssl AND pid <> pg_backend_pid()",
    );
    assert_eq!(plain, 0);
}
