//! A panic in code of the application that runs on our threads is an error of that one caller.

mod requests;

use std::sync::atomic::{AtomicUsize, Ordering};

use rocket::futures::future::join_all;
use rocket::http::Method;
use rocket::{async_test, post, routes};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use session_runtime::{Error, JwtPayload, NewSession, Session, SessionHandle, Sessions, login};
use session_tests::panics::{hush, is_on};
use session_tests::{Answer, Browser, Log, Server};

#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(name = "Panicking", data = Touchy)]
struct Claims {
    list: Vec<String>,
}

/// Data whose serde implementations panic, each on its word; only where a writer calls them.
#[derive(Debug, Clone)]
struct Touchy(String);

const UNREADABLE: &str = "unreadable";
const UNWRITABLE: &str = "unwritable";

impl Touchy {
    fn touch(&self, word: &str) {
        assert!(self.0 != word || !is_on("session-"), "do not touch");
    }
}

impl Serialize for Touchy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.touch(UNWRITABLE);
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Touchy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let touchy = Self(String::deserialize(deserializer)?);
        touchy.touch(UNREADABLE);
        Ok(touchy)
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        self.touch("undroppable");
    }
}

fn claims() -> Claims {
    Claims { list: Vec::new() }
}

#[login]
#[post("/in/<user>/<data>")]
fn log_in(user: &str, data: &str) -> NewSession {
    NewSession::new(user.to_owned(), claims(), Touchy(data.into()))
        .merge_anonymous_data(|_: Touchy, _: Touchy| panic!("handed over"))
}

#[login]
#[post("/visit")]
fn visit() -> NewSession {
    NewSession::anonymous(claims(), Touchy("basket".into()))
}

#[post("/first")]
async fn first(mut session: Session<Claims>) -> Result<(), Error> {
    let change = |claims: &mut Claims| claims.list[0] = "changed".into();
    session.update_payload(change).await
}

#[post("/say/<secret>")]
async fn say(mut session: Session<Claims>, secret: String) -> Result<(), Error> {
    session.update_payload(move |_| panic!("{secret}")).await
}

#[post("/push")]
async fn push(mut session: Session<Claims>) -> Result<(), Error> {
    let change = |claims: &mut Claims| claims.list.push("pushed".into());
    session.update_payload(change).await
}

/// How often the closure of `/data/panic` was called.
static CALLS: AtomicUsize = AtomicUsize::new(0);

#[post("/data/<word>")]
async fn data(session: Session<Claims>, word: String) -> Result<String, Error> {
    let change = move |data: &mut Touchy| {
        if word == "panic" {
            CALLS.fetch_add(1, Ordering::SeqCst);
            panic!("changing");
        }
        data.0.clone_from(&word);
    };
    let changed = session.update_data(change).await?;
    Ok(changed.0.clone())
}

async fn start() -> Server {
    hush();
    let routes = routes![log_in, visit, first, say, push, data];
    Server::builder()
        .rocket(|rocket| rocket.mount("/touchy", routes))
        .start()
        .await
}

async fn logged_in<'s>(server: &'s Server, data: &str) -> Browser<'s> {
    let mut browser = server.browser();
    let answer = browser.post(&format!("/touchy/in/ada/{data}")).await;
    answer.expect(200, r#"{"status":"OK"}"#);
    browser
}

