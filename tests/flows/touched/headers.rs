//! The same of a client that keeps its tokens itself: what each kind of answer does to its tokens,
//! to cookies that came beside them, and to the row.

use std::time::Duration;

use rocket::async_test;
use rocket::http::Method;
use session_runtime::SessionHandle;
use session_tests::browser::{ACCESS_HEADER, REFRESH_HEADER};
use session_tests::{Answer, Browser, Server};

use super::{FROM, KINDS, OWN_WORDS, Source, Words, body_of, pair};

/// What is presented and what becomes of it, in five letters after the status: the tokens in
/// headers (`=` handed out, `x` emptied, `.` not mentioned), the front-token (the same), the
/// cookies (the same), the row of Ada's session, whose tokens are in headers, and that of Eve's,
/// which is in cookies (`+` lives, `-` has ended, `.` never was). An access token of a session in
/// cookies is no bearer token; at a login, a logout and a sign-out it says which session ends all
/// the same.
#[rustfmt::skip] // a row a line
const TABLE: [(&str, [&str; 9]); 14] = [
    //                   guard       visitor     live        write       login       logout      sign-out    refresh     page
    ("nothing",         ["401...+.", "200...+.", "401...+.", "401...+.", "200==.+.", "200...+.", "401...+.", "401...+.", "303...+."]),
    ("junk",            ["401...+.", "200...+.", "401...+.", "401...+.", "200==.+.", "200...+.", "401...+.", "401...+.", "303...+."]),
    ("foreign",         ["401...+.", "401...+.", "401...+.", "401...+.", "200==.+.", "200...+.", "401...+.", "401...+.", "303...+."]),
    ("live",            ["200...+.", "200...+.", "200...+.", "200...+.", "200==.-.", "200xx.-.", "200xx.-.", "200==.+.", "303==.+."]),
    ("expired",         ["401...+.", "401...+.", "401...+.", "401...+.", "200==.-.", "200xx.-.", "401...+.", "200==.+.", "303==.+."]),
    ("revoked",         ["401...-.", "401...-.", "401...-.", "401...-.", "200==.-.", "200xx.-.", "200xx.-.", "401xx.-.", "303xx.-."]),
    ("replaced",        ["401...-.", "401...-.", "401...-.", "401...-.", "200==.-.", "200xx.-.", "200xx.-.", "409...-.", "303x..-."]),
    ("stolen",          ["200...+.", "200...+.", "200...+.", "200...+.", "200==.-.", "200xx.-.", "200xx.-.", "401xx.-.", "303xx.-."]),
    ("the other token", ["401...+.", "200...+.", "401...+.", "401...+.", "200==.+.", "200...+.", "401...+.", "401...+.", "303...+."]),
    ("twice",           ["401...+.", "200...+.", "401...+.", "401...+.", "200==.+.", "200...+.", "401...+.", "401...+.", "303...+."]),
    ("of a cookie",     ["401...++", "401...++", "401...++", "401...++", "200==x+-", "200.xx+-", "200.xx+-", "401...++", "303...++"]),
    ("cookies only",    ["200...++", "200...++", "200...++", "200...++", "200==x+-", "200.xx+-", "200.xx+-", "200.==++", "303.==++"]),
    ("junk, cookies",   ["200...++", "200...++", "200...++", "200...++", "200==x+-", "200.xx+-", "200.xx+-", "200.==++", "303.==++"]),
    ("beside cookies",  ["200...++", "200...++", "200...++", "200...++", "200==x--", "200xxx--", "200xxx--", "200==.++", "303==.++"]),
];

struct Scene {
    server: Server,
    bearers: Vec<String>,
    cookies: Vec<String>,
    /// The session in headers, and the one in cookies.
    rows: [Option<SessionHandle>; 2],
}

fn tokens(app: &Browser<'_>) -> (String, String) {
    let (access, refresh) = app.bearer_tokens().expect("tokens");
    (access.to_owned(), refresh.to_owned())
}

