//! What the public interface says of a session, and takes from an application: each name once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rocket::figment::Figment;
use rocket::form::{Form, FromForm};
use rocket::http::Method;
use rocket::serde::json::{Json, Value, json};
use rocket::{async_test, delete, get, post, routes};
use session_runtime::fairing::LaunchError;
use session_runtime::token::Transport;
use session_runtime::{
    AccessToken, Error, NewSession, SameOrigin, Session, SessionConfig, SessionHandle, Sessions,
};
use session_tests::app::{Claims, Notes};
use session_tests::browser::ACCESS;
use session_tests::{Log, Server, launches};

#[delete("/devices/<handle>")]
async fn end(session: Session<Claims>, handle: SessionHandle) -> Result<Json<bool>, Error> {
    session.revoke_device(handle).await.map(Json)
}

#[derive(FromForm)]
struct Ended {
    handle: SessionHandle,
}

#[post("/devices", data = "<form>")]
async fn end_by_form(session: Session<Claims>, form: Form<Ended>) -> Result<Json<bool>, Error> {
    session.revoke_device(form.handle).await.map(Json)
}

#[get("/claims")]
fn claims(session: Session<Claims>, token: AccessToken) -> Value {
    json!({ "claims": session.claims(), "token": token.as_str() })
}

#[post("/rename")]
async fn rename(mut session: SameOrigin<Session<Claims>>) -> Result<String, Error> {
    session
        .update_payload(|claims| claims.name = "Augusta".into())
        .await?;
    Ok(session.payload().name.clone())
}

async fn server() -> Server {
    let routes = routes![end, end_by_form, claims, rename];
    Server::builder()
        .rocket(|rocket| rocket.mount("/", routes))
        .start()
        .await
}

fn ada() -> NewSession {
    let claims = Claims { name: "Ada".into() };
    NewSession::new("ada".to_owned(), claims, Notes::default())
}

#[async_test]
async fn a_device_is_ended_by_its_owner_only() {
    let server = server().await;
    let (mut laptop, mut phone, mut bob) = (server.browser(), server.browser(), server.browser());
    laptop.log_in("ada").await;
    phone.log_in("ada").await;
    bob.log_in("bob").await;
    let (phones, bobs) = (phone.handle().await, bob.handle().await);

    let path = |handle: SessionHandle| format!("/devices/{handle}");
    let answer = laptop.send(Method::Delete, &path(bobs), None).await;
    answer.expect(200, "false");
    assert_eq!(bob.get("/me").await.status, 200);
    let answer = laptop.send(Method::Delete, &path(phones), None).await;
    answer.expect(200, "true");
    assert_eq!(phone.get("/me").await.status, 401);
    let answer = laptop.send(Method::Delete, &path(phones), None).await;
    answer.expect(200, "false");
    let answer = laptop.send(Method::Delete, "/devices/x", None).await;
    assert_eq!(answer.status, 422);

    // Its own goes with its cookies.
    let own = laptop.handle().await;
    let answer = laptop.send(Method::Delete, &path(own), None).await;
    answer.expect(200, "true").expect_removed();
    assert_eq!(laptop.get("/me").await.status, 401);
}

#[async_test]
async fn a_form_names_a_session() {
    let server = server().await;
    let (mut laptop, mut phone) = (server.browser(), server.browser());
    laptop.log_in("ada").await;
    phone.log_in("ada").await;
    let form = async |browser: &session_tests::Browser<'_>, handle: String| {
        let headers = vec![
            ("Cookie", browser.cookie_header("/").expect("cookies")),
            ("Sec-Fetch-Site", "same-origin".into()),
        ];
        let body = format!("handle={handle}");
        browser
            .send_form(Method::Post, "/devices", headers, body)
            .await
    };
    let phones = phone.handle().await.to_string();
    form(&laptop, phones).await.expect(200, "true");
    assert_eq!(form(&laptop, "x".into()).await.status, 422);
}

#[async_test]
async fn a_session_says_all_that_its_token_says() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let cookie = browser.cookie(ACCESS).expect("a cookie");
    let answer = browser.get("/claims").await.json();
    assert_eq!(answer["token"], cookie.as_str());
    let payload = cookie.split('.').nth(1).expect("a JWT");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let payload: Value = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!(answer["claims"], payload);
    for name in ["iat", "iss", "rsub", "tId", "refreshTokenHash1", "name"] {
        assert!(!payload[name].is_null(), "{name}");
    }

    let tokens = server.sessions().create(ada(), Transport::Header).await;
    let tokens = tokens.expect("a session");
    let mut program = server.browser().with_bearer(tokens.access_token());
    let answer = program.get("/claims").await.json();
    assert_eq!(answer["token"], tokens.access_token());

    let nobody = server.browser().get("/claims").await;
    nobody.expect(401, r#"{"message":"unauthorised"}"#);
}

#[async_test]
async fn a_wrapped_session_can_be_changed() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    browser.post("/rename").await.expect(200, "Augusta");
}

