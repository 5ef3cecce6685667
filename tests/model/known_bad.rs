//! Rules and servers that are known to be bad. Each must break, or the checker would see nothing.

use crate::properties::{I1, I2, I3, I4, I5, I7, I8, I11, I12};
use crate::report::breaks;
use crate::rules;
use crate::setup::{Rule, Server, Setup};

fn rule(rule: Rule) -> Setup {
    Setup {
        rule,
        ..Setup::HONEST
    }
}

fn server(server: Server) -> Setup {
    Setup {
        server,
        ..Setup::HONEST
    }
}

#[test]
fn strict_single_use_takes_a_lost_answer_for_a_thief() {
    breaks("strict single use", rule(rules::strict_single_use), I1);
}

#[test]
fn confirm_on_use_puts_out_tabs_whose_answers_cross() {
    let setup = Setup {
        tabs: 2,
        losses: false,
        ..rule(rules::confirm_on_use)
    };
    breaks("confirm on use", setup, I1);
}

#[test]
fn grace_with_displacement_puts_out_tabs_whose_answers_cross() {
    let setup = Setup {
        tabs: 2,
        losses: false,
        ..rule(rules::grace_with_displacement)
    };
    breaks("grace with displacement", setup, I1);
}

#[test]
fn grace_with_the_same_successor_forgets_a_late_retry() {
    breaks(
        "grace with the same successor",
        rule(rules::grace_with_the_same_successor),
        I1,
    );
}

#[test]
fn an_m_of_three_round_trips_is_too_short() {
    let setup = Setup {
        tabs: 2,
        min_age: 3,
        ..Setup::HONEST
    };
    breaks("M = 3D", setup, I1);
}

#[test]
fn a_cap_that_drops_the_oldest_forgets_a_token_of_an_honest_client() {
    let setup = Setup {
        tabs: 2,
        ..rule(rules::cap_that_drops_the_oldest)
    };
    breaks("a cap that drops the oldest", setup, I1);
}

const FAILOVER: Setup = Setup {
    tabs: 2,
    lost_commits: 2,
    ..Setup::HONEST
};

#[test]
fn refusing_what_is_newer_than_the_row_puts_the_owner_out_after_a_failover() {
    let refuses = Setup {
        rule: rules::refuse_newer,
        ..FAILOVER
    };
    breaks("refuse what is newer than the row", refuses, I1);
    let thief = Setup {
        thief: true,
        ..refuses
    };
    breaks("refuse what is newer, and a thief", thief, I2);
}

#[test]
fn taking_in_as_the_parent_makes_a_thief_of_the_other_tab_after_a_failover() {
    let setup = Setup {
        rule: rules::newer_as_parent,
        ..FAILOVER
    };
    breaks("take in as the parent", setup, I1);
}

#[test]
fn a_taken_in_child_that_advances_by_one_lets_a_superseded_token_in() {
    let setup = Setup {
        rule: rules::newer_by_one_generation,
        tabs: 1,
        losses: false,
        thief: true,
        ..FAILOVER
    };
    breaks("advance by one generation only", setup, I2);
}

#[test]
fn a_cap_without_an_end_switches_theft_detection_off_for_good() {
    let setup = Setup {
        capped_for: 6,
        ..rule(rules::cap_without_an_end)
    };
    breaks("a cap without an end", setup, I12);
    let flooded = Setup {
        thief: true,
        losses: false,
        ..setup
    };
    breaks("a cap without an end, flooded by a thief", flooded, I12);
}

#[test]
fn a_young_child_answered_with_the_cookie_flips_the_jar_back() {
    let setup = Setup {
        tabs: 3,
        losses: false,
        ..rule(rules::young_child_again)
    };
    breaks("a young child answered with the cookie again", setup, I1);
}

#[test]
fn an_advance_that_spares_siblings_breaks_the_shape() {
    breaks(
        "an advance that spares siblings",
        rule(rules::advance_that_spares_siblings),
        I3,
    );
}

#[test]
fn a_server_that_looks_before_it_writes_revives_a_revoked_session() {
    let setup = Setup {
        revocation: true,
        ..server(Server::LooksThenWrites)
    };
    breaks("look, then write", setup, I4);
}

#[test]
fn validities_that_add_up_move_the_end() {
    let setup = Setup {
        validity: Some(6),
        ..rule(rules::validity_that_adds_up)
    };
    breaks("validities that add up", setup, I5);
}

#[test]
fn an_answer_before_the_commit_hands_out_a_token_that_never_was() {
    breaks(
        "answer, then commit",
        server(Server::AnswersThenCommits),
        I7,
    );
}

#[test]
fn two_transactions_leave_half_a_step() {
    breaks("two transactions", server(Server::WritesTwice), I8);
}

#[test]
fn without_a_mac_a_handle_is_enough_to_end_a_session() {
    breaks("no MAC", server(Server::TrustsAnyMac), I11);
}
