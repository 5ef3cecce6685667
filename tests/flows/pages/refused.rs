//! A wrong password: nobody has lost a session by it, and the form says what is wrong.

use rocket::form::Form;
use rocket::http::{Method, Status};
use rocket::response::Redirect;
use rocket::response::content::RawHtml;
use rocket::{FromForm, async_test, get, post, routes};
use session_runtime::{LocalUrl, Session, catchers, login};
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::body::UNAUTHORISED;

use super::{HTML, LOGIN, OWN, expired, send};

#[derive(FromForm)]
struct Credentials<'r> {
    user: &'r str,
    password: &'r str,
    next: LocalUrl,
}

impl Credentials<'_> {
    fn check(&self) -> Option<(String, Claims, Notes, Redirect)> {
        let claims = Claims { name: "Ada".into() };
        let session = (self.user.to_owned(), claims, Notes::default());
        let (user, claims, notes) = session;
        (self.password == "right").then(|| (user, claims, notes, self.next.to_redirect()))
    }
}

type Again = (Status, RawHtml<String>);

/// The recipe of the guide.
#[login]
#[post("/form", data = "<form>")]
fn form_again(form: Form<Credentials<'_>>) -> Result<(String, Claims, Notes, Redirect), Again> {
    form.check().ok_or_else(|| {
        let next = form.next.as_str();
        let again = format!(
            "<form method=\"post\"><p role=\"alert\">Wrong user name or password.</p>\
             <input name=\"next\" value=\"{next}\"></form>"
        );
        (Status::UnprocessableEntity, RawHtml(again))
    })
}

#[login]
#[post("/none", data = "<form>")]
fn none(form: Form<Credentials<'_>>) -> Option<(String, Claims, Notes, Redirect)> {
    form.check()
}

/// Who is logged in already is told apart, which a guard does that may fail.
#[login]
#[post("/status", data = "<form>")]
fn status(
    session: Option<Session<Claims>>,
    form: Form<Credentials<'_>>,
) -> Result<(String, Claims, Notes, Redirect), Status> {
    let _ = session;
    form.check().ok_or(Status::Unauthorized)
}

#[get("/page")]
fn page(_session: Session<Claims>) {}

async fn server() -> Server {
    Server::builder()
        .rocket(|rocket| {
            rocket
                .mount("/r", routes![form_again, none, status, page])
                .register("/", catchers::pages(LOGIN))
        })
        .start()
        .await
}

#[async_test]
async fn a_wrong_password_loses_no_session_and_says_what_is_wrong() {
    let server = server().await;
    let wrong = [("user", "ada"), ("password", "wrong"), ("next", "/a?b=c")];
    let person = [("Accept", HTML), OWN];
    let mut member = server.browser();
    member.log_in("ada").await;
    for mut browser in [expired(&server).await, server.browser(), member] {
        let answer = send(&mut browser, Method::Post, "/r/form", &person, &wrong).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("Wrong user name") && answer.body.contains("/a?b=c"));
        answer.expect_untouched();

        for path in ["/r/none", "/r/status"] {
            let answer = send(&mut browser, Method::Post, path, &person, &wrong).await;
            assert_eq!(answer.status, 401, "{path}");
            assert!(answer.body.contains("<h1>Not accepted</h1>"), "{answer:?}");
            assert!(answer.body.contains("href=\"/sign-in?by=form\""));
            assert!(!answer.body.contains("has ended"), "{path}");
            answer.expect_untouched();
        }
        let program = [("Accept", "application/json"), OWN];
        let answer = send(&mut browser, Method::Post, "/r/none", &program, &wrong).await;
        answer.expect(401, UNAUTHORISED).expect_untouched();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[async_test]
async fn the_right_password_goes_on_to_the_page_that_was_wanted() {
    let server = server().await;
    let right = [("user", "ada"), ("password", "right"), ("next", "/a?b=c")];
    for path in ["/r/form", "/r/none", "/r/status"] {
        let mut browser = server.browser();
        let answer = send(&mut browser, Method::Post, path, &[OWN], &right).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/a?b=c"))
        );
        assert_eq!(browser.get("/me").await.status, 200);
    }
}

#[async_test]
async fn a_guard_that_fails_is_a_lost_session_still() {
    let server = server().await;
    let mut browser = expired(&server).await;
    let answer = send(
        &mut browser,
        Method::Get,
        "/r/page",
        &[("Accept", HTML)],
        &[],
    )
    .await;
    assert!(answer.status == 401 && answer.body.contains("One moment"));
}
