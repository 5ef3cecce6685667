//! What awaits a second factor, beside the sessions of the user, a visitor's, and other ways to log in.

use rocket::http::Method;
use rocket::serde::json::{Json, Value, json};
use rocket::{State, async_test, get, post, routes};
use session_runtime::{Error, Login, MaybeSession, NewSession, Session, Sessions, login};
use session_tests::app::{Claims, Notes};
use session_tests::body::{BROKEN, OK, REFUSED, UNAUTHORISED};
use session_tests::browser::{ACCESS, ACCESS_HEADER};
use session_tests::{OwnDatabase, Server};
use std::time::Duration;

use super::{AwaitingCode, RIGHT, all, awaiting, give_code, give_password, rows, start};

#[login]
#[post("/visit", data = "<text>")]
fn visit(text: Json<String>) -> NewSession {
    let text = text.into_inner();
    NewSession::anonymous(
        Claims {
            name: "visitor".into(),
        },
        Notes { text },
    )
}

#[login]
#[post("/code-of-a-visitor")]
fn code_of_a_visitor(session: Session<AwaitingCode>) -> NewSession {
    let claims = Claims { name: "Ada".into() };
    let new = NewSession::new(session.user_id().clone(), claims, Notes::default());
    new.merge_anonymous_data(|_own: Notes, before: Notes| before)
}

#[post("/changed")]
async fn changed(session: Session<Claims>) -> Result<(), Error> {
    session.replace_and_revoke_others().await.map(drop)
}

#[post("/others")]
async fn others(session: Session<Claims>) -> Result<Value, Error> {
    Ok(json!(session.revoke_others().await?.len()))
}

#[get("/welcome")]
fn welcome(session: MaybeSession<Claims>) -> &'static str {
    match &*session {
        Some(session) if session.is_anonymous() => "visitor",
        Some(_) => "member",
        None => "nobody",
    }
}

async fn start_with_more() -> Server {
    let more = routes![visit, code_of_a_visitor, changed, others, welcome];
    let server = Server::builder().rocket(all);
    server
        .rocket(|rocket| rocket.mount("/", more))
        .start()
        .await
}

#[async_test]
async fn a_visitors_data_goes_on_to_the_whole_session() {
    let server = start_with_more().await;
    let mut browser = server.browser();
    let text = Some(json!("one basket"));
    browser
        .send(Method::Post, "/visit", text)
        .await
        .expect(200, OK);
    server.clock.advance(Duration::from_millis(1));
    give_password(&mut browser, "ada").await.expect(200, OK);
    assert_eq!(browser.get("/code").await.json()["user"], "ada");
    assert_eq!(browser.get("/welcome").await.body, "visitor");
    browser.post("/code-of-a-visitor").await.expect(200, OK);
    assert_eq!(browser.get("/notes").await.json()["text"], "one basket");
    assert_eq!((rows(&server), browser.cookie_names().len()), (1, 3));
}

#[async_test]
async fn whoever_gives_up_is_a_visitor_again() {
    let server = start_with_more().await;
    let mut browser = server.browser();
    let text = Some(json!("one basket"));
    browser
        .send(Method::Post, "/visit", text)
        .await
        .expect(200, OK);
    give_password(&mut browser, "ada").await.expect(200, OK);
    server.clock.advance(Duration::from_secs(600));
    assert_eq!(browser.get("/notes").await.json()["text"], "one basket");
}

#[async_test]
async fn the_first_login_ends_the_session_that_it_is_shown() {
    let server = start_with_more().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    let answer = give_password(&mut browser, "ada").await;
    answer.expect(200, OK);
    assert_eq!(answer.header("front-token"), Some("remove"));
    assert_eq!(rows(&server), 1);
    assert_eq!(browser.get("/me").await.status, 403);
    give_code(&mut browser, RIGHT).await.expect(200, OK);
    assert_eq!(browser.get("/me").await.status, 200);
}

#[async_test]
async fn it_counts_in_no_limit() {
    let server = Server::builder()
        .rocket(all)
        .set("max_sessions_per_user", 1)
        .start()
        .await;
    let mut phone = server.browser();
    phone.log_in("ada").await.expect(200, OK);
    let mut laptop = awaiting(&server, "ada").await;
    assert_eq!(phone.get("/me").await.status, 200);
    give_code(&mut laptop, RIGHT).await.expect(200, OK);
    assert_eq!(
        (
            phone.get("/me").await.status,
            laptop.get("/me").await.status
        ),
        (401, 200)
    );
}

#[async_test]
async fn whatever_ends_the_users_sessions_ends_it() {
    let server = start_with_more().await;
    let mut phone = server.browser();
    for path in ["/others", "/changed", "/ban/ada"] {
        phone.log_in("ada").await.expect(200, OK);
        let mut laptop = awaiting(&server, "ada").await;
        assert_eq!(phone.post(path).await.status, 200);
        give_code(&mut laptop, RIGHT)
            .await
            .expect(401, UNAUTHORISED)
            .expect_removed();
        assert_eq!(laptop.cookie(ACCESS), None, "{path}");
    }
}

