//! Two types of one name.

use rocket::error::ErrorKind;

use session_runtime::NewSession;
use session_runtime::token::Transport;

use super::*;

/// A type of the name of another one.
mod twins {
    use super::*;

    #[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
    #[session(data = Notes)]
    pub(super) struct Claims {
        pub(super) name: String,
    }

    /// One that takes over what still exists.
    #[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
    #[session(data = Notes, was = "Claims")]
    pub(super) struct Heir {
        pub(super) name: String,
    }

    #[get("/shared")]
    pub(super) fn guarded(session: Session<Claims>) -> String {
        session.payload().name.clone()
    }

    #[get("/inherited")]
    pub(super) fn inherited(session: CrossSite<MaybeSession<Heir>>) -> String {
        format!(
            "{:?}",
            session.as_ref().map(|session| &session.payload().name)
        )
    }

    #[login]
    #[post("/shared-login")]
    pub(super) fn log_in() -> (String, Claims, Notes) {
        let name = "Eve".to_owned();
        ("eve".into(), Claims { name }, Notes::default())
    }
}

#[async_test]
async fn two_types_of_one_name_stop_the_launch() {
    for routes in [routes![twins::guarded], routes![twins::inherited]] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("test.db");
        let rocket = Server::builder().on_file(file).build();
        let log = Log::start();
        let launched = rocket.mount("/", routes).ignite().await;
        let stopped = launched.expect_err("two types of one name");
        assert!(matches!(stopped.kind(), ErrorKind::SentinelAborts(_)));
        log.expect(&["payload_name_shared", "name=\"Claims\""]);
        log.expect(&["session_tests::app::Claims", "#[session(name = \"..\")]"]);
    }
}

/// No guard names the type of a login.
#[async_test]
async fn a_login_of_a_second_type_of_one_name_is_an_error() {
    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![twins::log_in]))
        .start()
        .await;
    let log = Log::start();
    let answer = server
        .browser()
        .send(Method::Post, "/shared-login", None)
        .await;
    answer.expect(500, BROKEN).expect_untouched();
    log.expect(&["payload_name_shared", "name=\"Claims\""]);
    assert_eq!(server.database().sessions(), 0);

    // By hand as well.
    let sessions = server.sessions();
    let new = || {
        let heir = twins::Heir { name: "Eve".into() };
        NewSession::new("eve".to_owned(), heir, Notes::default())
    };
    let created = sessions.create(new(), Transport::Header).await;
    assert!(matches!(created, Err(Error::General(_))), "{created:?}");
    let created = server
        .database()
        .within(sessions, |within| within.create(new(), Transport::Cookie));
    assert!(matches!(created, Err(Error::General(_))), "{created:?}");
    assert_eq!(server.database().sessions(), 0);
}
