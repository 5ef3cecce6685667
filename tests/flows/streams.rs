//! `Session::ended`: what is open ends with its session.

use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rocket::futures::FutureExt;
use rocket::{State, async_test, get, routes, tokio};
use serde_json::json;
use session_runtime::requirement::{Facts, Requirement, Unmet};
use session_runtime::sessions::{Ended, VerifiedSession};
use session_runtime::token::Transport;
use session_runtime::{NewSession, Session, SessionHandle, Sessions};
use session_tests::app::{Claims, Notes};
use session_tests::{Browser, Builder, Server};

const HOUR: Duration = Duration::from_secs(3600);

/// What is open, in the order in which it was opened.
#[derive(Default)]
struct Open(Mutex<Vec<Ended>>);

struct Greetable;

impl Requirement<Claims> for Greetable {
    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        match facts.payload().name.as_str() {
            "nobody" => Err(Unmet::wrong_value("name", "a name", "nobody")),
            "panic" => panic!("a name that panics"),
            _ => Ok(()),
        }
    }
}

#[get("/stream")]
fn stream(session: Session<Claims>, open: &State<Open>) {
    open.0.lock().expect("no panic").push(session.ended());
}

#[get("/greeted")]
fn greeted(session: Session<Claims, Greetable>, open: &State<Open>) {
    open.0.lock().expect("no panic").push(session.ended());
}

fn with_streams(builder: Builder) -> Builder {
    builder.rocket(|rocket| {
        rocket
            .manage(Open::default())
            .mount("/", routes![stream, greeted])
    })
}

async fn server() -> Server {
    with_streams(Server::builder()).start().await
}

/// Which of the streams have ended.
fn ended(server: &Server) -> Vec<bool> {
    let mut open = server.state::<Open>().0.lock().expect("no panic");
    let mut context = Context::from_waker(Waker::noop());
    open.iter_mut()
        .map(|stream| stream.poll_unpin(&mut context) == Poll::Ready(()))
        .collect()
}

/// Reads what other processes ended.
async fn follow(server: &Server) {
    let read = server.sessions().read_revocations_now().await;
    read.expect("a store");
}

/// The same, and judges what is due.
async fn turn(server: &Server) {
    follow(server).await;
    let judged = server.sessions().end_streams_now().await;
    judged.expect("a store");
}

/// Gives a session another name.
async fn rename(server: &Server, handle: SessionHandle, name: &str) {
    let name = json!({ "name": name }).as_object().cloned();
    let merged = server
        .sessions()
        .merge_payload::<Claims>(handle, name.expect("an object"))
        .await;
    assert!(merged.is_ok(), "{merged:?}");
}

/// A session in headers, as its token says.
async fn verified(sessions: &Sessions) -> VerifiedSession<Claims> {
    let claims = Claims { name: "Ada".into() };
    let new = NewSession::new("ada".to_owned(), claims, Notes::default());
    let tokens = sessions.create(new, Transport::Header).await;
    let tokens = tokens.expect("a session");
    let verified = sessions.verify(tokens.access_token()).await;
    verified.expect("a session")
}

async fn open(browser: &mut Browser<'_>, path: &str) {
    assert_eq!(browser.get(path).await.status, 200);
}

#[async_test]
async fn a_stream_ends_with_its_session_and_no_other() {
    let server = server().await;
    let mut ada = server.logged_in("ada").await;
    let mut bob = server.logged_in("bob").await;
    open(&mut ada, "/stream").await;
    open(&mut ada, "/greeted").await;
    open(&mut bob, "/stream").await;
    ada.refresh().await.expect(200, "{}");
    turn(&server).await;
    assert_eq!(ended(&server), [false, false, false]);
    assert_eq!(ada.sign_out().await.status, 200);
    assert_eq!(ended(&server), [true, true, false], "at once");
    assert_eq!(bob.post("/ban/bob").await.status, 200);
    assert_eq!(ended(&server), [true, true, true]);
}

#[async_test]
async fn a_login_that_replaces_the_session_ends_its_streams() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    browser.log_in("ada").await;
    open(&mut browser, "/stream").await;
    assert_eq!(ended(&server), [true, false]);
}

