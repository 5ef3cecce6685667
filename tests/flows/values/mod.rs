//! What goes in comes out: a payload or session data that would not come back from the database as it is
//! is refused on every path that writes, and nothing is stored.

mod any;
mod deploys;
mod largest;
mod sizes;

use std::collections::HashMap;
use std::time::Duration;

use rocket::http::Method;
use rocket::serde::json::json;
use rocket::{Request, async_test, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::requirement::{Facts, Fetch, Requirement, Unmet};
use session_runtime::token::Transport;
use session_runtime::{Error, JwtPayload, NewSession, Session, SessionHandle, login};
use session_tests::body::{BROKEN, OK};
use session_tests::{Browser, Log, Server};

/// A payload with numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JwtPayload)]
#[session(data = Basket)]
struct Weighed {
    ratio: f64,
    #[serde(default)]
    small: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
}

/// Data with numbers further inside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Basket {
    total: f64,
    items: Vec<Item>,
    by_iban: HashMap<String, f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Item {
    price: f64,
    discount: Option<f64>,
}

/// Each with the place that the error names.
fn lossy_payloads() -> Vec<(Weighed, &'static str)> {
    let payload = Weighed::default;
    vec![
        (
            Weighed {
                ratio: f64::NAN,
                ..payload()
            },
            "payload.ratio",
        ),
        (
            Weighed {
                ratio: f64::INFINITY,
                ..payload()
            },
            "payload.ratio",
        ),
        (
            Weighed {
                small: f32::NEG_INFINITY,
                ..payload()
            },
            "payload.small",
        ),
        // `null` would be read as `None`, without an error.
        (
            Weighed {
                limit: Some(f64::NAN),
                ..payload()
            },
            "payload.limit",
        ),
    ]
}

fn lossy_data() -> Vec<(Basket, &'static str)> {
    let item = |price, discount| Basket {
        items: vec![Item::default(), Item { price, discount }],
        ..Basket::default()
    };
    let by_iban = HashMap::from([("DE02120300000000202051".to_owned(), f64::NAN)]);
    vec![
        (
            Basket {
                total: f64::NAN,
                ..Basket::default()
            },
            "data.total",
        ),
        (item(f64::NEG_INFINITY, None), "data.items[1].price"),
        (item(1.0, Some(f64::NAN)), "data.items[1].discount"),
        // A key may be somebody's, so it is not named.
        (
            Basket {
                by_iban,
                ..Basket::default()
            },
            "data.by_iban.*",
        ),
    ]
}

/// Which of the values above a request is about.
type Case = usize;

fn payload(case: Case) -> Weighed {
    lossy_payloads().remove(case).0
}

fn data(case: Case) -> Basket {
    lossy_data().remove(case).0
}

#[login]
#[post("/good")]
fn log_in() -> (String, Weighed, Basket) {
    ("ada".into(), Weighed::default(), Basket::default())
}

#[login]
#[post("/payload/<case>")]
fn log_in_payload(case: Case) -> (String, Weighed, Basket) {
    ("ada".into(), payload(case), Basket::default())
}

#[login]
#[post("/data/<case>")]
fn log_in_data(case: Case) -> (String, Weighed, Basket) {
    ("ada".into(), Weighed::default(), data(case))
}

#[login]
#[post("/visit")]
fn visit() -> NewSession {
    NewSession::anonymous(Weighed::default(), Basket::default())
}

#[login]
#[post("/hand-over/<case>")]
fn hand_over(case: Case) -> NewSession {
    NewSession::new("ada".to_owned(), Weighed::default(), Basket::default())
        .merge_anonymous_data(move |_: Basket, _: Basket| data(case))
}

#[get("/here")]
fn here(session: Session<Weighed>) -> String {
    session.payload().ratio.to_string()
}

#[post("/update-payload/<case>")]
async fn update_payload(mut session: Session<Weighed>, case: Case) -> Result<(), Error> {
    session
        .update_payload(move |claims| *claims = payload(case))
        .await
}

/// A number that JSON has and the field has not.
#[post("/merge-payload/<_case>")]
async fn merge_payload(mut session: Session<Weighed>, _case: Case) -> Result<(), Error> {
    let update = json!({ "small": 1e300 });
    session
        .merge_payload(update.as_object().expect("an object").clone())
        .await
}

#[post("/update-data/<case>")]
async fn update_data(session: Session<Weighed>, case: Case) -> Result<(), Error> {
    session
        .update_data(move |basket| *basket = data(case))
        .await
        .map(drop)
}

#[post("/set-data/<case>")]
async fn set_data(session: Session<Weighed>, case: Case) -> Result<(), Error> {
    session.set_data(&data(case)).await
}

#[post("/set-data-if-unchanged/<case>")]
async fn set_data_if_unchanged(session: Session<Weighed>, case: Case) -> Result<(), Error> {
    let mut basket = session.versioned_data().await?;
    *basket = data(case);
    session.set_data_if_unchanged(&mut basket).await
}

/// Its claim is one that JSON has not.
struct Scored;

impl Requirement<Weighed> for Scored {
    fn claims() -> Vec<Fetch<Weighed>> {
        let fetch = |_: &Request<'_>, _: String| async { Ok(Some(f64::NAN)) };
        vec![Fetch::new("score", Duration::from_secs(60), fetch)]
    }

    fn check(_: &Facts<'_, Weighed>) -> Result<(), Unmet> {
        Ok(())
    }
}

#[post("/fetch/<_case>")]
fn fetch(_session: Session<Weighed, Scored>, _case: Case) {}

async fn server() -> Server {
    Server::builder()
        .rocket(|rocket| {
            rocket.mount(
                "/v",
                routes![
                    log_in,
                    log_in_payload,
                    log_in_data,
                    visit,
                    hand_over,
                    here,
                    update_payload,
                    merge_payload,
                    update_data,
                    set_data,
                    set_data_if_unchanged,
                    fetch
                ],
            )
        })
        .start()
        .await
}

/// What the database has of the only session.
fn stored(server: &Server) -> (String, String, i64) {
    let mut database = server.database();
    let [payload, data] = ["payload", "data"]
        .map(|column| database.text(&format!("SELECT {column} AS value FROM session_info")));
    let version = database.number("SELECT data_version AS value FROM session_info");
    (payload, data, version)
}

async fn logged_in<'s>(server: &'s Server, path: &str) -> Browser<'s> {
    let mut browser = server.browser();
    browser.post(path).await.expect(200, OK);
    browser
}

