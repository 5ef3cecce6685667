//! What only run time can see of a payload: the keys of a flattened map, and whether an old token still fits.

use std::collections::HashMap;

use rocket::http::Method;
use rocket::serde::json::{Json, Value, json};
use rocket::{async_test, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::payload::RESERVED_CLAIMS;
use session_runtime::token::Transport;
use session_runtime::{Error, JwtPayload, NewSession, Session, login};
use session_tests::Server;
use session_tests::body::{BROKEN, OK, SIGN_IN_AGAIN};

#[derive(Debug, Serialize, Deserialize, JwtPayload)]
struct Open {
    #[serde(flatten)]
    extra: HashMap<String, String>,
}

// `Strict`, `Later` and `Hasty` are what `Open` becomes with one deploy each.

#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(name = "Open")]
#[serde(deny_unknown_fields)]
struct Strict {
    color: String,
}

#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(name = "Open")]
struct Later {
    color: String,
    #[serde(default)]
    size: u32,
}

/// The same field, and nobody thought of older tokens.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(name = "Open")]
struct Hasty {
    color: String,
    size: u32,
}

/// Nests as deep as somebody else says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JwtPayload)]
struct Nested {
    tree: Value,
}

impl Nested {
    /// Of so many levels, the payload's own included.
    fn levels(levels: usize) -> Self {
        let tree = (2..levels).fold(json!([]), |tree, _| json!([tree]));
        Self { tree }
    }
}

#[login]
#[post("/login", data = "<extra>")]
fn log_in(extra: Json<HashMap<String, String>>) -> (String, Open, ()) {
    (
        "ada".into(),
        Open {
            extra: extra.into_inner(),
        },
        (),
    )
}

#[login]
#[post("/login-nested/<levels>")]
fn log_in_nested(levels: usize) -> (String, Nested, ()) {
    ("ada".into(), Nested::levels(levels), ())
}

#[get("/nested")]
fn nested(session: Session<Nested>) -> Json<Nested> {
    Json(session.payload().clone())
}

#[post("/nest/<levels>")]
async fn nest(mut session: Session<Nested>, levels: usize) -> Result<&'static str, Error> {
    let change = move |nested: &mut Nested| *nested = Nested::levels(levels);
    session.update_payload(change).await.map(|()| "nested")
}

#[get("/open")]
fn open(session: Session<Open>) -> Json<HashMap<String, String>> {
    Json(session.payload().extra.clone())
}

#[get("/strict")]
fn strict(session: Session<Strict>) -> String {
    session.payload().color.clone()
}

#[get("/later")]
fn later(session: Session<Later>) -> String {
    format!("{} {}", session.payload().color, session.payload().size)
}

#[get("/hasty")]
fn hasty(session: Session<Hasty>) -> String {
    format!("{} {}", session.payload().color, session.payload().size)
}

#[login]
#[post("/login-later/<size>")]
fn log_in_later(size: u32) -> (String, Later, ()) {
    let color = "blue".into();
    ("ada".into(), Later { color, size }, ())
}

async fn server() -> Server {
    let routes = routes![log_in, log_in_nested, open, nested, nest];
    Server::builder()
        .rocket(|rocket| rocket.mount("/m", routes))
        .start()
        .await
}

/// What the same server becomes with three deploys.
struct Deploys {
    strict: Server,
    later: Server,
    hasty: Server,
}

impl Deploys {
    async fn of(server: &Server) -> Self {
        let deploy = |routes| {
            server
                .beside()
                .rocket(|rocket| rocket.mount("/m", routes))
                .start()
        };
        Self {
            strict: deploy(routes![strict]).await,
            later: deploy(routes![later, log_in_later]).await,
            hasty: deploy(routes![hasty]).await,
        }
    }
}

