//! What the production rule promises, in every world of some size.

use crate::report::holds;
use crate::setup::Setup;

/// Everything that may go wrong to an honest client: three tabs, two replicas whose clocks differ,
/// answers that are lost, late, doubled or cut off by a crash, and a revocation.
const ROUGH: Setup = Setup {
    tabs: 3,
    copies: 1,
    skew: 1,
    min_age: Setup::enough(1, 1),
    revocation: true,
    ..Setup::HONEST
};

/// Whether the larger bound was asked for.
fn large() -> bool {
    std::env::var("MODEL_BOUND").is_ok_and(|bound| bound == "large")
}

#[test]
fn an_honest_client_is_never_put_out_whatever_the_network_does() {
    holds("one tab", Setup::HONEST);
    holds("three tabs, and everything else", ROUGH);
}

#[test]
fn slow_round_trips_and_a_larger_cap_change_nothing() {
    let slow = Setup {
        round_trip: 2,
        min_age: Setup::enough(2, 1),
        ..ROUGH
    };
    holds("three slow tabs", Setup { copies: 0, ..slow });
    // Clocks that differ and a revocation come with a duplicate above.
    let duplicate = Setup {
        tabs: 2,
        skew: 0,
        min_age: Setup::enough(2, 0),
        revocation: false,
        ..slow
    };
    holds("two slow tabs, one duplicate", duplicate);
    let children = Setup {
        tabs: 2,
        copies: 0,
        max_children: 3,
        ..ROUGH
    };
    holds("two tabs, three children", children);
}

#[test]
fn an_end_comes_when_it_was_promised() {
    let sliding = Setup {
        tabs: 2,
        validity: Some(6),
        ..Setup::HONEST
    };
    holds("sliding", sliding);
    holds(
        "sliding and absolute",
        Setup {
            absolute_end: Some(10),
            ..sliding
        },
    );
}

#[test]
fn thief_and_owner_do_not_live_on_side_by_side() {
    let thief = Setup {
        thief: true,
        copies: 0,
        ..ROUGH
    };
    holds("two tabs and a thief", Setup { tabs: 2, ..thief });
    holds(
        "without losses",
        Setup {
            losses: false,
            ..thief
        },
    );
}

#[test]
fn a_thief_gains_nothing_from_duplicates_slowness_or_a_larger_cap() {
    let thief = Setup {
        tabs: 2,
        thief: true,
        ..Setup::HONEST
    };
    holds("one duplicate", Setup { copies: 1, ..thief });
    holds(
        "slow round trips",
        Setup {
            round_trip: 2,
            min_age: Setup::enough(2, 0),
            ..thief
        },
    );
    holds(
        "three children",
        Setup {
            max_children: 3,
            ..thief
        },
    );
}

/// A standby takes over without the last two commits.
const FAILOVER: Setup = Setup {
    tabs: 2,
    lost_commits: 2,
    ..Setup::HONEST
};

#[test]
fn nobody_honest_is_put_out_by_a_failover_that_loses_commits() {
    holds("a failover", FAILOVER);
    holds(
        "a failover, three tabs",
        Setup {
            tabs: 3,
            lost_commits: 1,
            ..FAILOVER
        },
    );
}

#[test]
fn a_thief_is_found_out_after_a_failover_too() {
    let thief = Setup {
        thief: true,
        ..FAILOVER
    };
    let one_tab = Setup { tabs: 1, ..thief };
    holds("a failover and a thief", one_tab);
    holds(
        "a failover that loses one commit, two tabs and a thief",
        Setup {
            lost_commits: 1,
            ..thief
        },
    );
}

#[test]
fn a_session_that_cannot_rotate_ends_soon() {
    let capped = Setup {
        tabs: 2,
        capped_for: 6,
        ..Setup::HONEST
    };
    holds("lost answers up to the cap", capped);
    holds(
        "a thief who floods the parent",
        Setup {
            thief: true,
            losses: false,
            ..capped
        },
    );
}

#[test]
fn larger_worlds_hold_if_they_are_asked_for() {
    let children = Setup {
        max_children: 3,
        ..ROUGH
    };
    let slow = Setup {
        round_trip: 2,
        min_age: Setup::enough(2, 1),
        ..ROUGH
    };
    // Without MODEL_BOUND=large a small one stands for all, so that this is never idle.
    let one_tab = Setup { tabs: 1, ..slow };
    holds("one slow tab, one duplicate", one_tab);
    if large() {
        let two_tabs = Setup {
            tabs: 2,
            ..children
        };
        holds("two tabs, three children, one duplicate", two_tabs);
        holds("three tabs, three children", children);
        let two_tabs = Setup { tabs: 2, ..slow };
        holds("two slow tabs, one duplicate, two clocks", two_tabs);
        holds("three slow tabs, one duplicate", slow);
        let thief = Setup {
            thief: true,
            copies: 0,
            ..ROUGH
        };
        holds("three tabs and a thief", thief);
    }
}
