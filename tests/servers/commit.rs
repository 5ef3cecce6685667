//! The connection breaks during a commit: nobody knows whether it happened, and nobody is harmed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use session_runtime::NewSession;
use session_runtime::token::Transport;
use session_tests::app::{Claims, Notes};
use session_tests::body::UNAVAILABLE;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server};

session_tests::on_both! {
    a_login_whose_commit_is_unknown_is_looked_up
    a_login_whose_commit_was_lost_gets_another_handle
    a_refresh_whose_commit_is_unknown_is_503_and_harmless
}

/// What happens to the next commit.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Pass = 0,
    /// It is done, but its answer is lost.
    Unanswered = 1,
    /// It never arrives.
    Lost = 2,
}

/// Stands between an application and its database, and cuts the line at a commit.
struct Line {
    port: u16,
    fate: Arc<AtomicU8>,
}

impl Line {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let line = Self {
            port: listener.local_addr().expect("its address").port(),
            fate: Arc::new(AtomicU8::new(Fate::Pass as u8)),
        };
        let fate = Arc::clone(&line.fate);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", port)).expect("the database");
                let answers = (server.try_clone(), client.try_clone());
                let (Ok(from), Ok(to)) = answers else { return };
                let cut = Arc::new(OnceLock::new());
                let (fate, seen) = (Arc::clone(&fate), Arc::clone(&cut));
                std::thread::spawn(move || ask(client, server, &fate, &seen));
                std::thread::spawn(move || answer(from, to, &cut));
            }
        });
        line
    }

    fn next_commit(&self, fate: Fate) {
        self.fate.store(fate as u8, Ordering::SeqCst);
    }
}

/// Passes on what the application asks, up to the commit whose fate it is to fail.
fn ask(mut client: TcpStream, mut server: TcpStream, fate: &AtomicU8, cut: &OnceLock<()>) {
    let mut bytes = [0; 65536];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        // Not `READ COMMITTED`, with which a connection begins.
        let commits = bytes[..count]
            .windows(7)
            .any(|word| word.starts_with(b"COMMIT") && word[6] != b'T')
            || bytes[..count].ends_with(b"COMMIT");
        let fate = if commits {
            fate.swap(Fate::Pass as u8, Ordering::SeqCst)
        } else {
            Fate::Pass as u8
        };
        if fate != Fate::Pass as u8 {
            cut.get_or_init(|| ());
        }
        if fate == Fate::Lost as u8 {
            let _closed = server.shutdown(Shutdown::Both);
        } else if server.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
    let _closed = server.shutdown(Shutdown::Both);
}

/// Passes on what the database answers, until the line is cut.
fn answer(mut server: TcpStream, mut client: TcpStream, cut: &OnceLock<()>) {
    let mut bytes = [0; 65536];
    while let Ok(count @ 1..) = server.read(&mut bytes) {
        if cut.get().is_some() || client.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _closed = client.shutdown(Shutdown::Both);
}

/// An application behind a [`Line`], and the database's own URL.
async fn behind_a_line(backend: Backend, name: &str) -> (Server, Line, String) {
    let shared = DatabaseServer::shared(backend);
    let url = shared.database(std::path::Path::new(name));
    let line = Line::to(shared.port());
    let through = url.replace(&format!(":{}/", shared.port()), &format!(":{}/", line.port));
    (Server::builder().on_url(&through).start().await, line, url)
}

async fn create(server: &Server) -> session_runtime::token::SessionTokens {
    let claims = Claims {
        name: String::new(),
    };
    let created = server
        .sessions()
        .create(
            NewSession::new("ada".to_owned(), claims, Notes::default()),
            Transport::Header,
        )
        .await;
    created.expect("a session")
}

async fn a_login_whose_commit_is_unknown_is_looked_up(backend: Backend) {
    let (server, line, url) = behind_a_line(backend, "unanswered").await;
    line.next_commit(Fate::Unanswered);
    let tokens = create(&server).await;
    assert_eq!(Database::connect(&url).sessions(), 1);
    assert!(matches!(
        server.sessions().info(tokens.handle()).await,
        Ok(Some(_))
    ));
}

async fn a_login_whose_commit_was_lost_gets_another_handle(backend: Backend) {
    let (server, line, url) = behind_a_line(backend, "lost").await;
    line.next_commit(Fate::Lost);
    let tokens = create(&server).await;
    assert_eq!(Database::connect(&url).sessions(), 1);
    let refreshed = server
        .sessions()
        .refresh(tokens.refresh_token().expect("a token"))
        .await;
    assert!(refreshed.is_ok());
}

async fn a_refresh_whose_commit_is_unknown_is_503_and_harmless(backend: Backend) {
    let (server, line, _url) = behind_a_line(backend, "refresh").await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for fate in [Fate::Unanswered, Fate::Lost] {
        line.next_commit(fate);
        browser
            .refresh()
            .await
            .expect(503, UNAVAILABLE)
            .expect_untouched();
    }
    browser.refresh().await.expect(200, "{}");
}