#[async_test]
async fn a_login_with_a_value_that_does_not_come_back_stores_nothing() {
    let server = server().await;
    let payloads = lossy_payloads().len();
    let data = lossy_data().len();
    let paths = (0..payloads)
        .map(|case| format!("/v/payload/{case}"))
        .chain((0..data).map(|case| format!("/v/data/{case}")));
    for path in paths {
        let answer = server.browser().post(&path).await;
        answer.expect(500, BROKEN).expect_untouched();
    }
    for case in 0..data {
        let mut visitor = logged_in(&server, "/v/visit").await;
        let before = stored(&server);
        let answer = visitor.post(&format!("/v/hand-over/{case}")).await;
        answer.expect(500, BROKEN).expect_untouched();
        assert_eq!(stored(&server), before);
        visitor.sign_out().await.expect(200, OK);
    }
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_change_to_a_value_that_does_not_come_back_changes_nothing() {
    let server = server().await;
    let mut browser = logged_in(&server, "/v/good").await;
    let before = stored(&server);
    for (path, cases) in [
        ("update-payload", lossy_payloads().len()),
        ("merge-payload", 1),
        ("fetch", 1),
        ("update-data", lossy_data().len()),
        ("set-data", lossy_data().len()),
        ("set-data-if-unchanged", lossy_data().len()),
    ] {
        for case in 0..cases {
            let path = format!("/v/{path}/{case}");
            let answer = browser.send(Method::Post, &path, None).await;
            assert_eq!((answer.status, &*answer.body), (500, BROKEN), "{path}");
            answer.expect_untouched();
            assert_eq!(stored(&server), before, "{path}");
        }
    }
    browser.get("/v/here").await.expect(200, "0");
    browser.refresh().await.expect(200, "{}");
    browser.get("/v/here").await.expect(200, "0");
}

#[async_test]
async fn by_handle_and_within_a_transaction_the_error_names_the_place_and_no_value() {
    let log = Log::start();
    let server = server().await;
    let browser = logged_in(&server, "/v/good").await;
    drop(browser);
    let sessions = server.sessions();
    let handle = sessions.handles("ada").await.expect("handles")[0];
    let before = stored(&server);
    let new = |payload: &Weighed, data: &Basket| {
        NewSession::new("ada".to_owned(), payload.clone(), data.clone())
    };

    let empty = Basket::default();
    for (payload, place) in lossy_payloads() {
        let created = sessions.create(new(&payload, &empty), Transport::Header);
        expect_place(created.await, place);
        let own = payload.clone();
        let updated = sessions.update_payload::<Weighed>(handle, move |now| *now = own.clone());
        expect_place(updated.await, place);
        let created = server.database().within(sessions, |within| {
            within.create(new(&payload, &empty), Transport::Cookie)
        });
        expect_place(created, place);
        let updated = server.database().within(sessions, |within| {
            within.update_payload::<Weighed>(handle, |claims| *claims = payload.clone())
        });
        expect_place(updated, place);
    }
    let too_large = json!({ "small": 1e300 });
    let too_large = too_large.as_object().expect("an object");
    let merged = sessions.merge_payload::<Weighed>(handle, too_large.clone());
    expect_place(merged.await, "payload.small");
    let merged = server.database().within(sessions, |within| {
        within.merge_payload::<Weighed>(handle, too_large.clone())
    });
    expect_place(merged, "payload.small");

    for (data, place) in lossy_data() {
        let created = sessions.create(new(&Weighed::default(), &data), Transport::Header);
        expect_place(created.await, place);
        let set = sessions.set_data::<Weighed>(handle, &data).await;
        expect_place(set, place);
        let own = data.clone();
        let updated = sessions.update_data::<Weighed>(handle, move |now| *now = own.clone());
        expect_place(updated.await, place);
        let mut read = sessions
            .versioned_data::<Weighed>(handle)
            .await
            .expect("an answer")
            .expect("a session");
        *read = data.clone();
        let set = sessions.set_data_if_unchanged::<Weighed>(handle, &mut read);
        expect_place(set.await, place);
        let set = server
            .database()
            .within(sessions, |within| within.set_data::<Weighed>(handle, &data));
        expect_place(set, place);
        let updated = server.database().within(sessions, |within| {
            within.update_data::<Weighed>(handle, |own| *own = data.clone())
        });
        expect_place(updated, place);
    }
    assert_eq!(stored(&server), before);
    assert_eq!(server.database().sessions(), 1);
    assert!(!log.text().contains("DE02120300000000202051"));
    let read = sessions.data::<Weighed>(handle as SessionHandle).await;
    assert_eq!(read, Ok(Some(Basket::default())));
}

#[async_test]
async fn a_number_that_javascript_rounds_is_told_once() {
    #[derive(Serialize, Deserialize, JwtPayload)]
    #[session(name = "Numbered")]
    struct Numbered {
        order: u64,
    }

    let log = Log::start();
    let server = Server::start().await;
    let told = || log.text().matches("number_rounded").count();
    for (order, times) in [(1 << 53, 0), ((1 << 53) + 1, 1), (u64::MAX, 1)] {
        let new = NewSession::new("ada".to_owned(), Numbered { order }, ());
        let created = server.sessions().create(new, Transport::Header).await;
        let tokens = created.expect("a session");
        assert_eq!(told(), times, "{order}");
        let verified = server.sessions().verify::<Numbered>(tokens.access_token());
        assert_eq!(verified.await.expect("a payload").payload.order, order);
    }
    log.expect(&["`Numbered`", "`order`", "2^53", "as a string"]);
}

#[track_caller]
fn expect_place<T: std::fmt::Debug>(result: Result<T, Error>, place: &str) {
    let error = result.expect_err(place);
    let Error::Unstorable { field, .. } = &error else {
        panic!("{place}: {error:?}");
    };
    assert_eq!(field, place, "{error}");
    assert!(!error.to_string().contains("DE02"), "{error}");
}