#[async_test]
async fn a_client_that_keeps_its_tokens_itself_completes_it() {
    let server = start().await;
    let mut native = server.browser().in_header_mode();
    let answer = give_password(&mut native, "ada").await;
    answer.expect(200, OK);
    assert_eq!(answer.header(ACCESS_HEADER), None);
    let cookie = answer
        .set_cookie(ACCESS)
        .expect("a cookie")
        .split(';')
        .next();
    let cookie = cookie.expect("a pair").to_owned();
    let headers = vec![("Cookie", cookie), ("st-auth-mode", "header".to_owned())];
    let code = json!({ "code": RIGHT }).to_string();
    let answer = native
        .send_raw(Method::Post, "/code", headers, Some(code))
        .await;
    answer.expect(200, OK);
    let token = answer.header(ACCESS_HEADER).expect("a token");
    let me = server.browser().with_bearer(token).get("/me").await;
    assert_eq!(me.status, 200);
}

#[async_test]
async fn without_cookies_there_is_none() {
    let server = Server::builder()
        .rocket(all)
        .set("transfer", "header")
        .start()
        .await;
    let mut native = server.browser().in_header_mode();
    give_password(&mut native, "ada").await.expect(500, BROKEN);
    assert_eq!(rows(&server), 0);
}

#[async_test]
async fn a_page_of_another_site_cannot_complete_it() {
    for mode in ["fetch-metadata", "via-token", "via-custom-header", "none"] {
        let server = Server::builder()
            .rocket(all)
            .set("csrf", mode)
            .start()
            .await;
        let browser = awaiting(&server, "ada").await;
        let token = browser.cookie(ACCESS).expect("a token");
        let name = browser.cookie_names().remove(0);
        let send = async |site: &str| {
            let headers = vec![
                ("Cookie", format!("{name}={token}")),
                ("Sec-Fetch-Site", site.to_owned()),
                ("rid", "anti-csrf".to_owned()),
            ];
            let code = json!({ "code": RIGHT }).to_string();
            browser
                .send_raw(Method::Post, "/code", headers, Some(code))
                .await
        };
        send("cross-site")
            .await
            .expect(403, REFUSED)
            .expect_untouched();
        send("same-origin").await.expect(200, OK);
    }
}

/// What `new` starts, in the application's own transaction.
async fn start_within(
    login: &Login,
    sessions: &Sessions,
    own: &OwnDatabase,
    new: NewSession,
) -> Result<Value, Error> {
    let committed = own
        .open()
        .within(sessions, |within| within.create_for(login, new.clone()))?;
    Ok(json!(login.attach(committed).await?))
}

#[post("/code-within")]
async fn code_within(
    login: Login,
    session: Session<AwaitingCode>,
    sessions: Sessions,
    own: &State<OwnDatabase>,
) -> Result<Value, Error> {
    let claims = Claims { name: "Ada".into() };
    let new = NewSession::new(session.user_id().clone(), claims, Notes::default());
    start_within(&login, &sessions, own, new).await
}

#[post("/visit-within")]
async fn visit_within(
    login: Login,
    sessions: Sessions,
    own: &State<OwnDatabase>,
) -> Result<Value, Error> {
    let name = "visitor".into();
    let new = NewSession::anonymous(Claims { name }, Notes::default());
    start_within(&login, &sessions, own, new).await
}

async fn start_with_transactions() -> Server {
    let routes = routes![code_within, visit_within];
    let server = Server::builder().rocket(all);
    server
        .rocket(|rocket| rocket.mount("/", routes))
        .start()
        .await
}

#[async_test]
async fn it_is_completed_in_the_applications_transaction() {
    let server = start_with_transactions().await;
    let mut browser = awaiting(&server, "ada").await;
    let kept = browser.clone();
    assert_eq!(browser.post("/code-within").await.status, 200);
    assert_eq!(browser.get("/me").await.status, 200);
    assert_eq!((rows(&server), browser.cookie_names().len()), (1, 3));
    // Only once.
    let again = kept.send_only(Method::Post, "/code-within", None).await;
    again.expect(401, UNAUTHORISED);
    assert_eq!(rows(&server), 1);
}

#[async_test]
async fn a_visitor_who_begins_in_a_transaction_leaves_it_awaiting() {
    let server = start_with_transactions().await;
    let mut browser = awaiting(&server, "ada").await;
    assert_eq!(browser.post("/visit-within").await.status, 200);
    assert_eq!(rows(&server), 2);
    give_code(&mut browser, RIGHT).await.expect(200, OK);
    assert_eq!(browser.get("/me").await.json()["user"], "ada");
}
