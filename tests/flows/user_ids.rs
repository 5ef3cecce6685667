//! User ids keep their types: in the guard, in `handles`, in `revoke_all`.

use std::fmt::Debug;

use rocket::{async_test, get, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Session, UserId};
use session_tests::Server;
use session_tests::browser::ACCESS;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, UserId)]
struct Account(u64);

#[derive(Debug, Clone, PartialEq, UserId)]
struct Tenant {
    owner: Account,
}

macro_rules! payloads {
    ($($claims:ident $me:ident $id:ty;)*) => {$(
        #[derive(Serialize, Deserialize, JwtPayload)]
        #[session(user_id = $id)]
        struct $claims {}

        #[get("/")]
        fn $me(session: Session<$claims>) -> String {
            format!("{:?}", session.user_id())
        }
    )*};
}

payloads! {
    OfText text String;
    OfNumber number u64;
    OfSigned signed i64;
    OfUuid uuid_id Uuid;
    OfAccount account Account;
    OfTenant tenant Tenant;
}

async fn server() -> Server {
    Server::changed(|rocket| {
        rocket
            .mount("/text", routes![text])
            .mount("/number", routes![number])
            .mount("/signed", routes![signed])
            .mount("/uuid", routes![uuid_id])
            .mount("/account", routes![account])
            .mount("/tenant", routes![tenant])
    })
    .await
}

/// Logs in, reads the id back in the guard at `path`, lists and ends the session by it.
async fn round_trip<P>(server: &Server, path: &str, id: P::UserId, payload: P)
where
    P: JwtPayload<Data = ()>,
    P::UserId: Debug,
{
    let tokens = server
        .sessions()
        .create(&id, &payload, &())
        .await
        .expect("a session");
    let mut browser = server.browser();
    browser.plant(ACCESS, tokens.access_token(), "/");
    browser.get(path).await.expect(200, &format!("{id:?}"));
    assert_eq!(
        server.sessions().handles(&id).await,
        Ok(vec![tokens.handle()])
    );
    assert_eq!(
        server.sessions().revoke_all(&id).await,
        Ok(vec![tokens.handle()])
    );
    assert_eq!(browser.get(path).await.status, 401);
}

#[async_test]
async fn each_kind_of_user_id_comes_back_as_it_was() {
    let server = server().await;
    round_trip(&server, "/text", "ada".to_owned(), OfText {}).await;
    round_trip(&server, "/number", u64::MAX, OfNumber {}).await;
    round_trip(&server, "/signed", i64::MIN, OfSigned {}).await;
    round_trip(&server, "/uuid", Uuid::from_u128(7), OfUuid {}).await;
    round_trip(&server, "/account", Account(7), OfAccount {}).await;
    round_trip(
        &server,
        "/tenant",
        Tenant { owner: Account(8) },
        OfTenant {},
    )
    .await;
}

#[async_test]
async fn an_id_of_another_type_is_another_users() {
    let server = server().await;
    for id in [
        "ada",
        "-1",
        "+7",
        "007",
        "7.0",
        " 7",
        "18446744073709551616",
    ] {
        let tokens = server
            .sessions()
            .create(&id.to_owned(), &OfText {}, &())
            .await
            .expect("a session");
        let mut browser = server.browser();
        browser.plant(ACCESS, tokens.access_token(), "/");
        let answer = browser.clone().get("/number").await;
        answer
            .expect(401, r#"{"message":"unauthorised"}"#)
            .expect_cleared();
        assert_eq!(browser.get("/text").await.status, 200);
    }
    // A braced or upper-case UUID would be a second name of the same user.
    let id = Uuid::from_u128(7);
    for name in [id.braced().to_string(), id.simple().to_string()] {
        let tokens = server
            .sessions()
            .create(&name, &OfText {}, &())
            .await
            .expect("a session");
        let mut browser = server.browser();
        browser.plant(ACCESS, tokens.access_token(), "/");
        assert_eq!(browser.get("/uuid").await.status, 401);
    }
}