#[async_test]
async fn a_program_chooses_how_the_tokens_of_its_session_travel() {
    let server = server().await;
    let tokens = server.sessions().create(ada(), Transport::Cookie).await;
    let tokens = tokens.expect("a session");
    assert_eq!(tokens.transport(), Transport::Cookie);
    let mut browser = server.browser();
    browser.plant(ACCESS, tokens.access_token(), "/");
    assert_eq!(browser.get("/me").await.json()["name"], "Ada");

    for (transfer, refused) in [("cookie", Transport::Header), ("header", Transport::Cookie)] {
        let server = Server::builder().set("transfer", transfer).start().await;
        let created = server.sessions().create(ada(), refused).await;
        let Err(Error::General(cause)) = created else {
            panic!("{transfer}: {created:?}");
        };
        let setting = format!("contradicts the setting `transfer = \"{transfer}\"`");
        assert!(cause.contains(&setting), "{cause}");
        assert_eq!(server.database().sessions(), 0);
    }
}

#[async_test]
async fn an_application_hands_its_settings_over_and_the_operator_has_the_last_word() {
    let config = SessionConfig {
        access_token_validity: Duration::from_secs(77),
        access_token_jitter: 0.0,
        api_base_path: "/given".into(),
        website_origins: vec!["https://www.example.com".into()],
        ..SessionConfig::default()
    };
    let server = Server::builder()
        .set("api_base_path", "/auth")
        .fairing(|fairing| fairing.config(config))
        // Attached later or earlier, it has the same settings.
        .rocket(|rocket| rocket.mount("/", routes![claims]).attach(Sessions::cors()))
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let said = browser.get("/claims").await.json();
    let seconds = said["claims"]["exp"]
        .as_i64()
        .zip(said["claims"]["iat"].as_i64());
    assert_eq!(seconds.map(|(exp, iat)| exp - iat), Some(77));
    let issuer = said["claims"]["iss"].as_str().expect("an issuer");
    assert!(issuer.ends_with("/auth"), "{issuer}");
    let answer = browser
        .get_with("/me", &[("Origin", "https://www.example.com")])
        .await;
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://www.example.com"));
}

#[test]
fn serialised_settings_are_read_back_and_hold_no_secret() {
    let config = SessionConfig {
        database: "postgres://ada:a%20secret@db.example/app?sslmode=require".into(),
        master_key: Some("a secret".into()),
        accepted_master_keys: vec!["an older secret".into()],
        trusted_proxies: vec!["10.0.0.0/8".parse().expect("a network")],
        ..SessionConfig::default()
    };
    let text = serde_json::to_string(&config).expect("JSON");
    for shown in [text.clone(), format!("{config:?}")] {
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("postgres://ada@db.example/app?sslmode=require"));
    }
    let read: SessionConfig = serde_json::from_str(&text).expect("settings");
    assert_eq!(read.trusted_proxies, config.trusted_proxies);
    assert_eq!(serde_json::to_string(&read).expect("JSON"), text);
}

#[async_test]
async fn master_keys_are_handed_over_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let launch = |key: &str| {
        let config = SessionConfig {
            database: format!("sqlite:{}", folder.path().join("test.db").display()).into(),
            master_key: Some(key.into()),
            ..SessionConfig::default()
        };
        let figment = Figment::from(rocket::Config::figment()).merge(("log_level", "off"));
        launches(session_tests::rocket(figment).attach(Sessions::fairing().config(config)))
    };
    let one = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let other = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    assert!(launch(one).await);
    assert!(launch(one).await);
    assert!(!launch(other).await, "the keys do not open with it");
}

#[async_test]
async fn a_launch_that_fails_hands_over_its_reason_and_logs_it_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = Arc::new(Mutex::new(Vec::<LaunchError>::new()));
    let keep = Arc::clone(&seen);
    let log = Log::start();
    let rocket = Server::builder()
        .on_file(folder.path().join("test.db"))
        .set("website_origins", vec!["*"])
        .fairing(move |fairing| {
            fairing.on_launch_error(move |error| {
                keep.lock().expect("a list").push(error.clone());
            })
        })
        .rocket(|rocket| rocket.attach(Sessions::cors()))
        .build();
    assert!(!launches(rocket).await);
    let seen = seen.lock().expect("a list");
    let [error] = seen.as_slice() else {
        panic!("{seen:?}");
    };
    assert!(
        error
            .advice()
            .contains("`sessions.website_origins` lists origins")
    );
    assert_eq!(error.page(), Some("guide::deployment"));
    let text = log.text();
    assert_eq!(
        text.matches("lists origins as browsers").count(),
        1,
        "{text}"
    );
    assert!(text.contains(&error.to_string()), "{text}");
}

#[async_test]
async fn pages_of_other_origins_without_cors_are_told() {
    for is_attached in [false, true] {
        let log = Log::start();
        Server::builder()
            .set("website_origins", vec!["https://www.example.com"])
            .rocket(move |rocket| match is_attached {
                true => rocket.attach(Sessions::cors()),
                false => rocket,
            })
            .start()
            .await;
        let told = log.text().contains("`Sessions::cors()` is not attached");
        assert_eq!(told, !is_attached);
    }
}
