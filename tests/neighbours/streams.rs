//! Answers that never end, with the session that they began under.

use std::net::TcpStream;
use std::time::Duration;

use tungstenite::Message;
use tungstenite::client::{IntoClientRequest, client};
use tungstenite::http::HeaderValue;

use crate::behind_each;
use crate::curl::Client;
use crate::proxies::{HOST, Kind, Proxy, Site, Wanted};
use crate::table::record;
use crate::upstream::Upstream;

fn events_arrive_one_by_one(kind: Kind) {
    let site = Site::new(Wanted::default());
    let _upstream = Upstream::start(&site, &[]);
    let _proxy = Proxy::start(kind, &site);
    // nginx collects an answer, unless its head says that it should not.
    let path = if kind == Kind::Nginx {
        "/ticks?unbuffered"
    } else {
        "/ticks"
    };
    for client in [Client::new(&site), Client::new(&site).with_http2()] {
        client.log_in("ada", 10).expect(200);
        assert_eq!(client.first_line(path).as_deref(), Some("data:ada"));
    }
    let seen = if kind == Kind::Nginx {
        "each as it comes, with `X-Accel-Buffering: no`"
    } else {
        "each as it comes"
    };
    record(kind, "event stream", seen);
}

/// Opens the socket as a page of `origin`, with the cookies of a client.
fn open(site: &Site, origin: &str, cookies: &str) -> Result<Vec<String>, u16> {
    let stream = TcpStream::connect(("127.0.0.1", site.http)).expect("the proxy");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a time-out");
    let mut request = format!("ws://{HOST}:{}/socket", site.http)
        .into_client_request()
        .expect("a request");
    for (name, value) in [("Origin", origin), ("Cookie", cookies)] {
        let value = HeaderValue::from_str(value).expect("a header");
        request.headers_mut().insert(name, value);
    }
    let mut socket = match client(request, stream) {
        Ok((socket, _)) => socket,
        Err(failed) => match failed.to_string().as_str() {
            said if said.contains("401") => return Err(401),
            said if said.contains("403") => return Err(403),
            said => panic!("{said}"),
        },
    };
    let mut said = Vec::new();
    for word in ["one", "two"] {
        socket.send(Message::text(word)).expect("a message sent");
    }
    while said.len() < 3 {
        match socket.read() {
            Ok(Message::Text(text)) => said.push(text),
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
    Ok(said)
}

fn web_sockets_pass_with_their_session(kind: Kind) {
    let web_sockets = matches!(kind, Kind::Nginx | Kind::Apache);
    let site = Site::new(Wanted {
        web_sockets,
        ..Wanted::default()
    });
    let _upstream = Upstream::start(&site, &[]);
    let _proxy = Proxy::start(kind, &site);
    let client = Client::new(&site);
    client.log_in("ada", 10).expect(200);
    let cookies = client.cookie_header();
    let said = open(&site, &site.origin(), &cookies).expect("a socket");
    assert_eq!(said, ["ada", "one", "two"]);
    assert_eq!(open(&site, &site.origin(), ""), Err(401));
    assert_eq!(open(&site, "https://evil.test", &cookies), Err(403));
    let seen = if web_sockets {
        "passes with the lines of the guide; pages of other sites are refused"
    } else {
        "passes; pages of other sites are refused"
    };
    record(kind, "WebSocket", seen);
}

behind_each!(events_arrive_one_by_one web_sockets_pass_with_their_session);
