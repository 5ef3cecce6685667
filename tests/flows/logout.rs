//! `#[logout]`: the function answers, then the session ends; unless it refuses.

use std::time::Duration;

use rocket::http::{ContentType, Header, Status};
use rocket::response::status::Custom;
use rocket::response::{Redirect, Responder};
use rocket::{Route, async_test, get, post, routes};
use session_runtime::{Error, Session, logout};
use session_tests::Server;
use session_tests::app::Claims;
use session_tests::body::{TRY_REFRESH, UNAUTHORISED, UNAVAILABLE};
use session_tests::browser::ACCESS;

#[logout]
#[post("/plain")]
fn plain() -> &'static str {
    "bye"
}

#[logout]
#[post("/nothing")]
async fn nothing() {}

#[logout]
#[post("/redirect")]
fn redirect() -> Redirect {
    Redirect::to("/")
}

#[logout]
#[post("/result/<sure>")]
fn result(sure: bool) -> Result<&'static str, (Status, &'static str)> {
    if sure {
        Ok("bye")
    } else {
        Err((Status::Conflict, "unsaved work"))
    }
}

type Maybe = Option<&'static str>;

#[logout]
#[post("/option/<sure>")]
fn option(sure: bool) -> Maybe {
    sure.then_some("bye")
}

#[logout]
#[post("/greeting")]
fn greeting(session: Session<Claims>) -> String {
    format!("bye {}", session.payload().name)
}

/// Has the browser forget what else it keeps of the site (Clear Site Data, OWASP ASVS 14.3.1).
#[derive(Responder)]
struct Forgotten(&'static str, Header<'static>);

#[logout]
#[post("/forget")]
fn forget() -> Forgotten {
    let all = r#""cache", "cookies", "storage""#;
    Forgotten("bye", Header::new("Clear-Site-Data", all))
}

// A handler that ends the session itself leaves nothing to end, which is fine.
#[logout]
#[post("/already")]
async fn already(session: Session<Claims>) -> Result<&'static str, Error> {
    session.revoke().await?;
    Ok("bye")
}

#[logout]
#[post("/unnamed")]
fn unnamed() -> impl for<'r> Responder<'r, 'static> {
    (Status::Accepted, "bye")
}

// What is no `Result` or `Option` refuses nothing, whatever its status.
#[logout]
#[post("/failing")]
fn failing() -> Status {
    Status::ImATeapot
}

#[logout(cross_site)]
#[get("/link")]
fn link() -> &'static str {
    "bye"
}

fn logouts() -> Vec<Route> {
    routes![
        plain, nothing, redirect, result, option, greeting, already, forget, unnamed, failing, link
    ]
}

async fn server() -> Server {
    Server::builder()
        .rocket(|rocket| rocket.mount("/m", logouts()))
        .start()
        .await
}

#[async_test]
async fn whatever_the_function_answers_the_session_ends() {
    let server = server().await;
    for (path, status, body) in [
        ("/m/plain", 200, "bye"),
        ("/m/nothing", 200, ""),
        ("/m/redirect", 303, ""),
        ("/m/result/true", 200, "bye"),
        ("/m/option/true", 200, "bye"),
        ("/m/greeting", 200, "bye Ada"),
        ("/m/already", 200, "bye"),
        ("/m/unnamed", 202, "bye"),
    ] {
        let mut browser = server.logged_in("ada").await;
        let copy = browser.clone();
        browser
            .post(path)
            .await
            .expect(status, body)
            .expect_cleared();
        assert_eq!(copy.clone().get("/me").await.status, 401, "{path}");
        assert_eq!(copy.clone().refresh().await.status, 401, "{path}");
        assert_eq!(server.database().sessions(), 0, "{path}");
    }
    let mut browser = server.logged_in("ada").await;
    browser
        .get("/m/link")
        .await
        .expect(200, "bye")
        .expect_cleared();
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn err_and_none_end_nothing() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    browser
        .post("/m/result/false")
        .await
        .expect(409, "unsaved work")
        .expect_untouched();
    let answer = browser.post("/m/option/false").await;
    assert_eq!(answer.status, 404);
    answer.expect_untouched();
    assert_eq!(browser.get("/live").await.status, 200);
}

#[async_test]
async fn logging_out_twice_or_without_a_session_is_fine() {
    let server = server().await;
    let browser = server.logged_in("ada").await;
    for mut tab in [browser.clone(), browser.clone()] {
        tab.post("/m/plain")
            .await
            .expect(200, "bye")
            .expect_cleared();
    }
    let mut junk = server.browser();
    junk.plant(ACCESS, "junk", "/");
    for mut nobody in [junk, server.browser()] {
        nobody
            .post("/m/plain")
            .await
            .expect(200, "bye")
            .expect_untouched();
    }
}

#[async_test]
async fn an_expired_access_token_still_says_which_session_ends() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    let copy = browser.clone();
    server.clock.advance(Duration::from_secs(2 * 60 * 60));
    browser
        .post("/m/plain")
        .await
        .expect(200, "bye")
        .expect_cleared();
    assert_eq!(copy.clone().refresh().await.status, 401);
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_store_that_is_down_keeps_the_session_and_its_cookies() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    server
        .database()
        .execute("ALTER TABLE session_info RENAME TO hidden");
    browser
        .post("/m/plain")
        .await
        .expect(503, UNAVAILABLE)
        .expect_untouched();
    server
        .database()
        .execute("ALTER TABLE hidden RENAME TO session_info");
    assert_eq!(browser.get("/live").await.status, 200);
}