/// The model system drops such a key silently.
#[async_test]
async fn a_key_of_the_protocol_is_a_typed_error_that_names_it_and_leaves_no_row() {
    let server = server().await;
    for name in RESERVED_CLAIMS {
        let extra = HashMap::from([
            ("color".to_owned(), "red".to_owned()),
            ((*name).to_owned(), "x".to_owned()),
        ]);
        let created = server
            .sessions()
            .create(
                NewSession::new(
                    "ada".to_owned(),
                    Open {
                        extra: extra.clone(),
                    },
                    (),
                ),
                Transport::Header,
            )
            .await;
        assert_eq!(
            created.map(drop),
            Err(Error::ReservedClaim {
                name: (*name).to_owned()
            })
        );
        let body = serde_json::to_value(&extra).expect("JSON");
        let answer = server
            .browser()
            .send(rocket::http::Method::Post, "/m/login", Some(body))
            .await;
        answer.expect(500, BROKEN).expect_untouched();
    }
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_payload_sees_its_own_keys_only() {
    let server = server().await;
    let mut browser = server.browser();
    let body = serde_json::json!({ "color": "red", "Sub": "other case", "__proto__": "data" });
    browser
        .send(rocket::http::Method::Post, "/m/login", Some(body.clone()))
        .await
        .expect(200, OK);
    assert_eq!(browser.get("/m/open").await.json(), body);

    // The row carries the same keys, from which the next token is made.
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/m/open").await.json(), body);
    let stored = server
        .database()
        .text("SELECT payload AS value FROM session_info");
    let stored: serde_json::Value = serde_json::from_str(&stored).expect("JSON");
    assert_eq!(stored, body);
}

#[async_test]
async fn strict_and_later_payloads_read_older_tokens() {
    let server = server().await;
    let deploys = Deploys::of(&server).await;
    let extra = HashMap::from([("color".to_owned(), "red".to_owned())]);
    let created = server
        .sessions()
        .create(
            NewSession::new("ada".to_owned(), Open { extra }, ()),
            Transport::Header,
        )
        .await
        .expect("a session");
    let mut browser = deploys.strict.browser().with_bearer(created.access_token());
    browser.get("/m/strict").await.expect(200, "red");
    let mut browser = deploys.later.browser().with_bearer(created.access_token());
    browser.get("/m/later").await.expect(200, "red 0");
    // Without the default every older session has to sign in again, and is in no loop of refreshes.
    let mut browser = deploys.hasty.browser().with_bearer(created.access_token());
    let answer = browser.get("/m/hasty").await;
    answer.expect(403, SIGN_IN_AGAIN).expect_untouched();
}

#[async_test]
async fn a_field_added_later_stays_optional_for_older_sessions_and_is_read_of_newer_ones() {
    let server = server().await;
    let Deploys {
        strict,
        later,
        hasty,
    } = &Deploys::of(&server).await;
    let mut older = server.browser();
    let body = serde_json::json!({ "color": "red" });
    older
        .send(rocket::http::Method::Post, "/m/login", Some(body))
        .await;
    let mut older = later.browser().with_jar(older.jar());
    older.get("/m/later").await.expect(200, "red 0");
    older.refresh().await.expect(200, "{}");
    older.get("/m/later").await.expect(200, "red 0");

    let mut newer = later.browser();
    newer.post("/m/login-later/7").await;
    newer.get("/m/later").await.expect(200, "blue 7");
    let mut there = hasty.browser().with_jar(newer.jar());
    there.get("/m/hasty").await.expect(200, "blue 7");
    // A deploy that is rolled back meets newer tokens: a strict payload refuses the key it does not
    // know.
    let mut back = strict.browser().with_jar(newer.jar());
    let answer = back.get("/m/strict").await;
    answer.expect(403, SIGN_IN_AGAIN).expect_untouched();
}

#[derive(Debug, Serialize, Deserialize, JwtPayload)]
struct Named {
    role: String,
    #[serde(flatten)]
    more: HashMap<String, String>,
}

#[async_test]
async fn a_flattened_key_does_not_overwrite_a_field() {
    let server = server().await;
    let more = HashMap::from([("role".to_owned(), "admin".to_owned())]);
    let named = Named {
        role: "user".into(),
        more,
    };
    let created = server
        .sessions()
        .create(
            NewSession::new("ada".to_owned(), named, ()),
            Transport::Header,
        )
        .await;
    assert_eq!(
        created.map(drop),
        Err(Error::DuplicateClaim {
            name: "role".into()
        })
    );
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_payload_nests_as_deep_as_its_token_may_and_no_deeper() {
    let server = server().await;
    for levels in [17, 100, 200, 1000] {
        let created = server
            .sessions()
            .create(
                NewSession::new("ada".to_owned(), Nested::levels(levels), ()),
                Transport::Header,
            )
            .await;
        assert_eq!(
            created.map(drop),
            Err(Error::PayloadTooDeep { limit: 16 }),
            "{levels}"
        );
        let path = format!("/m/login-nested/{levels}");
        let answer = server.browser().send(Method::Post, &path, None).await;
        answer.expect(500, BROKEN).expect_untouched();
    }
    assert_eq!(server.database().sessions(), 0);

    let mut browser = server.browser();
    let answer = browser.send(Method::Post, "/m/login-nested/16", None).await;
    answer.expect(200, OK);
    let deepest = json!(Nested::levels(16));
    assert_eq!(browser.get("/m/nested").await.json(), deepest);
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/m/nested").await.json(), deepest);
}

#[async_test]
async fn a_change_cannot_make_a_payload_nest_too_deep() {
    let server = server().await;
    let mut browser = server.browser();
    let path = "/m/login-nested/3";
    let answer = browser.send(Method::Post, path, None).await;
    answer.expect(200, OK);
    let session = server.sessions().handles("ada").await.expect("handles")[0];
    let merge = |levels| {
        let update = json!(Nested::levels(levels));
        let update = update.as_object().expect("an object").clone();
        server.sessions().merge_payload::<Nested>(session, update)
    };

    assert_eq!(merge(17).await, Err(Error::PayloadTooDeep { limit: 16 }));
    let answer = browser.send(Method::Post, "/m/nest/17", None).await;
    answer.expect(500, BROKEN);
    assert_eq!(
        browser.get("/m/nested").await.json(),
        json!(Nested::levels(3))
    );

    let answer = browser.send(Method::Post, "/m/nest/16", None).await;
    answer.expect(200, "nested");
    assert_eq!(
        browser.get("/m/nested").await.json(),
        json!(Nested::levels(16))
    );
    assert_eq!(merge(16).await, Ok(true));
}
