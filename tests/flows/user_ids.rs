//! User ids keep their types: in the guard, in `handles`, in `revoke_all`.

use std::fmt::Debug;

use rocket::{async_test, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::new_session::GoesWith;
use session_runtime::token::Transport;
use session_runtime::{JwtPayload, NewSession, Session, UserId, login};
use session_tests::Server;
use session_tests::body::{OK, SIGN_IN_AGAIN};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, UserId)]
struct Account(u64);

#[derive(Debug, Clone, PartialEq, UserId)]
struct Tenant {
    owner: Account,
}

macro_rules! payloads {
    ($($claims:ident $me:ident $log_in:ident $id:ty;)*) => {$(
        #[derive(Serialize, Deserialize, JwtPayload)]
        #[session(user_id = $id)]
        struct $claims {}

        #[get("/")]
        fn $me(session: Session<$claims>) -> String {
            let id: &$id = session.user_id();
            format!("{id:?}")
        }

        #[login]
        #[post("/<id>")]
        fn $log_in(id: &str) -> Option<($id, $claims, ())> {
            Some((<$id>::from_claim(id)?, $claims {}, ()))
        }
    )*};
}

payloads! {
    OfText text log_in_text String;
    OfNumber number log_in_number u64;
    OfSigned signed log_in_signed i64;
    OfUuid uuid_id log_in_uuid Uuid;
    OfAccount account log_in_account Account;
    OfTenant tenant log_in_tenant Tenant;
}

async fn server() -> Server {
    Server::builder()
        .rocket(|rocket| {
            rocket
                .mount("/text", routes![text, log_in_text])
                .mount("/number", routes![number, log_in_number])
                .mount("/signed", routes![signed, log_in_signed])
                .mount("/uuid", routes![uuid_id, log_in_uuid])
                .mount("/account", routes![account, log_in_account])
                .mount("/tenant", routes![tenant, log_in_tenant])
        })
        .start()
        .await
}

/// Starts a session, reads the id back in the guard at `path`, lists and ends the session by it.
async fn round_trip<P>(server: &Server, path: &str, id: P::UserId, payload: P)
where
    P: JwtPayload<Data = ()>,
    P::UserId: Debug + Clone,
    (P::UserId, ()): GoesWith<P>,
{
    let new = NewSession::new(id.clone(), payload, ());
    let created = server.sessions().create(new, Transport::Header).await;
    let tokens = created.expect("a session");
    let mut browser = server.browser().with_bearer(tokens.access_token());
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
async fn a_login_names_its_user_and_ending_a_users_sessions_ends_no_others() {
    let server = server().await;
    let uuid = [Uuid::from_u128(7), Uuid::from_u128(8)];
    let names = uuid.map(|id| id.to_string());
    both(
        &server,
        "/text",
        ["ada", "bob"],
        ["ada", "bob"].map(str::to_owned),
    )
    .await;
    both(&server, "/number", ["1", "2"], [1_u64, 2]).await;
    // The text of the first begins the text of the second: names are compared whole.
    both(&server, "/signed", ["-3", "-33"], [-3_i64, -33]).await;
    both(&server, "/uuid", [&names[0], &names[1]], uuid).await;
    both(&server, "/account", ["4", "5"], [Account(4), Account(5)]).await;
    let tenants = [6, 66].map(|id| Tenant { owner: Account(id) });
    both(&server, "/tenant", ["6", "66"], tenants).await;
}

/// Logs two users in, the first one twice, and ends the first one's sessions.
async fn both<U: UserId + Debug>(server: &Server, path: &str, names: [&str; 2], ids: [U; 2]) {
    let mut browsers = [server.browser(), server.browser(), server.browser()];
    for (browser, user) in browsers.iter_mut().zip([0, 1, 0]) {
        let answer = browser.post(&format!("{path}/{}", names[user])).await;
        answer.expect(200, OK);
        let id = format!("{:?}", ids[user]);
        browser.get(path).await.expect(200, &id);
    }
    let handles = server.sessions().handles(&ids[0]).await;
    let ended = server.sessions().revoke_all(&ids[0]).await;
    assert_eq!(handles.as_ref().map(Vec::len), Ok(2), "{path}");
    let sorted = |handles: Vec<_>| std::collections::BTreeSet::from_iter(handles);
    assert_eq!(ended.map(sorted), handles.map(sorted));
    for (browser, status) in browsers.iter_mut().zip([401, 200, 401]) {
        assert_eq!(browser.get(path).await.status, status, "{path}");
    }
    // What was typed and what was read are one user.
    let again = U::from_claim(names[1]).expect("an id");
    assert_eq!(
        server
            .sessions()
            .revoke_all(&again)
            .await
            .map(|ended| ended.len()),
        Ok(1)
    );
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
            .create(
                NewSession::new(id.to_owned(), OfText {}, ()),
                Transport::Header,
            )
            .await
            .expect("a session");
        let mut browser = server.browser().with_bearer(tokens.access_token());
        for path in ["/number", "/account", "/tenant"] {
            let answer = browser.clone().get(path).await;
            answer.expect(403, SIGN_IN_AGAIN).expect_untouched();
        }
        // Nor does anybody log in under it: it would be a second name of a user, or of none.
        let path = format!("/number/{}", id.replace(' ', "%20"));
        assert_eq!(server.browser().post(&path).await.status, 401, "{path}");
        assert_eq!(browser.get("/text").await.status, 200);
    }
    // A braced or upper-case UUID would be a second name of the same user.
    let id = Uuid::from_u128(0xabc);
    let upper = id.to_string().to_uppercase();
    for name in [id.braced().to_string(), id.simple().to_string(), upper] {
        let tokens = server
            .sessions()
            .create(NewSession::new(name, OfText {}, ()), Transport::Header)
            .await
            .expect("a session");
        let mut browser = server.browser().with_bearer(tokens.access_token());
        assert_eq!(browser.get("/uuid").await.status, 403);
    }
}