#[async_test]
async fn a_status_of_an_error_alone_does_not_keep_the_session() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    let answer = browser.post("/m/failing").await;
    assert_eq!(answer.status, 418);
    answer.expect_cleared();
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_logout_that_asks_for_the_session_needs_one_that_holds() {
    let server = server().await;
    let answer = server.browser().post("/m/greeting").await;
    answer.expect(401, UNAUTHORISED).expect_untouched();

    let mut browser = server.logged_in("ada").await;
    server.clock.advance(Duration::from_secs(2 * 60 * 60));
    // The guard is the handler's own, so the front end refreshes first; the session goes on.
    let answer = browser.post("/m/greeting").await;
    answer.expect(401, TRY_REFRESH).expect_untouched();
    assert_eq!(server.database().sessions(), 1);
    browser.refresh().await.expect(200, "{}");
    let answer = browser.post("/m/greeting").await;
    answer.expect(200, "bye Ada").expect_cleared();
}

#[async_test]
async fn of_results_and_options_in_each_other_either_may_refuse() {
    type Answered = Result<&'static str, (Status, &'static str)>;

    #[logout]
    #[post("/inner/<which>")]
    fn inner(which: u8) -> Result<Option<&'static str>, (Status, &'static str)> {
        match which {
            0 => Ok(Some("bye")),
            1 => Ok(None),
            _ => Err((Status::Conflict, "unsaved work")),
        }
    }

    #[logout]
    #[post("/outer/<which>")]
    fn outer(which: u8) -> Option<Answered> {
        match which {
            0 => Some(Ok("bye")),
            1 => None,
            _ => Some(Err((Status::Conflict, "unsaved work"))),
        }
    }

    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/m", routes![inner, outer]))
        .start()
        .await;
    for path in ["/m/inner", "/m/outer"] {
        let mut browser = server.logged_in("ada").await;
        for (which, status) in [(1, 404), (2, 409)] {
            let answer = browser.post(&format!("{path}/{which}")).await;
            assert_eq!(answer.status, status);
            answer.expect_untouched();
            assert_eq!(browser.get("/live").await.status, 200, "{path}/{which}");
        }
        browser
            .post(&format!("{path}/0"))
            .await
            .expect(200, "bye")
            .expect_cleared();
    }
}

#[async_test]
async fn err_and_none_end_nothing_at_any_depth() {
    type Refusal = (Status, &'static str);
    type Answered<T> = Result<T, Refusal>;
    const UNSAVED: Refusal = (Status::Conflict, "unsaved work");

    #[logout]
    #[post("/results/<which>")]
    fn results(which: u8) -> Answered<Answered<&'static str>> {
        match which {
            0 => Ok(Ok("bye")),
            1 => Ok(Err(UNSAVED)),
            _ => Err(UNSAVED),
        }
    }

    #[logout]
    #[post("/options/<which>")]
    async fn options(which: u8) -> Option<Option<&'static str>> {
        match which {
            0 => Some(Some("bye")),
            1 => Some(None),
            _ => None,
        }
    }

    #[logout]
    #[post("/deep/<which>")]
    fn deep(which: u8) -> Answered<Option<Answered<Option<&'static str>>>> {
        match which {
            0 => Ok(Some(Ok(Some("bye")))),
            1 => Ok(Some(Ok(None))),
            2 => Ok(Some(Err(UNSAVED))),
            3 => Ok(None),
            _ => Err(UNSAVED),
        }
    }

    // What stands around an outcome changes nothing in it.
    #[logout]
    #[post("/boxed/<which>")]
    fn boxed(which: u8) -> Box<Option<Box<Answered<&'static str>>>> {
        Box::new(match which {
            0 => Some(Box::new(Ok("bye"))),
            1 => Some(Box::new(Err(UNSAVED))),
            _ => None,
        })
    }

    #[logout]
    #[post("/dressed/<which>")]
    fn dressed(which: u8) -> (ContentType, Custom<(Status, Answered<&'static str>)>) {
        let answer = match which {
            0 => Ok("bye"),
            _ => Err(UNSAVED),
        };
        let answer = Custom(Status::Ok, (Status::Ok, answer));
        (ContentType::Plain, answer)
    }

    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/m", routes![results, options, deep, boxed, dressed]))
        .start()
        .await;
    for (path, refusals) in [
        ("/m/results", 2),
        ("/m/options", 2),
        ("/m/deep", 4),
        ("/m/boxed", 2),
        ("/m/dressed", 1),
    ] {
        let mut browser = server.logged_in("ada").await;
        for which in 1..=refusals {
            let answer = browser.post(&format!("{path}/{which}")).await;
            answer.expect_untouched();
            let live = browser.get("/live").await;
            assert_eq!(live.status, 200, "{path}/{which}");
        }
        let answer = browser.post(&format!("{path}/0")).await;
        answer.expect(200, "bye").expect_cleared();
    }
}

#[async_test]
async fn a_logout_may_clear_the_site_s_data_as_well() {
    let server = server().await;
    let mut browser = server.logged_in("ada").await;
    let answer = browser.post("/m/forget").await;
    answer.expect(200, "bye").expect_cleared();
    assert_eq!(
        answer.header("clear-site-data"),
        Some(r#""cache", "cookies", "storage""#)
    );
    assert_eq!(server.database().sessions(), 0);
}
