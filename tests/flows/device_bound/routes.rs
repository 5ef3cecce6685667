//! The answers to what the browser asks by itself: their statuses mean something to it.

use rocket::http::Status;
use rocket::{Request, async_test, catch, catchers};
use session_runtime::Sessions;
use session_runtime::fairing::ErrorAnswer;
use session_tests::Server;

use super::{Chromium, ORIGIN, REFRESH, REGISTER, VALIDITY, call};

#[catch(default)]
fn caught(_: Status, _: &Request<'_>) -> &'static str {
    "a page of the application"
}

/// Whatever the application does with errors, the browser gets what it understands.
#[async_test]
async fn r11_neither_catchers_nor_settings_nor_cors_touch_the_answers() {
    for csrf in ["fetch-metadata", "via-token", "via-custom-header", "none"] {
        let server = Server::builder()
            .set("api_origin", ORIGIN)
            .set("device_bound", "when-supported")
            .set("csrf", csrf)
            .set("session_expired_status", 403)
            .set("invalid_claim_status", 402)
            .set("website_origins", vec!["https://www.shop.test"])
            .fairing(|fairing| {
                fairing.on_error(|error, request| {
                    let status = error.status(request);
                    let kind = rocket::http::ContentType::Text;
                    Some(ErrorAnswer::new(status, kind, "no"))
                })
            })
            .rocket(|rocket| {
                rocket
                    .attach(Sessions::cors())
                    .register("/", catchers![caught])
            })
            .start()
            .await;
        let mut chromium = Chromium::bound(&server).await;
        server.clock.advance(VALIDITY);
        let answer = chromium.refresh().await;
        answer.expect(200, "");
        server.clock.advance(2 * VALIDITY);
        let again = chromium.prove().await;
        again.expect(403, "");
        let refused = call(&server.browser(), REFRESH, &[]).await;
        refused.expect(401, "");
        let unregistered = call(&server.browser(), REGISTER, &[]).await;
        unregistered.expect(401, "");
        for answer in [answer, again, refused, unregistered] {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{csrf}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.header("vary"), Some("Cookie, Authorization"));
        }
    }
}

/// Pages of other origins of the site may cause a refresh, those of other sites not.
#[async_test]
async fn the_configuration_names_excluded_paths_and_pages_of_the_same_site() {
    let server = Server::builder()
        .set("api_origin", "https://api.shop.test")
        .set("device_bound", "when-supported")
        .set("device_bound_exclude", vec!["/static"])
        .set("outer_path", "/app")
        .set(
            "website_origins",
            vec![
                "https://www.shop.test",
                "https://shop.example",
                "capacitor://localhost",
            ],
        )
        .start()
        .await;
    let mut browser = server.browser();
    let login = browser.log_in("ada").await;
    let mut chromium = Chromium::new(browser, &login);
    let headers = [(
        "Secure-Session-Response",
        &*chromium.device.registration(&chromium.challenge),
    )];
    let cookies = chromium.browser.cookie_header("/app/auth/session/refresh");
    let mut all = vec![("Cookie", cookies.expect("cookies"))];
    all.extend(headers.map(|(name, value)| (name, value.to_owned())));
    let answer = chromium
        .browser
        .send_raw(rocket::http::Method::Post, REGISTER, all, None)
        .await;
    chromium.keep(&answer);
    let configuration = answer.json();
    assert_eq!(
        configuration["refresh_url"],
        "/app/auth/session/refresh/device"
    );
    assert_eq!(
        configuration["scope"]["scope_specification"],
        serde_json::json!([{ "type": "exclude", "domain": "*", "path": "/static" }])
    );
    assert_eq!(
        configuration["allowed_refresh_initiators"],
        serde_json::json!(["www.shop.test"])
    );
    let header = login.header(super::REGISTRATION).expect("a header");
    assert!(header.contains(r#"path="/app/auth/session/refresh/device/register""#));
}

#[async_test]
async fn a_store_that_is_away_keeps_the_session_of_the_browser() {
    let server = super::server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    let sessions = "ALTER TABLE session_info RENAME TO session_elsewhere";
    server.database().execute(sessions);
    let answer = chromium.refresh().await;
    answer.expect(503, "").expect_untouched();
    server
        .database()
        .execute("ALTER TABLE session_elsewhere RENAME TO session_info");
    chromium.refresh().await.expect(200, "");
}
