//! Visitors beside each other, beside a member, and beside a login under way: none of them is put out.

use rocket::http::Method;
use rocket::serde::json::{Json, Value, json};
use rocket::{Build, Rocket, async_test, get, post, routes};
use session_runtime::{Error, MaybeSession, NewSession, Session, login};
use session_tests::app::{Claims, Notes};
use session_tests::body::OK;
use session_tests::{Answer, Browser, Server};
use std::time::Duration;

/// Adds to the basket, of a session that begins with it if there is none.
#[post("/basket", data = "<item>")]
async fn add(session: MaybeSession<Claims>, item: Json<String>) -> Result<Value, Error> {
    let item = item.into_inner();
    if let Some(session) = session.into_inner() {
        let change = move |notes: &mut Notes| notes.text.push_str(&item);
        session.update_data(change).await?;
    }
    Ok(json!({}))
}

#[login]
#[post("/first-basket", data = "<item>")]
fn begin(item: Json<String>) -> NewSession {
    let claims = Claims {
        name: "visitor".into(),
    };
    let text = item.into_inner();
    NewSession::anonymous(claims, Notes { text })
}

#[get("/basket")]
async fn basket(session: MaybeSession<Claims>) -> Result<String, Error> {
    match session.into_inner() {
        Some(session) => Ok(session.data().await?.text),
        None => Ok("no session".into()),
    }
}

#[login]
#[post("/join")]
fn join() -> NewSession {
    let claims = Claims { name: "Ada".into() };
    NewSession::new("ada".to_owned(), claims, Notes::default()).merge_anonymous_data(
        |own: Notes, before: Notes| Notes {
            text: own.text + &before.text,
        },
    )
}

#[get("/account")]
fn account(session: Session<Claims>) -> String {
    session.user_id().clone()
}

fn shop(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket.mount("/", routes![add, begin, basket, join, account])
}

async fn start() -> Server {
    Server::builder().rocket(shop).start().await
}

async fn begin_with(browser: &Browser<'_>, item: &str) -> Answer {
    let answer = browser
        .send_only(Method::Post, "/first-basket", Some(json!(item)))
        .await;
    answer.expect(200, OK);
    answer
}

/// Both requests leave without a cookie, and each answer sets a session of its own.
#[async_test]
async fn two_first_tabs_leave_a_visitor_who_keeps_everything() {
    let server = start().await;
    let mut browser = server.browser();
    let first = begin_with(&browser, "tea ").await;
    server.clock.advance(Duration::from_millis(1));
    let second = begin_with(&browser, "milk ").await;
    browser.keep(&first);
    browser.keep(&second);
    assert_eq!(browser.get("/basket").await.body, "milk ");
    browser.post("/join").await.expect(200, OK);
    assert_eq!(browser.get("/basket").await.body, "tea milk ");
    assert_eq!(browser.cookie_names().len(), 3);
}

#[async_test]
async fn a_visitor_who_begins_beside_a_login_does_not_put_the_member_out() {
    for visitor_last in [true, false] {
        let server = start().await;
        let mut browser = server.browser();
        let login = browser.send_only(Method::Post, "/join", None);
        let (login, visit) = if visitor_last {
            let login = login.await;
            server.clock.advance(Duration::from_millis(1));
            (login, begin_with(&browser, "tea ").await)
        } else {
            let visit = begin_with(&browser, "tea ").await;
            server.clock.advance(Duration::from_millis(1));
            (login.await, visit)
        };
        browser.keep(&login);
        browser.keep(&visit);
        let account = browser.get("/account").await;
        account.expect(200, "ada").expect_untouched();
    }
}

#[async_test]
async fn who_was_a_member_a_while_ago_is_refreshed_and_no_visitor() {
    let server = start().await;
    let mut browser = server.browser();
    let visit = begin_with(&browser, "tea ").await;
    server.clock.advance(Duration::from_secs(3000));
    browser.post("/join").await.expect(200, OK);
    // The answer to the visitor's first request comes last of all.
    browser.keep(&visit);
    server.clock.advance(Duration::from_secs(3600));
    assert_eq!(browser.get("/basket").await.status, 401);
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/account").await.body, "ada");
}

mod beside_a_code {
    use session_runtime::JwtPayload;

    use super::*;

    #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    #[session(pending, page = "/code")]
    struct AwaitingCode {}

    #[login]
    #[post("/password")]
    fn password() -> (String, AwaitingCode, ()) {
        ("ada".into(), AwaitingCode {}, ())
    }

    #[login]
    #[post("/code")]
    fn code(session: Session<AwaitingCode>) -> NewSession {
        let claims = Claims { name: "Ada".into() };
        NewSession::new(session.user_id().clone(), claims, Notes::default()).merge_anonymous_data(
            |own: Notes, before: Notes| Notes {
                text: own.text + &before.text,
            },
        )
    }

    async fn start() -> Server {
        let server = Server::builder().rocket(shop);
        let server = server.rocket(|rocket| rocket.mount("/", routes![password, code]));
        server.start().await
    }

    #[async_test]
    async fn the_basket_stays_while_a_code_is_awaited() {
        let server = start().await;
        let mut browser = server.browser();
        let visit = begin_with(&browser, "tea ").await;
        browser.keep(&visit);
        server.clock.advance(Duration::from_millis(1));
        browser.post("/password").await.expect(200, OK);
        assert_eq!(browser.get("/basket").await.body, "tea ");
        let cake = Some(json!("cake "));
        assert_eq!(
            browser.send(Method::Post, "/basket", cake).await.status,
            200
        );
        browser.post("/code").await.expect(200, OK);
        assert_eq!(browser.get("/basket").await.body, "tea cake ");
    }

    #[async_test]
    async fn a_basket_begun_meanwhile_does_not_end_the_login() {
        let server = start().await;
        let mut browser = server.browser();
        browser.post("/password").await.expect(200, OK);
        server.clock.advance(Duration::from_millis(1));
        let visit = begin_with(&browser, "tea ").await;
        browser.keep(&visit);
        browser.post("/code").await.expect(200, OK);
        assert_eq!(browser.get("/basket").await.body, "tea ");
        assert_eq!(browser.cookie_names().len(), 3);
    }
}
