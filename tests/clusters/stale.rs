//! Galera: a node that lags, read without waiting for it, as a proxy that sends reads anywhere
//! would. What it has not got yet is not taken for over.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use session_tests::Database;
use session_tests::body::UNAVAILABLE;
use session_tests::process::{Answer, Place};
use session_tests::servers::Galera;

use crate::galera::SETTINGS;

const SYNCED: &[u8] = b"wsrep_sync_wait = 1";
const UNSYNCED: &[u8] = b"wsrep_sync_wait = 0";

/// A port that leads to a node, on which no connection waits for what other nodes have committed.
fn unsynced(node: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", node)).expect("the node");
            let clones = (server.try_clone(), client.try_clone());
            let (Ok(answers), Ok(asker)) = clones else {
                return;
            };
            thread::spawn(move || pass(client, server));
            thread::spawn(move || pass(answers, asker));
        }
    });
    port
}

/// Passes everything on, with that one setting changed.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let bytes = &mut bytes[..count];
        let setting = bytes
            .windows(SYNCED.len())
            .position(|window| window == SYNCED);
        if let Some(start) = setting {
            bytes[start..start + SYNCED.len()].copy_from_slice(UNSYNCED);
        }
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _closed = to.shutdown(Shutdown::Both);
}

/// Logs in on one node while another one stands still, and asks that one.
pub(crate) fn a_node_that_lags_ends_no_session(cluster: &Galera, ahead: &Place) {
    let behind = Place::on(&Galera::url_at(unsynced(cluster.port(1))), SETTINGS);
    let _process = behind.start();
    // The node goes on getting what others commit and applies none of it; nobody waits for it.
    let mut node = Database::connect(&cluster.url(1));
    node.execute("SET GLOBAL wsrep_desync = ON");
    node.execute("FLUSH TABLES WITH READ LOCK");
    let (answer, mut tokens) = ahead.log_in("early");
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    let issued = tokens.clone();
    let unavailable = Answer::Came(503, UNAVAILABLE.to_owned());
    assert_eq!(behind.ask("/live", &mut tokens), unavailable);
    assert_eq!(behind.ask("/notes", &mut tokens), unavailable);
    assert_eq!(tokens, issued, "its cookies are kept");
    // Its token alone is good everywhere.
    assert_eq!(behind.get("/me", &tokens).status(), Some(200));

    node.execute("UNLOCK TABLES");
    node.execute("SET GLOBAL wsrep_desync = OFF");
    let deadline = Instant::now() + Duration::from_secs(30);
    while behind.ask("/live", &mut tokens) == unavailable {
        assert!(Instant::now() < deadline, "the node does not catch up");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(behind.get("/live", &tokens).status(), Some(200));
    assert_eq!(behind.refresh(&mut tokens).status(), Some(200));
}
