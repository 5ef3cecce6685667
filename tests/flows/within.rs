//! Changes of sessions that commit or roll back with the application's own transaction.

use rocket::async_test;
use serde_json::{Value, json};
use session_runtime::sessions::Within;
use session_runtime::token::Transport;
use session_runtime::{Error, JwtPayload, NewSession, SessionHandle};
use session_tests::app::{Claims, Notes};
use session_tests::{Failure, Server};

async fn follow(server: &Server) {
    server
        .sessions()
        .read_revocations_now()
        .await
        .expect("an answer");
}

fn login(user: &str) -> NewSession {
    let notes = Notes::default();
    NewSession::new(user.to_owned(), Claims { name: "Ada".into() }, notes)
}

fn changes(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().expect("an object").clone()
}

#[async_test]
async fn what_the_application_commits_counts() {
    let server = Server::start().await;
    let (mut laptop, mut phone, mut bob) = (server.browser(), server.browser(), server.browser());
    laptop.log_in("ada").await;
    server.clock.advance(std::time::Duration::from_millis(1));
    phone.log_in("ada").await;
    bob.log_in("bob").await;
    let (kept, other, bobs) = (
        laptop.handle().await,
        phone.handle().await,
        bob.handle().await,
    );
    let created = server.database().within(server.sessions(), |within| {
        assert_eq!(within.revoke_others("ada", kept), Ok(vec![other]));
        assert_eq!(within.revoke(bobs), Ok(true));
        assert_eq!(within.revoke(bobs), Ok(false));
        let notes = Notes {
            text: "second".into(),
        };
        within.set_data::<Claims>(kept, &notes)?;
        within.merge_payload::<Claims>(kept, changes(&json!({ "name": "Augusta" })))?;
        within.create(login("eve"), Transport::Cookie)
    });
    let tokens = created.expect("a session").after_commit();
    let tokens = tokens.expect("a file that is there");
    follow(&server).await;

    assert_eq!(phone.get("/me").await.status, 401);
    assert_eq!(bob.get("/me").await.status, 401);
    assert_eq!(laptop.get("/notes").await.json()["text"], "second");
    laptop.refresh().await.expect(200, "{}");
    assert_eq!(laptop.get("/me").await.json()["name"], "Augusta");
    let refreshed = server
        .sessions()
        .refresh(tokens.refresh_token().expect("a token"))
        .await;
    assert!(refreshed.is_ok());
    assert_eq!(server.database().sessions(), 2);
}

#[async_test]
async fn what_the_application_rolls_back_did_not_happen() {
    let server = Server::start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let session = ada.handle().await;
    let before = server.sessions().info(session).await;
    let rolled_back: Result<(), Error> = server.database().within(server.sessions(), |within| {
        let notes = Notes {
            text: "second".into(),
        };
        within.set_data::<Claims>(session, &notes)?;
        within.merge_payload::<Claims>(session, changes(&json!({ "name": "Augusta" })))?;
        let created = within.create(login("eve"), Transport::Cookie)?;
        assert_eq!(within.revoke_all("ada"), Ok(vec![session]));
        assert_eq!(within.revoke(created.handle()), Ok(true));
        Err(Error::General("the application's own reason".into()))
    });
    assert!(rolled_back.is_err());
    follow(&server).await;

    assert_eq!(server.sessions().info(session).await, before);
    assert_eq!(ada.get("/me").await.status, 200);
    ada.refresh().await.expect(200, "{}");
    assert_eq!(server.database().sessions(), 1);
    let feed = "SELECT count(*) AS value FROM session_revocation";
    assert_eq!(server.database().number(feed), 0);
}

/// What the application does not find is not a failure of ours, and the other way round.
#[async_test]
async fn the_application_chooses_the_error_of_its_transaction() {
    let server = Server::start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let session = ada.handle().await;
    let mut database = server.database();
    let own = database.transaction::<(), Failure>(server.sessions(), |within| {
        assert_eq!(within.revoke(session), Ok(true));
        Err(diesel::result::Error::NotFound.into())
    });
    let not_found = Failure::Database(diesel::result::Error::NotFound);
    assert_eq!(own, Err(not_found));
    let ours = database.transaction::<(), Failure>(server.sessions(), |within| {
        assert_eq!(within.revoke(session), Ok(true));
        let merged = changes(&json!({ "sub": "eve" }));
        within.merge_payload::<Claims>(session, merged)?;
        Ok(())
    });
    // Its session is gone within the transaction: nothing to merge into, and that is committed.
    assert_eq!(ours, Ok(()));
    let ours = database.transaction::<(), Failure>(server.sessions(), |within| {
        within.create(login(""), Transport::Cookie).map(drop)?;
        Ok(())
    });
    assert!(
        matches!(&ours, Err(Failure::Session(Error::General(cause))) if cause.contains("user id")),
        "{ours:?}"
    );
}

