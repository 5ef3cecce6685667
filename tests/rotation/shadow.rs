//! Why a live child is never dropped: a thief who floods the parent, under both rules.

use session_runtime::rotation::decide;

use crate::mutants::cap_that_drops_the_oldest;
use crate::server::{M, POLICY, Reply, Rule, Server, Token};

/// What a thief got who floods the parent, waits, and then takes turns with the owner.
#[derive(Debug, PartialEq)]
struct Shadow {
    owner_logged_out: bool,
    thief_rotations: usize,
    seen: bool,
}

fn shadow(rule: Rule) -> Shadow {
    let (mut server, first) = Server::login(rule, POLICY);
    let mut owner = Some(first);
    let mut thief = first;
    let mut shadow = Shadow {
        owner_logged_out: false,
        thief_rotations: 0,
        seen: false,
    };
    refresh(&mut server, owner.as_mut(), 1);
    for now in 2..2 + POLICY.max_children as i64 {
        let mut copy = first;
        refresh(&mut server, Some(&mut copy), now);
        thief = if copy == first { thief } else { copy };
    }

    for round in 1..=100 {
        let owners = refresh(&mut server, owner.as_mut(), 4 * M * round);
        if owners == Some(Reply::RolledBack) {
            shadow.owner_logged_out = true;
            owner = None;
        }
        let thiefs = refresh(&mut server, Some(&mut thief), 4 * M * round + 2 * M);
        shadow.seen = [owners, thiefs].contains(&Some(Reply::Theft));
        if shadow.seen {
            break;
        }
        shadow.thief_rotations += usize::from(matches!(thiefs, Some(Reply::NewPair(_))));
    }
    shadow
}

/// Refreshes and keeps the answer, as whoever is not logged out.
fn refresh(server: &mut Server, held: Option<&mut Token>, now: i64) -> Option<Reply> {
    let held = held?;
    let reply = server.refresh(*held, now);
    if let Reply::NewPair(new) = reply {
        *held = new;
    }
    Some(reply)
}

#[test]
fn a_cap_that_drops_the_oldest_lets_a_thief_go_on_unseen_and_puts_the_owner_out() {
    let unseen = Shadow {
        owner_logged_out: true,
        thief_rotations: 100,
        seen: false,
    };
    assert_eq!(shadow(cap_that_drops_the_oldest), unseen);
    let found = Shadow {
        owner_logged_out: false,
        thief_rotations: 0,
        seen: true,
    };
    assert_eq!(shadow(decide), found);
}
