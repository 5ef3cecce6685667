//! Below a path that a proxy strips: whatever a person can follow stays below it.

use rocket::http::{Method, Status};
use rocket::{async_test, get, post, routes};
use session_runtime::{Error, Session, catchers};
use session_tests::app::{Claims, OtherClaims};
use session_tests::{Answer, Browser, Server};

use super::{HOUR, HTML, LOGIN, OWN, PAGE, field, post_secret, secret, send};

/// For a session of another kind.
#[post("/other")]
fn other(_session: Session<OtherClaims>) {}

/// Refused by the route itself.
#[post("/no")]
fn no() -> Status {
    Status::Unauthorized
}

#[get("/down")]
fn down() -> Result<(), Error> {
    Err(Error::Unavailable)
}

#[post("/down")]
fn post_down() -> Result<(), Error> {
    Err(Error::Unavailable)
}

/// For whoever has no session at all.
#[get("/members")]
fn members(_session: Session<Claims>) {}

/// Every path in an answer that a browser follows, as it stands there.
fn paths(answer: &Answer) -> Vec<String> {
    let headers = ["location", "hx-redirect"]
        .iter()
        .filter_map(|name| answer.header(name).map(str::to_owned));
    let attributes = [" href=\"", " action=\"", " value=\""]
        .iter()
        .flat_map(|start| {
            let rest = answer.body.split(start).skip(1);
            rest.filter_map(|rest| rest.split('"').next().map(str::to_owned))
        });
    headers.chain(attributes).collect()
}

/// The path itself, and those in its query.
fn is_below(path: &str) -> bool {
    let nested = path.split("=%2F").skip(1);
    path.starts_with("/shop/") && nested.into_iter().all(|rest| rest.starts_with("shop%2F"))
}

async fn start() -> Server {
    Server::builder()
        .set("outer_path", "/shop")
        .rocket(|rocket| {
            let routes = routes![secret, post_secret, other, no, down, post_down, members];
            rocket
                .mount("/", routes)
                .register("/", catchers::pages(LOGIN))
        })
        .start()
        .await
}

#[async_test]
async fn whatever_a_person_can_follow_stays_below_the_path() {
    let server = start().await;
    let nobody = server.browser();
    let mut expired = server.browser();
    expired.log_in("bob").await;
    server.clock.advance(HOUR);
    let mut member = server.browser();
    member.log_in("ada").await;
    let mut revoked = server.browser();
    revoked.log_in("eve").await;
    nobody.clone().post("/ban/eve").await;

    let people: [(&str, &Browser<'_>); 4] = [
        ("nobody", &nobody),
        ("member", &member),
        ("revoked", &revoked),
        ("expired", &expired),
    ];
    let inside = "http://site.example/shop/form?x=1";
    let outside = "http://site.example/blog";
    let mut followed = 0;
    for (who, person) in people {
        for (method, path, headers) in [
            (Method::Get, "/secret?tab=1", vec![]),
            (Method::Get, "/members", vec![("Referer", outside)]),
            (Method::Get, "/down", vec![]),
            (Method::Post, "/secret", vec![("Referer", inside), OWN]),
            (Method::Post, "/secret", vec![("Referer", outside), OWN]),
            (Method::Post, "/secret", vec![OWN]),
            (Method::Post, "/other", vec![("Referer", inside), OWN]),
            (Method::Post, "/other", vec![OWN]),
            (Method::Post, "/no", vec![OWN]),
            (Method::Post, "/down", vec![("Referer", outside), OWN]),
            (
                Method::Get,
                "/secret",
                vec![("HX-Request", "true"), ("HX-Current-URL", inside)],
            ),
            (
                Method::Post,
                "/secret",
                vec![("HX-Request", "true"), ("HX-Current-URL", outside), OWN],
            ),
            (
                Method::Get,
                "/auth/session/refresh/page?next=/blog&login=/log-in",
                vec![OWN],
            ),
            (Method::Get, "/auth/session/refresh/page", vec![OWN]),
        ] {
            let headers = [&[("Accept", HTML)], &headers[..]].concat();
            let answer = send(&mut person.clone(), method, path, &headers, &[]).await;
            for path in paths(&answer) {
                assert!(is_below(&path), "{who} {method} {headers:?}: {path}");
                followed += 1;
            }
        }
        let page = PAGE;
        for (next, login) in [
            ("/blog", "/log-in"),
            ("/shop/a?b=/c", "/shop/sign-in"),
            ("//evil.example", ""),
        ] {
            let fields = [("next", next), ("login", login)];
            let headers = [("Accept", HTML), OWN];
            let answer = send(&mut person.clone(), Method::Post, page, &headers, &fields).await;
            for path in paths(&answer) {
                assert!(path.starts_with("/shop/"), "{who} {next}: {path}");
                followed += 1;
            }
        }
    }
    assert!(followed > 100, "{followed}");

    let page = send(
        &mut expired,
        Method::Get,
        "/secret?tab=1",
        &[("Accept", HTML)],
        &[],
    )
    .await;
    assert_eq!(field(&page, "next"), "/shop/secret?tab=1");
}
