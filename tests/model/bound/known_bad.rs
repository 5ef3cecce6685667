//! Rules that are known to be bad. Each must break, or the checker would see nothing.

use super::Setup;
use super::properties::{ENDS, HONEST, NO_CHANGE, NO_TOKEN, ROTATES, SEEN};
use super::rules::{self, Rule};
use crate::report::breaks;

fn honest(rule: Rule) -> Setup {
    Setup {
        rule,
        horizon: 6,
        tokens: 3,
        ..Setup::HONEST
    }
}

fn thief(rule: Rule) -> Setup {
    Setup {
        thief: true,
        losses: false,
        ..honest(rule)
    }
}

#[test]
fn a_window_of_a_moment_puts_out_who_is_far_away() {
    let setup = Setup {
        window: rules::a_moment_only,
        losses: false,
        ..Setup::HONEST
    };
    breaks("a moment only", setup, HONEST);
}

#[test]
fn a_renewal_that_was_under_way_counts() {
    let setup = Setup {
        window: rules::since_then_only,
        losses: false,
        ..Setup::HONEST
    };
    breaks("since then only", setup, HONEST);
}

#[test]
fn an_outage_is_no_reason_to_drop_a_binding() {
    breaks("no skipping", honest(rules::believes_no_skipping), HONEST);
}

#[test]
fn dropping_a_proved_binding_hands_tokens_to_a_thief() {
    let setup = thief(rules::drops_a_proved_one);
    breaks("drop a proved one", setup, NO_TOKEN);
}

#[test]
fn a_verdict_of_theft_without_a_proof_lets_a_copy_end_the_session() {
    let setup = thief(rules::ends_without_a_proof);
    breaks("end without a proof", setup, NO_CHANGE);
}

#[test]
fn a_key_that_is_forgotten_hides_who_dropped_the_binding() {
    breaks("forget the key", thief(rules::forgets_the_key), SEEN);
}

#[test]
fn a_dropped_binding_that_is_renewed_lives_on() {
    let setup = Setup {
        refuses: true,
        ..honest(rules::renews_a_dropped_one)
    };
    breaks("renew a dropped one", setup, ENDS);
}

#[test]
fn a_proof_that_is_enough_switches_theft_detection_off() {
    let setup = Setup {
        key_for_a_moment: true,
        ..thief(rules::a_proof_is_enough)
    };
    breaks("a proof is enough", setup, ROTATES);
}
