//! What a deploy may do to a payload type: another name, another field, another kind of user id.

use super::*;

/// A deploy in which a struct got another name.
mod renamed {
    use super::*;

    #[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
    #[session(data = Notes, name = "Employee", was = "Staff", was = "Clerk")]
    pub(super) struct Person {
        pub(super) name: String,
    }

    #[get("/person")]
    pub(super) fn person(session: Session<Person>) -> String {
        session.payload().name.clone()
    }

    #[post("/rename")]
    pub(super) async fn rename(mut session: Session<Person>) -> Result<(), Error> {
        session.update_payload(|person| person.name.push('!')).await
    }

    #[login]
    #[post("/person-login")]
    pub(super) fn log_in() -> (String, Person, Notes) {
        let name = "Heidi".to_owned();
        ("heidi".into(), Person { name }, Notes::default())
    }
}

#[async_test]
async fn a_renamed_type_takes_the_sessions_of_its_former_names() {
    let before = Server::builder().rocket(all).start().await;
    let mut grace = before.browser();
    grace.post("/staff-login").await;
    let handle = before.sessions().handles("grace").await.expect("handles")[0];

    let after = before
        .beside()
        .rocket(|rocket| {
            rocket.mount(
                "/",
                routes![renamed::person, renamed::rename, renamed::log_in],
            )
        })
        .start()
        .await;
    let mut there = after.browser().with_jar(grace.jar());
    there.get("/person").await.expect(200, "Grace");
    // Its name stays, so that a version that is still running takes it too.
    there.post("/rename").await.expect(200, "");
    there.refresh().await.expect(200, "{}");
    there.get("/person").await.expect(200, "Grace!");
    assert_eq!(stored_type(&after, handle), "Staff");
    let mut back = before.browser().with_jar(there.jar());
    back.get("/staff").await.expect(200, "Grace! 3");

    let mut heidi = after.browser();
    heidi.post("/person-login").await;
    let handle = after.sessions().handles("heidi").await.expect("handles")[0];
    assert_eq!(stored_type(&after, handle), "Employee");
    let mut elsewhere = before.browser().with_jar(heidi.jar());
    elsewhere
        .get("/staff")
        .await
        .expect(403, SIGN_IN_AGAIN)
        .expect_untouched();
}

/// A deploy in which a struct got another field.
mod later {
    use super::*;

    #[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
    #[session(data = Notes)]
    pub(super) struct Staff {
        pub(super) name: String,
        pub(super) room: u16,
    }

    #[get("/room")]
    pub(super) fn room(session: Session<Staff>) -> String {
        format!("{} {}", session.payload().name, session.payload().room)
    }

    #[get("/maybe-room")]
    pub(super) fn maybe_room(session: MaybeSession<Staff>) -> &'static str {
        session.as_ref().map_or("visitor", |_| "staff")
    }

    #[post("/move-in")]
    pub(super) async fn move_in(mut session: Session<Staff>) -> Result<(), Error> {
        session.update_payload(|staff| staff.room += 1).await
    }
}

#[async_test]
async fn a_payload_that_no_longer_fits_ends_in_a_login_and_not_in_a_refresh_loop() {
    let before = Server::builder().rocket(all).start().await;
    let mut grace = before.browser();
    grace.post("/staff-login").await;
    let handle = before.sessions().handles("grace").await.expect("handles")[0];
    let after = before
        .beside()
        .rocket(|rocket| rocket.mount("/", routes![later::room, later::maybe_room, later::move_in]))
        .start()
        .await;
    let mut there = after.browser().with_jar(grace.jar());
    let log = Log::start();
    let answer = there.get("/room").await;
    answer.expect(403, SIGN_IN_AGAIN).expect_untouched();
    log.expect(&[
        "payload_mismatch",
        "found=\"Staff\"",
        "missing field `room`",
    ]);
    there.refresh().await.expect(200, "{}");
    there.get("/room").await.expect(403, SIGN_IN_AGAIN);
    there.post("/move-in").await.expect(403, SIGN_IN_AGAIN);
    // Nor does a login page lock anybody out.
    let answer = there.get("/maybe-room").await;
    answer.expect(200, "visitor").expect_untouched();

    // A merge can mend it.
    let room = json!({ "room": 7 }).as_object().expect("an object").clone();
    let merged = after
        .sessions()
        .merge_payload::<later::Staff>(handle, room)
        .await;
    assert_eq!(merged, Ok(true));
    there.refresh().await.expect(200, "{}");
    there.get("/room").await.expect(200, "Grace 7");
    // Whoever did not wait for the refresh has the other servers still.
    grace.get("/staff").await.expect(200, "Grace 3");
}

/// A deploy in which users got numbers.
mod numbered {
    use super::*;

    #[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
    #[session(user_id = u64, data = Notes)]
    pub(super) struct Staff {
        pub(super) name: String,
    }

    #[get("/numbered")]
    pub(super) fn guarded(session: Session<Staff>) -> String {
        format!("{} {}", session.user_id(), session.payload().name)
    }
}

#[async_test]
async fn a_user_id_that_no_longer_fits_is_no_other_users() {
    let before = Server::builder().rocket(all).start().await;
    let mut grace = before.browser();
    grace.post("/staff-login").await;
    let after = before
        .beside()
        .rocket(|rocket| rocket.mount("/", routes![numbered::guarded]))
        .start()
        .await;
    let mut there = after.browser().with_jar(grace.jar());
    let answer = there.get("/numbered").await;
    answer.expect(403, SIGN_IN_AGAIN).expect_untouched();
    grace.get("/staff").await.expect(200, "Grace 3");
}