async fn scene(presented: &str, refreshes: bool, words: Words) -> Scene {
    let server = words.start().await;
    let (mut app, mut cookies, mut eve) = (server.browser().in_header_mode(), Vec::new(), None);
    app.log_in("ada").await;
    let own = app.handle().await;
    let chosen = |(access, refresh): (String, String)| if refreshes { refresh } else { access };
    let mut bearers = vec![chosen(tokens(&app))];
    match presented {
        "nothing" => bearers.clear(),
        "junk" => bearers = vec!["junk".into()],
        "foreign" => {
            let elsewhere = Server::builder()
                .set("api_base_path", "/other")
                .start()
                .await;
            let mut stranger = elsewhere.browser().in_header_mode();
            stranger.log_in("ada").await;
            bearers = vec![chosen(tokens(&stranger))];
        }
        "expired" => server.clock.advance(Duration::from_secs(2 * 60 * 60)),
        "revoked" => assert_eq!(server.sessions().revoke(own).await, Ok(true)),
        "replaced" => drop(app.log_in("ada").await),
        "stolen" => {
            for _ in 0..2 {
                server.clock.advance(Duration::from_secs(180));
                app.refresh().await.expect(200, "{}");
            }
        }
        "the other token" => {
            let (access, refresh) = tokens(&app);
            bearers = vec![chosen((refresh, access))];
        }
        "twice" => bearers.push(bearers[0].clone()),
        "of a cookie" | "cookies only" | "beside cookies" | "junk, cookies" => {
            let mut browser = server.browser();
            browser.log_in("eve").await;
            eve = Some(browser.handle().await);
            cookies = pair(&browser);
            match presented {
                "of a cookie" => {
                    let value = &cookies[usize::from(refreshes)];
                    let (_name, token) = value.split_once('=').expect("a pair");
                    bearers = vec![token.to_owned()];
                    cookies.clear();
                }
                "junk, cookies" => bearers = vec!["junk".into()],
                "cookies only" => bearers.clear(),
                _ => {}
            }
        }
        _ => {}
    }
    Scene {
        server,
        bearers,
        cookies,
        rows: [Some(own), eve],
    }
}

async fn send(scene: &Scene, method: Method, path: &str, from: Source) -> Answer {
    let mut headers = vec![("st-auth-mode", "header".to_owned())];
    let bearers = scene.bearers.iter();
    headers.extend(bearers.map(|token| ("Authorization", format!("Bearer {token}"))));
    headers.extend(from.headers());
    if !scene.cookies.is_empty() {
        headers.push(("Cookie", scene.cookies.join("; ")));
    }
    let (body, kind) = body_of(method, path);
    let browser = scene.server.browser();
    browser.send_as(method, path, headers, body, kind).await
}

fn fate(value: Option<&str>) -> char {
    match value {
        None => '.',
        Some("" | "remove") => 'x',
        Some(_) => '=',
    }
}

/// The cell of the table that an answer comes to.
async fn cell(scene: &Scene, answer: &Answer) -> String {
    let fates =
        [ACCESS_HEADER, REFRESH_HEADER, "front-token"].map(|name| fate(answer.header(name)));
    assert_eq!(fates[0], fates[1], "{answer:?}");
    let mut cookies: Vec<char> = answer
        .all("set-cookie")
        .map(|line| if line.contains("=;") { 'x' } else { '=' })
        .collect();
    cookies.dedup();
    assert!(cookies.len() < 2, "{answer:?}");
    let mut cell = format!("{}{}{}", answer.status, fates[0], fates[2]);
    cell.push(cookies.pop().unwrap_or('.'));
    for row in scene.rows {
        let info = match row {
            Some(handle) => scene.server.sessions().info(handle).await,
            None => {
                cell.push('.');
                continue;
            }
        };
        cell.push(if info.expect("an answer").is_some() {
            '+'
        } else {
            '-'
        });
    }
    cell
}

/// On one database only: it starts thirteen hundred servers.
#[async_test]
async fn sqlite_a_client_with_headers_is_told_of_its_own_session_only() {
    for (presented, cells) in TABLE {
        for ((kind, method, path), expected) in KINDS.into_iter().zip(cells) {
            for from in FROM {
                let words = from.words;
                let scene = scene(presented, path.contains("refresh"), words).await;
                let answer = send(&scene, method, path, from).await;
                let cell = cell(&scene, &answer).await;
                let row = format!("{kind}, {presented}, {from:?}: {answer:?}");
                // Only a token of ours in a header shows that no page of another site asks, and not where
                // the sessions of cookies end with it.
                let counts_cookies = matches!(presented, "cookies only" | "junk, cookies")
                    || (presented == "beside cookies"
                        && matches!(kind, "login" | "logout" | "sign-out"));
                let expected = if counts_cookies && from.is_foreign && method != Method::Get {
                    "403...++"
                } else {
                    expected
                };
                let (status, rest) = expected.split_at(3);
                let status = words.status(kind, status.parse().expect("a status"));
                assert_eq!(cell, format!("{status}{rest}"), "{row}");
                let is_guard = matches!(kind, "guard" | "visitor" | "live" | "write");
                if words != Words::Protocol && is_guard && status >= 400 {
                    assert_eq!(answer.body, OWN_WORDS, "{row}");
                }
            }
        }
    }
}
