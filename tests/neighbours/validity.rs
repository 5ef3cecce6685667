//! Processes whose access tokens live for different times: each accepts those of the others, and
//! those of itself before a restart.

use std::time::Duration;

use rocket::async_test;
use session_runtime::NewSession;
use session_runtime::token::Transport;
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::jar::{Person, Place};

const OK: &str = r#"{"status":"OK"}"#;
const ORIGIN: &str = "https://example.test";

async fn start(validity: &str, beside: Option<&Server>) -> Server {
    let builder = beside.map_or_else(Server::builder, Server::beside);
    builder
        .set("api_origin", ORIGIN)
        .set("access_token_validity", validity)
        .set("signing_key_interval", "1h")
        .start()
        .await
}

#[async_test]
async fn processes_with_another_validity_accept_each_others_tokens() {
    for (first, second) in [("1h", "1m"), ("1m", "1h")] {
        let one = start(first, None).await;
        let two = start(second, Some(&one)).await;
        let places = [Place::new(&one, ORIGIN), Place::new(&two, ORIGIN)];
        for place in &places {
            let mut person = Person::new(&one.clock);
            person.log_in(place, "ada").await.expect(200, OK);
            for place in &places {
                let name = person.name_at(place).await;
                assert_eq!(name.as_deref(), Some("ada"), "{first} beside {second}");
            }
        }
    }
}

/// Before the next turn of the feed, too.
#[async_test]
async fn a_token_in_a_header_is_accepted_by_a_process_with_a_shorter_validity() {
    let short = start("1m", None).await;
    let long = start("1h", Some(&short)).await;
    let claims = Claims {
        name: "Ada".to_owned(),
    };
    let session = NewSession::new("ada".to_owned(), claims, Notes::default());
    let created = long.sessions().create(session, Transport::Header).await;
    let token = created.expect("a session");
    let verified = short
        .sessions()
        .verify::<Claims>(token.access_token())
        .await;
    assert_eq!(verified.expect("a good token").payload.name, "Ada");
}

#[async_test]
async fn a_restart_with_a_shorter_validity_refuses_nobody() {
    let mut server = start("10h", None).await;
    let mut person = Person::new(&server.clock);
    let place = Place::new(&server, ORIGIN);
    person.log_in(&place, "ada").await.expect(200, OK);
    // The key that signed the token is replaced, and outlives the tokens of one minute.
    for pause in [0, 3 * 60, 30] {
        server.clock.advance(Duration::from_secs(60 * pause));
        server = start("1m", Some(&server)).await;
        let place = Place::new(&server, ORIGIN);
        let name = person.name_at(&place).await;
        assert_eq!(name.as_deref(), Some("ada"), "{pause} minutes later");
    }
    // No later than its own end.
    server.clock.advance(Duration::from_secs(7 * 60 * 60));
    let place = Place::new(&server, ORIGIN);
    assert_eq!(person.name_at(&place).await, None);
}
