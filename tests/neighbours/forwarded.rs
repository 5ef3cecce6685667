//! Who asks, as far as a proxy says it: the address that a user's list of sessions shows.

use std::net::TcpListener;

use session_tests::browser::SIGN_OUT_PATH;

use crate::behind_each;
use crate::curl::Client;
use crate::proxies::{Kind, Proxy, Site, Wanted};
use crate::table::record;
use crate::upstream::Upstream;

/// What a client may write into its own request, to be taken for somebody else.
const FORGED: [&str; 6] = [
    "X-Forwarded-For: 198.51.100.66",
    "X-Forwarded-For: 198.51.100.66, 127.0.0.1",
    "X-Forwarded-For: [2001:db8::66]:4711",
    "X-Real-IP: 198.51.100.66",
    "Forwarded: for=198.51.100.66;proto=https;by=127.0.0.1",
    "True-Client-IP: 198.51.100.66",
];

/// The addresses that logins with these headers are recorded under.
fn recorded(client: &Client, site: &Site) -> Vec<String> {
    let mut recorded = Vec::new();
    for forged in [""].iter().chain(&FORGED) {
        let origin = format!("Origin: {}", site.origin());
        let headers = [*forged, &origin, "Content-Type: application/json"];
        let headers: Vec<&str> = headers
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect();
        let user = r#"{"user":"ada"}"#;
        client.send("POST", "/login", &headers, user).expect(200);
        let addresses = client.get("/addresses").expect(200).json();
        assert_eq!(addresses.as_array().map(Vec::len), Some(1), "{forged}");
        recorded.push(addresses[0].as_str().expect("an address").to_owned());
        client.post(SIGN_OUT_PATH, "").expect(200);
    }
    recorded
}

fn the_client_is_recorded_where_the_proxy_says_it(kind: Kind) {
    // HAProxy and nginx say it only if they are told to.
    let says_it_anyway = matches!(kind, Kind::Apache | Kind::Caddy);
    for tells in [false, true] {
        let site = Site::new(Wanted {
            tells,
            ..Wanted::default()
        });
        let _proxy = Proxy::start(kind, &site);
        for trusts in [false, true] {
            let mut settings = vec![("device_ip", "full".into())];
            if trusts {
                settings.push(("trusted_proxies", vec!["127.0.0.1/32"].into()));
            }
            let _upstream = Upstream::start(&site, &settings);
            // The proxy itself is at 127.0.0.1.
            let client = Client::new(&site).from("127.0.0.2");
            let recorded = recorded(&client, &site);
            let honest = if trusts && (tells || says_it_anyway) {
                "127.0.0.2"
            } else {
                "127.0.0.1"
            };
            assert_eq!(recorded[0], honest, "tells: {tells}, trusts: {trusts}");
            // Whoever trusts a proxy that passes on what clients write believes what clients write.
            if !trusts || tells || says_it_anyway {
                for (forged, address) in FORGED.iter().zip(&recorded[1..]) {
                    assert_eq!(
                        address, honest,
                        "{forged}, tells: {tells}, trusts: {trusts}"
                    );
                }
            } else {
                assert_eq!(recorded[1], "198.51.100.66");
            }
            let tried = format!(
                "address of a client at 127.0.0.2, {}{}",
                if tells {
                    "told as the guide has it"
                } else {
                    "nothing configured"
                },
                if trusts { ", in `trusted_proxies`" } else { "" }
            );
            record(
                kind,
                &tried,
                &format!("{}; with a forged header {}", recorded[0], recorded[1]),
            );
        }
    }
}

/// Its address reaches the list in short form, whether the proxy puts brackets around it or not.
fn a_client_over_ipv6_is_recorded_too(kind: Kind) {
    if TcpListener::bind("[::1]:0").is_err() {
        let left_out = "left out: this machine has no address `::1`";
        return record(kind, "address of a client at ::1", left_out);
    }
    let site = Site::new(Wanted {
        tells: true,
        ipv6: true,
        ..Wanted::default()
    });
    let _proxy = Proxy::start(kind, &site);
    for (kept, honest) in [("full", "::1"), ("truncated", "::/48")] {
        let settings = [
            ("device_ip", kept.into()),
            ("trusted_proxies", vec!["127.0.0.1/32"].into()),
        ];
        let _upstream = Upstream::start(&site, &settings);
        let client = Client::new(&site).over_ipv6(&site);
        assert_eq!(recorded(&client, &site), [honest; 1 + FORGED.len()]);
        record(
            kind,
            "address of a client at ::1, told as the guide has it",
            honest,
        );
    }
}

behind_each!(the_client_is_recorded_where_the_proxy_says_it);
behind_each!(a_client_over_ipv6_is_recorded_too);
