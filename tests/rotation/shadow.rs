//! A thief who floods the parent: why a live child is never dropped, and why a session at the cap
//! ends.

use chrono::{DateTime, Utc};
use session_runtime::internals::rotation::{Lineage, Policy, Presented, Successor, Verdict};

use crate::bad_rules::{cap_that_drops_the_oldest, cap_without_an_end, refuse_newer};
use crate::server::{CAPPED_FOR, M, POLICY, Reply, Rule, Server, Token, VALIDITY, production};

/// What a thief got who floods the parent, waits, and then takes turns with the owner.
#[derive(Debug, PartialEq)]
struct Shadow {
    owner_logged_out: bool,
    thief_rotations: usize,
    seen: bool,
}

/// The rule that drops the oldest child knows no token that is newer than its row.
fn drop_and_refuse(
    lineage: &Lineage,
    presented: Presented,
    successor: Successor,
    now: DateTime<Utc>,
    policy: Policy,
) -> Option<Verdict> {
    refuse_newer(lineage, presented, successor, now, policy)?;
    cap_that_drops_the_oldest(lineage, presented, successor, now, policy)
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
        if owners == Some(Reply::Refused) {
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
    assert_eq!(shadow(drop_and_refuse), unseen);
    let found = Shadow {
        owner_logged_out: false,
        thief_rotations: 0,
        seen: true,
    };
    assert_eq!(shadow(production), found);
}

/// How long a thief who keeps the stolen parent gets answers beside an owner who does the same.
fn shared_for(rule: Rule) -> i64 {
    let (mut server, stolen) = Server::login(rule, POLICY);
    while let Reply::NewPair(_) = server.refresh(stolen, 0) {}
    (0..=2 * VALIDITY)
        .step_by(10)
        .find(|now| server.refresh(stolen, *now) == Reply::Ended)
        .expect("an end")
}

#[test]
fn a_cap_without_an_end_lets_a_thief_stay_for_the_rest_of_the_session() {
    assert_eq!(shared_for(cap_without_an_end), VALIDITY);
    // From the first use on at which no child is young; they use it every ten seconds.
    let end = shared_for(production);
    assert!(
        (M + CAPPED_FOR..M + CAPPED_FOR + 10).contains(&end),
        "{end}"
    );
}