#[async_test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let session = ada.handle().await;
    let before = server.sessions().info(session).await;
    let try_it = |body: &dyn Fn(&mut Within<'_>) -> Result<(), Error>| {
        // Committed all the same: a refusal has written nothing.
        let within = |within: &mut Within<'_>| Ok(body(within));
        server
            .database()
            .within(server.sessions(), within)
            .expect("a commit")
    };
    let merge =
        |value: Value| move |within: &mut Within<'_>| merge::<Claims>(within, session, &value);
    assert_eq!(
        try_it(&merge(json!({ "sub": "eve" }))),
        Err(Error::ReservedClaim { name: "sub".into() })
    );
    for unfit in [json!({ "name": 7 }), json!({ "name": null })] {
        assert!(matches!(
            try_it(&merge(unfit)),
            Err(Error::Unstorable { field, .. }) if field == "payload.name" || field == "payload"
        ));
    }
    let too_large = |within: &mut Within<'_>| {
        let claims = Claims {
            name: "x".repeat(4096),
        };
        let session = NewSession::new("eve".to_owned(), claims, Notes::default());
        within.create(session, Transport::Cookie).map(drop)
    };
    assert!(matches!(
        try_it(&too_large),
        Err(Error::PayloadTooLarge { .. })
    ));
    assert_eq!(server.sessions().info(session).await, before);
    assert_eq!(server.database().sessions(), 1);

    assert_eq!(try_it(&|within| within.revoke(session).map(drop)), Ok(()));
    let notes = Notes::default();
    let is_found = |found: &dyn Fn(&mut Within<'_>) -> Result<bool, Error>| {
        let database = server
            .database()
            .within(server.sessions(), |within| found(within));
        database.expect("an answer")
    };
    assert!(!is_found(
        &|within| within.set_data::<Claims>(session, &notes)
    ));
    assert!(!is_found(&|within| {
        within.update_data::<Claims>(session, |notes| notes.text.clear())
    }));
    assert!(!is_found(&|within| {
        within.update_payload::<Claims>(session, |claims| claims.name.clear())
    }));
    assert!(!is_found(&|within| {
        within.merge_payload::<Claims>(session, changes(&json!({})))
    }));
}

fn merge<P: JwtPayload>(
    within: &mut Within<'_>,
    session: SessionHandle,
    value: &Value,
) -> Result<(), Error> {
    within.merge_payload::<P>(session, changes(value)).map(drop)
}

#[async_test]
async fn users_are_told_apart_byte_for_byte_and_no_id_is_cut() {
    let server = Server::start().await;
    let create = |user: &str| {
        let within =
            |within: &mut Within<'_>| within.create(login(user), Transport::Cookie).map(drop);
        server.database().within(server.sessions(), within)
    };
    let longest = "\u{10348}".repeat(32);
    for user in ["ada", "Ada", "ada ", "ad\u{e1}", &longest] {
        assert_eq!(create(user), Ok(()));
    }
    for user in ["", "a\0da", "\0", &"x".repeat(129), &format!("{longest}x")] {
        assert!(matches!(create(user), Err(Error::General(_))), "{user:?}");
    }
    let sessions = server.sessions();
    for user in ["ada", "Ada", "ada ", "ad\u{e1}", &longest] {
        assert_eq!(
            sessions.handles(user).await.map(|found| found.len()),
            Ok(1),
            "{user:?}"
        );
    }
    for user in ["a\0da", "ADA", "ada  ", ""] {
        assert_eq!(sessions.handles(user).await, Ok(vec![]));
        assert_eq!(sessions.revoke_all(user).await, Ok(vec![]));
    }
}

#[async_test]
async fn texts_come_back_as_they_were() {
    let server = Server::start().await;
    let odd = "nul \0, quote ' \" \\, \u{10348} \u{feff} \u{e1} a\u{301} \r\n end ";
    let (claims, notes) = (Claims { name: odd.into() }, Notes { text: odd.into() });
    let created = server
        .sessions()
        .create(
            NewSession::new(odd.replace('\0', ""), claims, notes),
            Transport::Header,
        )
        .await;
    let (sessions, handle) = (server.sessions(), created.expect("a session").handle());
    let info = sessions.info(handle).await;
    let info = info.expect("an answer").expect("a session");
    let data = sessions.data::<Claims>(handle).await;
    let data = data.expect("an answer").expect("a session");
    assert_eq!(info.user_id, odd.replace('\0', ""));
    assert_eq!(
        (info.payload["name"].as_str(), &*data.text),
        (Some(odd), odd)
    );
}

/// Nothing tries again there, so the log says it at once.
#[async_test]
async fn a_change_that_fails_within_the_transaction_is_an_event() {
    let server = Server::start().await;
    let mut database = server.database();
    database.refuse_inserts("session_info", "NEW.user_id = 'eve'");
    let log = session_tests::Log::start();
    let created = database.within(server.sessions(), |within| {
        within.create(login("eve"), Transport::Cookie)
    });
    assert!(matches!(created, Err(Error::Unavailable)));
    log.expect(&["ERROR", "event=\"transaction_failed\"", "cause=\""]);
}
