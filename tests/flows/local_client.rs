//! Rocket's local client, as applications test with it: a cookie counts, however it was given.

use rocket::async_test;
use rocket::http::{ContentType, Cookie, Header};
use rocket::local::asynchronous::Client;
use session_tests::Server;
use session_tests::browser::REFRESH_PATH;

#[async_test]
async fn cookies_in_a_header_and_in_the_jar_both_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let rocket = Server::builder()
        .on_file(folder.path().join("test.db"))
        .build();
    let client = Client::untracked(rocket).await.expect("a launch");
    let login = client.post("/login").header(ContentType::JSON);
    let login = login.body(r#"{"user":"ada"}"#).dispatch().await;
    let mut cookies: Vec<(String, String)> = login
        .cookies()
        .iter()
        .map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
        .collect();
    cookies.sort();
    let [access, hash, refresh] = &cookies[..] else {
        panic!("{cookies:?}");
    };
    let theme = ("theme".to_owned(), "dark".to_owned());
    let line = |pair: &(String, String)| Header::new("Cookie", format!("{}={}", pair.0, pair.1));
    let cookie = |pair: &(String, String)| Cookie::new(pair.0.clone(), pair.1.clone());

    for (in_header, in_jar) in [
        (&theme, access),
        (access, &theme),
        (access, access),
        (refresh, access),
    ] {
        let me = client
            .get("/me")
            .header(line(in_header))
            .cookie(cookie(in_jar));
        assert_eq!(
            me.dispatch().await.status().code,
            200,
            "{in_header:?} {in_jar:?}"
        );
    }
    for (in_header, in_jar) in [(refresh, hash), (hash, refresh)] {
        let again = client.post(REFRESH_PATH).header(line(in_header));
        let again = again.cookie(cookie(in_jar)).dispatch().await;
        assert_eq!(again.status().code, 200, "{in_header:?} {in_jar:?}");
    }
    let both = client.get("/me").header(line(&theme)).header(line(access));
    assert_eq!(both.dispatch().await.status().code, 200);
}