#[async_test]
async fn theft_ends_the_streams_of_owner_and_thief() {
    let server = server().await;
    let mut owner = server.logged_in("ada").await;
    let mut thief = owner.clone();
    open(&mut owner, "/stream").await;
    owner.refresh().await.expect(200, "{}");
    server.clock.advance(Duration::from_secs(600));
    owner.refresh().await.expect(200, "{}");
    assert_eq!(ended(&server), [false]);
    assert_eq!(thief.refresh().await.status, 401);
    assert_eq!(ended(&server), [true]);
}

#[async_test]
async fn a_revocation_elsewhere_ends_it_with_the_next_read_of_the_feed() {
    let here = server().await;
    let elsewhere = here.beside().start().await;
    let mut browser = here.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    let handle = browser.handle().await;
    assert_eq!(elsewhere.sessions().revoke(handle).await, Ok(true));
    follow(&here).await;
    assert_eq!(ended(&here), [true]);
}

#[async_test]
async fn who_waits_is_woken() {
    let here = server().await;
    let elsewhere = here.beside().start().await;
    let mut browser = here.logged_in("ada").await;
    let handle = browser.handle().await;
    let waiting = browser.get("/until");
    let ending = async {
        while here.sessions().open_streams() == 0 {
            tokio::task::yield_now().await;
        }
        elsewhere.sessions().revoke(handle).await
    };
    let (answer, revoked) = tokio::join!(waiting, ending);
    assert_eq!(revoked, Ok(true));
    answer.expect(200, "over");
    assert_eq!(here.sessions().open_streams(), 0, "nothing is left");
}

#[async_test]
async fn a_stream_that_was_closed_is_forgotten() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    assert_eq!(server.sessions().open_streams(), 1);
    server.state::<Open>().0.lock().expect("no panic").clear();
    assert_eq!(server.sessions().open_streams(), 0);
}

#[async_test]
async fn at_the_end_of_the_token_the_row_decides() {
    let server = server().await;
    let mut handles = Vec::new();
    for name in ["ada", "nobody", "panic"] {
        let mut browser = server.logged_in("ada").await;
        open(&mut browser, "/stream").await;
        open(&mut browser, "/greeted").await;
        let handle = browser.handle().await;
        rename(&server, handle, name).await;
        handles.push(handle);
    }
    let first = handles[0];
    server.clock.advance(HOUR / 2);
    turn(&server).await;
    assert_eq!(
        ended(&server),
        [false; 6],
        "their tokens still say otherwise"
    );
    server.clock.advance(HOUR / 2);
    turn(&server).await;
    let admitted = [false, false, false, true, false, true];
    assert_eq!(ended(&server), admitted, "a name that is not greeted");
    // Again at the end of the next token.
    rename(&server, first, "nobody").await;
    server.clock.advance(HOUR / 2);
    turn(&server).await;
    assert_eq!(ended(&server), admitted);
    server.clock.advance(HOUR / 2);
    turn(&server).await;
    assert_eq!(ended(&server), [false, true, false, true, false, true]);
}

#[async_test]
async fn a_session_that_expires_ends_its_streams() {
    let builder = Server::builder().set("refresh_token_validity", "90m");
    let server = with_streams(builder).start().await;
    let mut browser = server.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    server.clock.advance(HOUR);
    turn(&server).await;
    assert_eq!(ended(&server), [false]);
    server.clock.advance(HOUR / 2);
    turn(&server).await;
    assert_eq!(ended(&server), [true]);
}

#[async_test]
async fn a_removed_key_ends_the_streams_of_its_tokens() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    let keys = server.sessions().signing_keys();
    let removed = server.sessions().remove_signing_key(&keys[0].kid).await;
    assert_eq!(removed, Ok(true));
    browser.refresh().await.expect(200, "{}");
    open(&mut browser, "/stream").await;
    turn(&server).await;
    assert_eq!(ended(&server), [true, false]);
}

#[async_test]
async fn everything_revoked_ends_all_of_them() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    server
        .sessions()
        .revoke_everything()
        .await
        .expect("a store");
    turn(&server).await;
    assert_eq!(ended(&server), [true]);
}

