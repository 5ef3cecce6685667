//! A session from login to sign-out, with nothing configured but where the application is.

use serde_json::Value;
use session_tests::browser::{REFRESH_PATH, SIGN_OUT_PATH};

use crate::behind_each;
use crate::curl::Client;
use crate::proxies::{Kind, Proxy, Site, Wanted};
use crate::table::record;
use crate::upstream::Upstream;

fn from_login_to_sign_out(kind: Kind) {
    let site = Site::new(Wanted::default());
    let _upstream = Upstream::start(&site, &[]);
    let _proxy = Proxy::start(kind, &site);
    let clients = [Client::new(&site), Client::new(&site).with_http2()];
    let mut versions = Vec::new();
    for client in clients {
        client.get("/me").expect(401);
        let login = client.log_in("ada", 10).expect(200);
        versions.push(login.version);
        assert_eq!(client.get("/me").expect(200).json()["user"], "ada");
        client.post(REFRESH_PATH, "").expect(200);
        client.send_as_page("PUT", "/letters/30", "").expect(200);
        let me = client.get("/me").expect(200).json();
        assert_eq!(me["name"].as_str().map(str::len), Some(30));
        assert_eq!(client.get("/live").expect(200).json()["user"], "ada");
        let names: Vec<String> = client.cookies().into_iter().map(|(name, _)| name).collect();
        assert!(
            names
                .iter()
                .any(|name| name.starts_with("__Host-sAccessToken.")),
            "{names:?}"
        );
        let out = client.post(SIGN_OUT_PATH, "").expect(200);
        assert_eq!(out.removed(), 3, "{out:#?}");
        client.get("/me").expect(401);
    }
    assert_eq!(versions, ["HTTP/1.1", "HTTP/2"]);
    record(
        kind,
        "login, guard, refresh, update, sign-out",
        "works over TLS with HTTP/1.1 and HTTP/2",
    );
}

/// Nothing that a proxy or a client says of host and scheme makes another origin ours: `api_origin` does.
fn only_the_configured_origin_is_ours(kind: Kind) {
    for tells in [false, true] {
        let site = Site::new(Wanted {
            tells,
            ..Wanted::default()
        });
        let _upstream = Upstream::start(&site, &[]);
        let _proxy = Proxy::start(kind, &site);
        let client = Client::new(&site);
        let user = r#"{"user":"ada"}"#;
        let post = |headers: &[&str]| {
            let headers = [headers, &["Content-Type: application/json"]].concat();
            let answer = client.send("POST", "/login", &headers, user);
            answer.status == 200 && answer.body.contains("OK")
        };
        let (ours, evil) = (
            format!("Origin: {}", site.origin()),
            "Origin: https://evil.test",
        );
        let http = format!("Origin: http://shop.test:{}", site.https);
        assert!(post(&[&ours]));
        for forged in [
            vec![evil],
            vec![&http],
            vec!["Origin: null"],
            vec![evil, "Host: evil.test"],
            vec![
                evil,
                "X-Forwarded-Host: evil.test",
                "X-Forwarded-Proto: https",
            ],
            vec![evil, "Forwarded: for=1.2.3.4;host=evil.test;proto=https"],
            vec![&http, "X-Forwarded-Proto: http", "X-Forwarded-Ssl: off"],
            vec![&http, "X-Forwarded-Scheme: http", "Forwarded: proto=http"],
        ] {
            // Some proxies answer a host that is none of theirs themselves.
            assert!(!post(&forged), "{forged:?}");
        }
        assert!(post(&[
            &ours,
            "X-Forwarded-Proto: http",
            "Forwarded: proto=http"
        ]));
        let said: Value = client.get("/said").expect(200).json();
        let mut seen: Vec<String> = said
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|pair| Some(pair[0].as_str()?.to_owned()))
            .collect();
        seen.sort();
        seen.dedup();
        let tried = if tells {
            "headers of its own, as the guide has it"
        } else {
            "headers of its own"
        };
        record(kind, tried, &format!("`{}`", seen.join("`, `")));
    }
}

behind_each!(from_login_to_sign_out only_the_configured_origin_is_ours);