#[track_caller]
fn expect_error(answer: &Answer) {
    answer
        .expect(500, r#"{"message":"internal error"}"#)
        .expect_untouched();
}

#[async_test]
async fn a_panic_is_the_callers_500_and_its_session_goes_on() {
    let server = start().await;
    let log = Log::start();
    for path in [
        "first",
        "data/panic",
        "data/unwritable",
        "say/ada@example.com",
    ] {
        let mut browser = logged_in(&server, "first").await;
        let calls = CALLS.load(Ordering::SeqCst);
        expect_error(&browser.post(&format!("/touchy/{path}")).await);
        // Not tried again.
        assert!(CALLS.load(Ordering::SeqCst) <= calls + 1);
        let changed = browser.post("/touchy/data/second").await;
        assert_eq!(changed.body, "second", "after {path}");
        assert_eq!(browser.post("/touchy/push").await.status, 200);
        assert_eq!(browser.refresh().await.status, 200);
    }
    let mut browser = logged_in(&server, UNREADABLE).await;
    expect_error(&browser.post("/touchy/data/second").await);
    assert_eq!(browser.post("/touchy/push").await.status, 200);

    let text = log.text();
    for (cause, times) in [
        (
            "panicked: index out of bounds: the len is 0 but the index is 0",
            1,
        ),
        ("panicked: changing", 1),
        ("panicked: do not touch", 2),
        ("panicked: its message may hold data of a user", 1),
        ("ada@example.com", 0),
        ("worker_restarted", 0),
    ] {
        assert_eq!(text.matches(cause).count(), times, "{cause} in {text}");
    }
}

#[async_test]
async fn a_panic_while_a_visitor_logs_in_leaves_the_visit() {
    let server = start().await;
    let mut browser = server.browser();
    browser
        .post("/touchy/visit")
        .await
        .expect(200, r#"{"status":"OK"}"#);
    expect_error(&browser.post("/touchy/in/ada/first").await);
    assert_eq!(browser.post("/touchy/data/second").await.body, "second");
    assert_eq!(server.database().sessions(), 1);
    // Nobody else met it.
    logged_in(&server, "first").await;
}

#[async_test]
async fn a_value_that_panics_when_nobody_takes_it_takes_nobody_along() {
    let server = start().await;
    let browser = logged_in(&server, "first").await;
    let mut quick = server.database();
    quick.lock();
    let gone = browser.clone();
    let gone = gone.send_only(Method::Post, "/touchy/data/undroppable", None);
    let neighbour = join_all((0..10).map(|_| logged_in(&server, "first")));
    let unlock = async {
        // The request goes away while the writer waits.
        let _gone = rocket::tokio::time::timeout(std::time::Duration::ZERO, gone).await;
        rocket::tokio::task::yield_now().await;
        quick.unlock();
    };
    rocket::tokio::join!(unlock, neighbour);
    assert_eq!(server.database().sessions(), 11);
}

#[async_test]
async fn neighbours_of_a_panic_are_committed() {
    let server = start().await;
    let browsers = join_all((0..40).map(|_| logged_in(&server, "first"))).await;
    let numbered = browsers.into_iter().enumerate();
    join_all(numbered.map(async |(number, mut browser)| {
        if number % 4 == 1 {
            expect_error(&browser.post("/touchy/first").await);
            assert_eq!(browser.post("/touchy/data/mine").await.body, "mine");
        } else {
            assert_eq!(browser.post("/touchy/data/mine").await.body, "mine");
        }
    }))
    .await;
    let changed = "SELECT count(*) AS value FROM session_info WHERE data LIKE '%mine%'";
    assert_eq!(server.database().number(changed), 40);
}

#[async_test]
async fn in_the_applications_transaction_it_is_an_error_that_rolls_back() {
    let server = start().await;
    let mut browser = logged_in(&server, "first").await;
    let handles = server.sessions().handles("ada").await.expect("an answer");
    let [handle] = handles[..] else {
        panic!("one session");
    };
    let mut database = server.database();
    database.execute("UPDATE session_info SET payload_type = 'PanickingLater'");
    let merged = within_on_a_thread_of_ours(&mut database, server.sessions(), handle);
    assert!(
        matches!(&merged, Err(Error::General(cause)) if cause.contains("do not touch")),
        "{merged:?}"
    );
    database.execute("UPDATE session_info SET payload_type = 'Panicking'");
    // Its connection is as good as before.
    let changed = database.within(server.sessions(), |within| {
        within.set_data::<Claims>(handle, &Touchy("second".into()))
    });
    assert_eq!(changed, Ok(true));
    assert_eq!(browser.post("/touchy/data/third").await.body, "third");
}

/// A payload whose field panics when it is read, on a thread whose name says so.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(name = "PanickingLater", data = Touchy)]
struct TouchyClaims {
    #[session(public)]
    word: Touchy,
}

fn within_on_a_thread_of_ours(
    database: &mut session_tests::Database,
    sessions: &Sessions,
    handle: SessionHandle,
) -> Result<bool, Error> {
    let merge = || {
        database.within(sessions, |within| {
            within.set_data::<TouchyClaims>(handle, &Touchy("rolled back".into()))?;
            let changes = [("word".to_owned(), UNREADABLE.into())];
            within.merge_payload::<TouchyClaims>(handle, changes.into_iter().collect())
        })
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("session-of-the-application".into());
        thread
            .spawn_scoped(scope, merge)
            .expect("a thread")
            .join()
            .expect("no panic")
    })
}
