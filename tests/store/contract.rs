//! What the database holds after each operation, and what it never holds.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rocket::async_test;
use session_runtime::token::SessionTokens;
use session_runtime::token::Transport;
use session_runtime::{NewSession, SessionHandle};
use session_tests::Server;
use session_tests::app::{Claims, Notes};

async fn create(server: &Server, user: &str) -> SessionTokens {
    let (claims, notes) = (
        Claims { name: "Ada".into() },
        Notes {
            text: "first".into(),
        },
    );
    server
        .sessions()
        .create(
            NewSession::new(user.to_owned(), claims, notes),
            Transport::Header,
        )
        .await
        .expect("a session")
}

#[async_test]
async fn a_created_session_is_there_for_everybody() {
    let server = Server::start().await;
    let tokens = create(&server, "ada").await;
    assert_eq!(server.database().sessions(), 1);
    let info = server
        .beside()
        .start()
        .await
        .sessions()
        .info(tokens.handle())
        .await
        .expect("an answer");
    assert_eq!(info.expect("a session").user_id, "ada");
}

#[async_test]
async fn handles_are_time_ordered_and_name_their_session() {
    let server = Server::start().await;
    let mut created = Vec::new();
    for _ in 0..5 {
        created.push(create(&server, "ada").await.handle());
        server.clock.advance(Duration::from_millis(1));
    }
    assert!(created.is_sorted());
    assert_eq!(
        server.sessions().handles(&"ada".to_owned()).await,
        Ok(created.clone())
    );
    let text = created[0].to_string();
    assert_eq!((text.len(), &text[14..15]), (36, "7"));
    assert_eq!(text.parse::<SessionHandle>(), Ok(created[0]));
}

#[async_test]
async fn expired_sessions_are_not_listed_found_or_refreshed() {
    let server = Server::start().await;
    let tokens = create(&server, "ada").await;
    server
        .clock
        .advance(Duration::from_secs(100 * 24 * 60 * 60));
    let sessions = server.sessions();
    assert_eq!(sessions.handles(&"ada".to_owned()).await, Ok(vec![]));
    assert_eq!(sessions.info(tokens.handle()).await, Ok(None));
    assert!(
        sessions
            .refresh(tokens.refresh_token().expect("a token"))
            .await
            .is_err()
    );
}

#[async_test]
async fn revoking_writes_the_feed_in_the_same_transaction() {
    let server = Server::start().await;
    let tokens = create(&server, "ada").await;
    // The feed refuses, so the deletion must not happen either.
    server
        .database()
        .refuse_inserts("session_revocation", "TRUE");
    assert!(server.sessions().revoke(tokens.handle()).await.is_err());
    assert!(
        server
            .sessions()
            .revoke_all(&"ada".to_owned())
            .await
            .is_err()
    );
    assert_eq!(server.database().sessions(), 1);

    server.database().allow_inserts("session_revocation");
    assert_eq!(server.sessions().revoke(tokens.handle()).await, Ok(true));
    assert_eq!(server.database().sessions(), 0);
    assert_eq!(
        server
            .database()
            .number("SELECT count(*) AS value FROM session_revocation"),
        1
    );
}

#[async_test]
async fn theft_ends_the_session_and_writes_the_feed_in_one_transaction() {
    let server = Server::start().await;
    let first = create(&server, "ada").await;
    let second = server
        .sessions()
        .refresh(first.refresh_token().expect("a token"))
        .await
        .expect("tokens");
    server.clock.advance(Duration::from_secs(120));
    server
        .sessions()
        .refresh(second.refresh_token().expect("a token"))
        .await
        .expect("tokens");

    server
        .database()
        .refuse_inserts("session_revocation", "TRUE");
    let replay = server
        .sessions()
        .refresh(first.refresh_token().expect("a token"))
        .await;
    assert_eq!(replay.map(drop), Err(session_runtime::Error::Unavailable));
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn sqlite_no_token_is_ever_on_the_disk() {
    let server = Server::start().await;
    let first = create(&server, "ada").await;
    let second = server
        .sessions()
        .refresh(first.refresh_token().expect("a token"))
        .await
        .expect("tokens");
    server.clock.advance(Duration::from_secs(120));
    let third = server
        .sessions()
        .refresh(second.refresh_token().expect("a token"))
        .await
        .expect("tokens");

    let contents = server.database().contents();
    let holds = |needle: &[u8]| {
        contents
            .windows(needle.len())
            .any(|window| window == needle)
    };
    // The search itself works: the user id is there.
    assert!(holds(b"ada"));
    for tokens in [&first, &second, &third] {
        let refresh = tokens.refresh_token().expect("a token");
        let bytes = URL_SAFE_NO_PAD.decode(&refresh[3..]).expect("base64url");
        let secret = &bytes[22..54];
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!holds(refresh.as_bytes()) && !holds(secret) && !holds(hex.as_bytes()));
        let signature = tokens
            .access_token()
            .rsplit('.')
            .next()
            .expect("a signature");
        assert!(
            !holds(signature.as_bytes())
                && !holds(&URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
        );
    }
}

#[async_test]
async fn sqlite_the_file_is_in_wal_mode_and_sound() {
    let server = Server::start().await;
    create(&server, "ada").await;
    let mut database = server.database();
    assert_eq!(
        database.text("SELECT journal_mode AS value FROM pragma_journal_mode"),
        "wal"
    );
    assert_eq!(
        database.text("SELECT integrity_check AS value FROM pragma_integrity_check"),
        "ok"
    );
    assert_eq!(
        database.number("SELECT version AS value FROM session_schema"),
        4
    );
    let foreign = "SELECT count(*) AS value FROM sqlite_schema WHERE name NOT LIKE 'session_%' AND name NOT LIKE 'sqlite_%'";
    assert_eq!(
        database.number(foreign),
        0,
        "every table and index is prefixed"
    );
}

#[async_test]
async fn a_row_that_somebody_broke_is_a_dead_session_and_harms_no_other() {
    for damage in [
        "parent_hash = 00",
        "children = 0102",
        "payload = 'no JSON'",
        "payload = '[]'",
        "generation = -1",
        "created_at = 9223372036854775807",
    ] {
        let server = Server::start().await;
        let (broken, sound) = (
            create(&server, "broken").await,
            create(&server, "sound").await,
        );
        let mut database = server.database();
        let damage = match damage.split_once(" = 0") {
            Some((column, hex)) => format!("{column} = {}", database.blob(&format!("0{hex}"))),
            None => damage.to_owned(),
        };
        database.execute(&format!(
            "UPDATE session_info SET {damage} WHERE user_id = 'broken'"
        ));
        let refreshed = server
            .sessions()
            .refresh(broken.refresh_token().expect("a token"))
            .await;
        let gone = session_runtime::Error::Unauthorised;
        assert_eq!(refreshed.map(drop), Err(gone), "{damage}");
        assert_eq!(server.sessions().info(broken.handle()).await, Ok(None));
        assert!(
            server
                .sessions()
                .refresh(sound.refresh_token().expect("a token"))
                .await
                .is_ok()
        );
    }
}
