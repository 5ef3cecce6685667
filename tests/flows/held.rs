//! Requests that are under way while their session ends elsewhere.

use rocket::http::Method;
use rocket::tokio::sync::Notify;
use rocket::{State, async_test, put, routes};
use session_runtime::{Error, Session};
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::body::{OK, UNAUTHORISED};

/// Holds a request between its guard and its write.
#[derive(Default)]
struct Gate {
    reached: Notify,
    opened: Notify,
}

/// Writes once the gate opens; `forgiving` answers whatever became of it.
#[put("/held/<what>?<forgiving>")]
async fn held(
    mut session: Session<Claims>,
    what: &str,
    forgiving: bool,
    gate: &State<Gate>,
) -> Result<(), Error> {
    gate.reached.notify_one();
    gate.opened.notified().await;
    let written = match what {
        "payload" => session.update_payload(|claims| claims.name.clear()).await,
        "merge" => session.merge_payload(serde_json::Map::new()).await,
        "data" => session.set_data(&Notes::default()).await,
        _ => session.update_data(|_| ()).await.map(drop),
    };
    if forgiving { Ok(()) } else { written }
}

/// A request is under way while another one signs out: its write finds no session, and revives
/// none.
#[async_test]
async fn a_write_that_was_under_way_does_not_revive_a_session() {
    let server = Server::builder()
        .rocket(|rocket| rocket.manage(Gate::default()).mount("/p", routes![held]))
        .start()
        .await;
    let gate: &Gate = server.state();
    for what in ["payload", "merge", "data", "update"] {
        for forgiving in [false, true] {
            for mut browser in [server.browser(), server.browser().in_header_mode()] {
                browser.log_in("ada").await;
                let path = format!("/p/held/{what}?forgiving={forgiving}");
                let write = browser.send_only(Method::Put, &path, None);
                let sign_out = async {
                    gate.reached.notified().await;
                    let mut tab = browser.clone();
                    tab.sign_out().await.expect(200, OK);
                    gate.opened.notify_one();
                };
                let (answer, ()) = rocket::tokio::join!(write, sign_out);
                if forgiving {
                    answer.expect(200, "");
                } else {
                    answer.expect(401, UNAUTHORISED);
                    assert_ne!(answer.all("set-cookie").count(), 1);
                }
                assert_eq!(server.database().sessions(), 0);
                let refreshed = browser.clone().refresh().await;
                refreshed.expect(401, UNAUTHORISED);
                browser.get("/me").await.expect(401, UNAUTHORISED);
            }
        }
    }
}
