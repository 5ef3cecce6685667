//! Payloads from small to the limit: the head of an answer grows with them, and nginx has a small
//! buffer.

use session_runtime::Event;
use session_tests::browser::REFRESH_PATH;

use crate::behind_each;
use crate::curl::{Answer, Client};
use crate::proxies::{Kind, Proxy, Site, Wanted, said};
use crate::table::record;
use crate::upstream::Upstream;

/// What the guide says that every proxy takes, in bytes of an answer's head.
const SAFE: usize = 4000;

/// Logins, refreshes, changes and requests with a payload of each size.
struct Round {
    /// The largest head that came through.
    largest: usize,
    /// The first payload, in letters of a name, that did not.
    broke_at: Option<usize>,
    /// The largest payload that the library takes.
    limit: usize,
}

/// Goes on until the library refuses the payload, or the proxy an answer.
fn grow(site: &Site, upstream: &Upstream, front_token: bool) -> Round {
    let mut round = Round {
        largest: 0,
        broke_at: None,
        limit: 0,
    };
    for letters in (0..).step_by(150) {
        let client = Client::new(site);
        let sent = if front_token {
            vec!["rid: session"]
        } else {
            vec![]
        };
        let post = |method, path: &str, body: &str| -> Answer {
            let origin = format!("Origin: {}", site.origin());
            let headers = [&sent[..], &[&origin, "Content-Type: application/json"]].concat();
            client.send(method, path, &headers, body)
        };
        let user = format!(r#"{{"user":"ada","name":"{}"}}"#, "n".repeat(letters));
        let login = post("POST", "/login", &user);
        if login.status == 500 {
            break;
        }
        let mut answers = vec![login];
        if answers[0].status == 200 {
            answers.push(post("POST", REFRESH_PATH, ""));
            client.get("/me").expect(200);
            answers.push(post("PUT", &format!("/letters/{letters}"), ""));
            client.get("/me").expect(200);
        }
        if answers.iter().all(|answer| answer.status == 200) {
            let sizes = answers.iter().map(Answer::head_size);
            round.largest = round.largest.max(sizes.max().unwrap_or_default());
            round.limit = letters;
            continue;
        }
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert!(
            statuses.contains(&502),
            "{statuses:?} at {letters}: {}",
            said(site)
        );
        round.broke_at = Some(letters);
        break;
    }
    let is_told = |event: &Event| matches!(event, Event::LargeResponseHead { .. });
    let told = upstream
        .events()
        .iter()
        .filter(|event| is_told(event))
        .count();
    if round.broke_at.is_some() {
        assert_eq!(
            told, 1,
            "an answer is too large for the proxy, and nobody is told"
        );
        assert!(
            round.largest > SAFE - 300,
            "{} bytes did not come through",
            round.largest
        );
    }
    if round.largest > SAFE + 300 {
        assert_eq!(told, 1);
    }
    round
}

fn a_payload_of_any_size_comes_through(kind: Kind) {
    for front_token in [false, true] {
        let site = Site::new(Wanted::default());
        let upstream = Upstream::start(&site, &[]);
        let _proxy = Proxy::start(kind, &site);
        let round = grow(&site, &upstream, front_token);
        let tried = if front_token {
            "payload, with a front-token"
        } else {
            "payload"
        };
        let seen = match round.broke_at {
            Some(letters) => format!(
                "502 from {letters} letters on; heads up to {} bytes pass, and the event comes",
                round.largest
            ),
            None => format!(
                "up to the limit of {} letters, a head of {} bytes",
                round.limit, round.largest
            ),
        };
        record(kind, tried, &seen);
        if kind != Kind::Nginx {
            assert_eq!(round.broke_at, None, "{}", said(&site));
            assert!(round.largest > SAFE);
        }
    }
}

behind_each!(a_payload_of_any_size_comes_through);

#[test]
fn nginx_takes_the_largest_payload_with_the_documented_setting() {
    let guide = include_str!("../../session-runtime/docs/deployment.md");
    for line in ["proxy_buffer_size 16k;", "proxy_buffers 8 16k;"] {
        assert!(
            guide.contains(line),
            "the guide says another thing than {line}"
        );
    }
    for front_token in [false, true] {
        let site = Site::new(Wanted {
            large_heads: true,
            ..Wanted::default()
        });
        let upstream = Upstream::start(&site, &[]);
        let _proxy = Proxy::start(Kind::Nginx, &site);
        let round = grow(&site, &upstream, front_token);
        assert_eq!(round.broke_at, None, "{}", said(&site));
        assert!(round.largest > SAFE);
        let seen = format!(
            "up to the limit of {} letters, a head of {} bytes",
            round.limit, round.largest
        );
        let tried = if front_token {
            "the same, with a front-token"
        } else {
            "payload, with `proxy_buffer_size 16k`"
        };
        record(Kind::Nginx, tried, &seen);
    }
}

/// What a browser sends to the refresh route whose sessions of two environments are near the limit
/// of a payload.
fn cookies_of_two_environments(site: &Site) -> String {
    let log_in = |letters| {
        // Curl keeps some of what a login removes.
        let client = Client::new(site);
        let login = client.log_in("ada", letters);
        (login.status == 200).then(|| client.cookie_header())
    };
    let letters = (0..)
        .step_by(100)
        .find(|letters| log_in(*letters).is_none());
    let letters = letters.expect("a limit") - 100;
    let ours = log_in(letters).expect("a login");
    let other = log_in(letters).expect("a login").replace("sAccess", "shop");
    let cookies = format!("{ours}; {other}");
    assert!(cookies.len() > 8192, "{} bytes", cookies.len());
    cookies
}

/// Who has the cookies of two environments is told of before a proxy refuses them.
fn large_cookies_are_told_of_and_come_through_where_the_guide_says(kind: Kind) {
    for large_heads in [false, true] {
        let mut site = Site::new(Wanted {
            large_heads: true,
            ..Wanted::default()
        });
        let upstream = Upstream::start(&site, &[]);
        let cookies = {
            let _proxy = Proxy::start(kind, &site);
            cookies_of_two_environments(&site)
        };
        site.wanted.large_heads = large_heads;
        let _proxy = Proxy::start(kind, &site);
        upstream.events();
        let ask = |client: Client, cookies: &str| {
            let cookies = format!("Cookie: {cookies}");
            client.send("GET", "/me", &[&cookies], "").status
        };
        // As much as comes through everywhere is told already.
        assert_eq!(ask(Client::new(&site), &cookies[..7000]), 200);
        let told = |event: &Event| matches!(event, Event::LargeRequestHead { bytes: 7000 });
        assert!(upstream.events().iter().any(told));
        let statuses = [Client::new(&site), Client::new(&site).with_http2()]
            .map(|client| ask(client, &cookies));
        let expected = match kind {
            Kind::Nginx if !large_heads => [400, 200],
            Kind::Apache if !large_heads => [400, 431],
            _ => [200, 200],
        };
        assert_eq!(statuses, expected, "{}", said(&site));
        let tried = if large_heads {
            "cookies of two environments, with the settings of the guide"
        } else {
            "cookies of two environments"
        };
        let [one, two] = statuses;
        let seen = format!(
            "{one} over HTTP/1.1 and {two} over HTTP/2 to {} bytes",
            cookies.len()
        );
        record(kind, tried, &seen);
    }
}

behind_each!(large_cookies_are_told_of_and_come_through_where_the_guide_says);

#[test]
fn the_guide_has_the_settings_for_large_cookies() {
    let guide = include_str!("../../session-runtime/docs/deployment.md");
    for line in [
        "large_client_header_buffers 4 32k;",
        "LimitRequestFieldSize 32768",
    ] {
        assert!(guide.contains(line), "the guide does not say {line}");
    }
}
