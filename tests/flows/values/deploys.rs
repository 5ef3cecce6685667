//! A deploy that changes the type of the session data.

use rocket::serde::json::{Json, Value, json};
use rocket::{async_test, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{Error, JwtPayload, Session, login};
use session_tests::body::{BROKEN, OK};
use session_tests::{Log, Server};

mod before {
    use super::*;

    #[derive(Serialize, Deserialize, JwtPayload)]
    #[session(name = "Buyer", data = Cart)]
    pub(super) struct Buyer {}

    #[derive(Serialize, Deserialize)]
    pub(super) struct Cart {
        pub(super) items: Vec<String>,
    }

    #[login]
    #[post("/buy")]
    pub(super) fn buy() -> (String, Buyer, Cart) {
        let items = vec!["the secret tea".to_owned()];
        ("ada".into(), Buyer {}, Cart { items })
    }
}

mod after {
    use super::*;

    /// Reads nothing but its own form.
    #[derive(Serialize, Deserialize, JwtPayload)]
    #[session(name = "Buyer", data = Cart)]
    pub(super) struct Buyer {}

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(super) struct Cart {
        pub(super) items: Vec<Item>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Item {
        pub(super) name: String,
        pub(super) count: u32,
    }

    #[get("/cart")]
    pub(super) async fn cart(session: Session<Buyer>) -> Result<Json<Cart>, Error> {
        session.data().await.map(Json)
    }

    #[post("/empty")]
    pub(super) async fn empty(session: Session<Buyer>) -> Result<(), Error> {
        session
            .update_data(|cart| cart.items.clear())
            .await
            .map(drop)
    }

    #[post("/anew")]
    pub(super) async fn anew(session: Session<Buyer>) -> Result<Json<Cart>, Error> {
        if let Err(Error::DataMismatch { .. }) = session.data().await {
            session.set_data(&Cart::default()).await?;
        }
        session.data().await.map(Json)
    }
}

mod converting {
    use super::after::Item;
    use super::*;

    /// Reads both forms.
    #[derive(Serialize, Deserialize, JwtPayload)]
    #[session(name = "Buyer", data = Cart)]
    pub(super) struct Buyer {}

    #[derive(Serialize, Deserialize)]
    #[serde(from = "Stored")]
    pub(super) struct Cart {
        items: Vec<Item>,
        currency: String,
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Now {
            items: Vec<Item>,
            #[serde(default = "euro")]
            currency: String,
        },
        Before {
            items: Vec<String>,
        },
    }

    fn euro() -> String {
        "EUR".into()
    }

    impl From<Stored> for Cart {
        fn from(stored: Stored) -> Self {
            match stored {
                Stored::Now { items, currency } => Self { items, currency },
                Stored::Before { items } => {
                    let item = |name| Item { name, count: 1 };
                    let items = items.into_iter().map(item).collect();
                    let currency = euro();
                    Self { items, currency }
                }
            }
        }
    }

    #[post("/more")]
    pub(super) async fn more(session: Session<Buyer>) -> Result<Json<Cart>, Error> {
        let more = |cart: &mut Cart| cart.items[0].count += 1;
        session.update_data(more).await.map(Json)
    }
}

#[async_test]
async fn data_of_a_former_type_is_an_error_of_its_own_until_it_is_overwritten() {
    let log = Log::start();
    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![before::buy]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.post("/buy").await.expect(200, OK);
    let jar = browser.jar();
    let server = server
        .restart()
        .rocket(|rocket| rocket.mount("/", routes![after::cart, after::empty, after::anew]))
        .start()
        .await;
    let mut browser = server.browser().with_jar(jar);
    let stored = || {
        let mut database = server.database();
        database.text("SELECT data AS value FROM session_info")
    };
    let before = stored();
    browser
        .get("/cart")
        .await
        .expect(500, BROKEN)
        .expect_untouched();
    browser.post("/empty").await.expect(500, BROKEN);
    assert_eq!(stored(), before, "nothing is lost");
    log.expect(&["data.items[0]", "invalid type", "set_data"]);
    assert!(!log.text().contains("secret tea"));

    let sessions = server.sessions();
    let handle = sessions.handles("ada").await.expect("handles")[0];
    let read = sessions.data::<after::Buyer>(handle).await;
    let Err(Error::DataMismatch { field, reason }) = read else {
        panic!("{read:?}");
    };
    assert_eq!((&*field, reason.contains("Item")), ("data.items[0]", true));
    let updated = server.database().within(sessions, |within| {
        within.update_data::<after::Buyer>(handle, |_| ())
    });
    assert!(matches!(updated, Err(Error::DataMismatch { .. })));
    assert_eq!(stored(), before);

    let emptied = browser.post("/anew").await;
    emptied.expect(200, r#"{"items":[]}"#);
    browser.get("/cart").await.expect(200, r#"{"items":[]}"#);
    browser.post("/empty").await.expect(200, "");
}

#[async_test]
async fn a_type_that_reads_its_former_form_goes_on() {
    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![before::buy]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.post("/buy").await.expect(200, OK);
    let jar = browser.jar();
    let server = server
        .restart()
        .rocket(|rocket| rocket.mount("/", routes![converting::more]))
        .start()
        .await;
    let mut browser = server.browser().with_jar(jar);
    for count in [2, 3] {
        let cart: Value = browser.post("/more").await.json();
        let item = json!({ "name": "the secret tea", "count": count });
        assert_eq!(cart, json!({ "items": [item], "currency": "EUR" }));
    }
}