#[async_test]
async fn without_revocations_only_the_ends_of_tokens_count() {
    let builder = Server::builder().set("revocation", "none");
    let server = with_streams(builder).start().await;
    let mut browser = server.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    let handle = browser.handle().await;
    assert_eq!(server.sessions().revoke(handle).await, Ok(true));
    open(&mut browser, "/stream").await;
    turn(&server).await;
    assert_eq!(ended(&server), [false, false], "requests go on, too");
    server.clock.advance(HOUR);
    turn(&server).await;
    assert_eq!(ended(&server), [true, true]);
}

/// What becomes of two streams, one of a session whose row is gone, when the feed cannot be read.
async fn stalled(on_stall: &str) -> Vec<bool> {
    let builder = Server::builder().set("revocation_on_stall", on_stall);
    let server = with_streams(builder).start().await;
    let mut ada = server.logged_in("ada").await;
    let mut bob = server.logged_in("bob").await;
    open(&mut ada, "/stream").await;
    open(&mut bob, "/stream").await;
    let mut database = server.database();
    database.execute("ALTER TABLE session_revocation RENAME TO hidden");
    database.execute("DELETE FROM session_info WHERE user_id = 'bob'");
    // So long that the missing row is no delay of a replica.
    server.clock.advance(Duration::from_secs(15));
    let judged = server.sessions().end_streams_now().await;
    assert_eq!(judged, Ok(()));
    let ended = ended(&server);
    database.execute("ALTER TABLE hidden RENAME TO session_revocation");
    ended
}

#[async_test]
async fn a_stalled_feed_does_to_streams_what_it_does_to_requests() {
    assert_eq!(stalled("live").await, [false, true]);
    assert_eq!(stalled("refuse").await, [true, true]);
    assert_eq!(stalled("accept").await, [false, false]);
}

#[async_test]
async fn a_database_that_is_away_ends_nothing_until_the_feed_is_stalled() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    open(&mut browser, "/stream").await;
    server.clock.advance(HOUR);
    let mut database = server.database();
    follow(&server).await;
    database.execute("ALTER TABLE session_info RENAME TO hidden");
    let judged = server.sessions().end_streams_now().await;
    assert!(judged.is_err(), "{judged:?}");
    assert_eq!(ended(&server), [false]);
    database.execute("ALTER TABLE hidden RENAME TO session_info");
    turn(&server).await;
    assert_eq!(ended(&server), [false]);
}

#[async_test]
async fn the_oldest_of_a_hundred_and_one_ends() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    for _ in 0..101 {
        open(&mut browser, "/stream").await;
    }
    let ended = ended(&server);
    assert!(
        ended[0] && ended[1..].iter().all(|ended| !ended),
        "{ended:?}"
    );
}

#[async_test]
async fn ten_thousand_open_streams_send_no_query() {
    let server = server().await;
    let mut browsers = Vec::new();
    for _ in 0..100 {
        browsers.push(server.logged_in("ada").await);
    }
    for browser in &mut browsers {
        for _ in 0..100 {
            open(browser, "/stream").await;
        }
    }
    assert_eq!(server.sessions().open_streams(), 10_000);
    server.clock.advance(HOUR / 2);
    follow(&server).await;
    let mut database = server.database();
    database.execute("ALTER TABLE session_info RENAME TO hidden");
    let judged = server.sessions().end_streams_now().await;
    assert_eq!(judged, Ok(()), "no row was read");
    database.execute("ALTER TABLE hidden RENAME TO session_info");
    assert!(!ended(&server).contains(&true));
}

#[async_test]
async fn a_verified_token_knows_when_its_session_ends() {
    let server = server().await;
    let sessions = server.sessions();
    let verified = verified(sessions).await;
    let mut ended = verified.ended();
    assert_eq!((&mut ended).now_or_never(), None);
    assert_eq!(sessions.revoke(verified.handle).await, Ok(true));
    assert_eq!(ended.now_or_never(), Some(()));
}

#[async_test]
async fn a_shutdown_ends_all_of_them() {
    let server = with_streams(Server::builder()).listen().await;
    let sessions = server.sessions().clone();
    let verified = verified(&sessions).await;
    let ended = verified.ended();
    let ((), ()) = tokio::join!(ended, server.stop());
}
