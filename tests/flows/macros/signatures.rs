//! What a `#[login]` function may take, and how it may be written.

use rocket::form::{Form, FromForm, Strict};
use rocket::http::{Cookie, CookieJar, Method, Status};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use rocket::response::Responder;
use rocket::{Request, async_test, post, routes, uri};
use session_runtime::login;
use session_tests::body::OK;

use super::{LoggedIn, logged_in, refused, server, started};

#[async_test]
async fn a_lifetime_and_a_borrowed_path_segment() {
    #[login]
    #[post("/login/<user>")]
    async fn login<'r>(user: &'r str) -> Result<LoggedIn, &'static str> {
        let user: &'r str = user.trim_start_matches('@');
        Ok(logged_in(user))
    }

    let server = server(routes![login]).await;
    assert_eq!(started(&server, "/m/login/@ada").await.1, "ada");
}

#[async_test]
async fn the_cookie_jar() {
    #[login]
    #[post("/login/<user>")]
    async fn login(user: &str, jar: &CookieJar<'_>) -> LoggedIn {
        jar.add(Cookie::build(("theme", "dark")).permanent());
        logged_in(user)
    }

    let server = server(routes![login]).await;
    let mut browser = server.browser();
    let answer = browser.post("/m/login/ada").await;
    assert_eq!(answer.all("set-cookie").count(), 4);
    assert_eq!(browser.cookie("theme").as_deref(), Some("dark"));
    assert_eq!(browser.get("/me").await.json()["user"], "ada");
}

#[async_test]
async fn a_strict_form_that_borrows() {
    #[derive(FromForm)]
    struct Credentials<'r> {
        user: &'r str,
    }

    #[login]
    #[post("/login", data = "<form>")]
    async fn login(form: Form<Strict<Credentials<'_>>>) -> LoggedIn {
        logged_in(form.user)
    }

    let server = server(routes![login]).await;
    for (body, status, sessions) in [("user=ada&admin=1", 422, 0), ("user=ada", 200, 1)] {
        // The browser says that it sends JSON; the first content type counts.
        let headers = vec![("Content-Type", "application/x-www-form-urlencoded".into())];
        let browser = server.browser();
        let answer = browser
            .send_raw(Method::Post, "/m/login", headers, Some(body.into()))
            .await;
        assert_eq!(answer.status, status);
        assert_eq!(server.database().sessions(), sessions);
    }
}

#[async_test]
async fn a_mutable_argument() {
    #[login]
    #[post("/login/<user>")]
    fn login(mut user: String) -> LoggedIn {
        user.make_ascii_lowercase();
        logged_in(&user)
    }

    let server = server(routes![login]).await;
    assert_eq!(started(&server, "/m/login/ADA").await.1, "ada");
}

#[async_test]
async fn the_route_keeps_its_uri() {
    #[login]
    #[post("/login/<user>?<days>")]
    fn log_in_for(user: &str, days: Option<u8>) -> LoggedIn {
        logged_in(&format!("{user} for {days:?}"))
    }

    let uri = uri!("/m", log_in_for("ada", Some(3)));
    assert_eq!(uri.to_string(), "/m/login/ada?days=3");
    let server = server(routes![log_in_for]).await;
    let (_, user) = started(&server, &uri.to_string()).await;
    assert_eq!(user, "ada for Some(3)");
}

#[async_test]
async fn ranks_and_query_parameters() {
    #[login]
    #[post("/login/<number>?<role>", rank = 1)]
    fn by_number(number: u8, role: &str) -> LoggedIn {
        logged_in(&format!("{role} number {number}"))
    }

    #[login]
    #[post("/login/<name>?<role>&<_rest..>", rank = 2)]
    fn by_name(name: &str, role: &str, _rest: Vec<String>) -> LoggedIn {
        logged_in(&format!("{role} {name}"))
    }

    let server = server(routes![by_name, by_number]).await;
    let (_, user) = started(&server, "/m/login/7?role=captain").await;
    assert_eq!(user, "captain number 7");
    let mut browser = server.browser();
    browser.post("/m/login/ada?role=pilot&x=1").await;
    assert_eq!(browser.get("/me").await.json()["user"], "pilot ada");
}

#[async_test]
async fn paths_to_the_attributes() {
    #[session_runtime::login]
    #[rocket::post("/login")]
    pub(crate) fn login() -> LoggedIn {
        logged_in("ada")
    }

    let server = server(rocket::routes![login]).await;
    started(&server, "/m/login").await;
}

#[async_test]
async fn documentation_and_lint_levels() {
    /// Logs in whoever is named twice.
    ///
    /// The attributes stay on the function, whatever their order.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "shows that it may stand here"
    )]
    #[login]
    #[expect(unused_variables, reason = "the second name is not looked at")]
    #[post("/login/<first>/<second>")]
    #[allow(clippy::too_many_lines)]
    fn login(first: String, second: String) -> LoggedIn {
        logged_in(&first)
    }

    let server = server(routes![login]).await;
    assert_eq!(started(&server, "/m/login/ada/eve").await.1, "ada");
}

#[async_test]
async fn a_function_that_calls_itself() {
    #[login]
    #[post("/login/<left>")]
    fn login(left: u8) -> LoggedIn {
        match left.checked_sub(1) {
            Some(left) => {
                let (user, ..) = login(left);
                logged_in(&format!("{user}!"))
            }
            None => logged_in("ada"),
        }
    }

    let server = server(routes![login]).await;
    assert_eq!(started(&server, "/m/login/3").await.1, "ada!!!");
}

#[async_test]
async fn guards_of_the_user_run_first() {
    struct Invited;

    #[rocket::async_trait]
    impl<'r> FromRequest<'r> for Invited {
        type Error = &'static str;

        async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
            match request.query_value::<bool>("invited") {
                Some(Ok(true)) => Outcome::Success(Self),
                Some(_) => Outcome::Error((Status::ImATeapot, "not invited")),
                None => Outcome::Forward(Status::Gone),
            }
        }
    }

    #[login]
    #[post("/login/<user>")]
    async fn login(user: &str, _invited: Invited) -> LoggedIn {
        logged_in(user)
    }

    let server = server(routes![login]).await;
    let answer = refused(&server, "/m/login/ada?invited=no").await;
    assert_eq!(answer.status, 418);
    assert_eq!(refused(&server, "/m/login/ada").await.status, 410);
    started(&server, "/m/login/ada?invited=true").await;
}

#[async_test]
async fn an_unnamed_responder() {
    #[login]
    #[post("/login/<known>")]
    fn login(known: bool) -> Result<LoggedIn, impl for<'r> Responder<'r, 'static>> {
        known
            .then(|| logged_in("ada"))
            .ok_or((Status::NotFound, "who is that?"))
    }

    let server = server(routes![login]).await;
    let answer = refused(&server, "/m/login/false").await;
    answer.expect(404, "who is that?");
    started(&server, "/m/login/true").await.0.expect(200, OK);
}
