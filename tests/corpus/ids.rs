//! Every row has its case, or the test that shows it, or the reason why it has none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::cases;

/// The rows of hostile inputs, and Project Wycheproof's cases of ES256 and of base64url by number.
const ROWS: &str = "X01 X02 X03 X05 X06 X07 X09 X10 X11 X13 X14 X15 X17 X18 X19 X21 X22 X23 \
    X25 X26 X27 X29 X30 X31 X33 X34 X35 X37 X38 X39 X41 X42 X43 X45 X46 X47 X49 X50 X51 X53 X54 X55 X57 X58 X59 X61 X62 \
    X63 X65 X66 X67 X69 X70 X71 X73 X74 X75 X77 X78 X79 X81 X82 X83 X85 X86 X87 X89 X90 X91 X93 X94 X95 X97 X98 X99 \
    X101 X102 X103 X105 X106 X107 X109 X110 X111 \
    W18 W19 W20 W21 W22 W23 W24 W25 W26 W27 W28 W29 W30 W31 W32 W346 W347 W350 W351 W354 W356 W357 W358 W359 W360 W361 \
    W362 W363 W364 W365 W366 W367 W368 W369 W370 W371 W372 W373 W374 W375 W376 W377 W378 W379 W380 W381 W382 W383 W384 \
    W385 W386 W387 W388 W389 W390 W391 W392 W393 W394 W395 W396 W397 W398 W399 W400 W401";

/// Advisories against others, and the rows or tests that show that we do not repeat them.
const ADVISORIES: [(&str, &[&str]); 31] = [
    ("CVE-2026-25537", &["X24", "X31", "X34", "X37"]),
    ("RUSTSEC-2017-0005", &["X82"]),
    ("CVE-2026-32597", &["X10", "X11"]),
    ("CVE-2025-59420", &["X10", "X11"]),
    ("GHSA-hm7r-c7qw-ghp6", &["X10", "X11"]),
    ("CVE-2026-22817", &["X05", "X06", "X07"]),
    ("CVE-2026-33322", &["X05", "X06", "X07"]),
    ("CVE-2025-30144", &["X35"]),
    (
        "CVE-2020-15084",
        &[
            "X07",
            "tests/flows/keys/settings.rs::a_token_whose_algorithm_is_not_its_keys_is_refused",
        ],
    ),
    ("CVE-2022-23540", &["X01", "X02", "X03"]),
    ("CVE-2025-65945", &["X54"]),
    ("CVE-2025-30204", &["X53"]),
    ("CVE-2022-21449", &["X55"]),
    ("CVE-2018-0114", &["X15"]),
    (
        "CVE-2026-1035",
        &[
            "tests/store/concurrency.rs::of_64_threads_with_one_token_every_token_handed_out_is_in_the_row",
        ],
    ),
    (
        "CVE-2026-9802",
        &["tests/flows/restart.rs::rotation_survives_a_restart"],
    ),
    (
        "Keycloak #50999",
        &["tests/flows/refresh.rs::ten_rotations_in_one_frozen_second_detect_each_replay"],
    ),
    (
        "Keycloak #51312",
        &["tests/store/concurrency.rs::a_revocation_beats_the_refreshes_beside_it"],
    ),
    (
        "GHSA-vpfw-47h7-xj4g",
        &["tests/flows/payloads.rs::a_session_that_is_over_cannot_be_changed"],
    ),
    (
        "CVE-2023-20862",
        &["tests/flows/logout.rs::logging_out_twice_or_without_a_session_is_fine"],
    ),
    (
        "CVE-2023-20866",
        &["tests/src/secrets.rs::a_secret_in_the_log_is_found"],
    ),
    (
        "CVE-2022-25896",
        &[
            "X86",
            "tests/flows/login.rs::every_login_mints_a_new_session_and_ends_the_one_presented",
        ],
    ),
    (
        "CVE-2023-30861",
        &["tests/flows/verify.rs::what_a_member_sees_is_not_cached_unless_the_application_says_so"],
    ),
    ("better-auth multi-session", &["X71", "X87"]),
    ("CVE-2026-45364", &["X110"]),
    (
        "RUSTSEC-2024-0343",
        &[
            "tests/store/concurrency.rs::a_million_random_refresh_tokens_would_not_collide_so_a_thousand_do_not",
        ],
    ),
    (
        "CVE-2025-47275",
        &["tests/vectors/main.rs::sealing_of_keys"],
    ),
    (
        "tower-sessions 0.12.0",
        &["tests/servers/commit.rs::a_login_whose_commit_was_lost_gets_another_handle"],
    ),
    (
        "supertokens-node #141",
        &[
            "X90",
            "tests/flows/csrf/mod.rs::unsafe_methods_with_a_cookie_need_evidence",
        ],
    ),
    (
        "supertokens-core 12.1",
        &["tests/model/known_bad.rs::grace_with_displacement_puts_out_tabs_whose_answers_cross"],
    ),
    (
        "get-engram PR 389",
        &[
            "tests/flows/refresh.rs::a_lost_answer_is_forgiven_for_days",
            "tests/flows/refresh.rs::tabs_that_refresh_at_once_all_stay_logged_in",
        ],
    ),
];

fn in_data() -> BTreeSet<String> {
    let access = cases::access().into_iter().map(|case| case.id);
    let requests = cases::requests().into_iter().map(|case| case.id);
    let elsewhere = cases::elsewhere().into_iter().map(|row| row.id);
    access.chain(requests).chain(elsewhere).collect()
}

#[track_caller]
fn assert_is_a_test(name: &str) {
    let (file, test) = name.split_once("::").expect("file::test");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let text = fs::read_to_string(&file).expect(name);
    assert!(text.contains(&format!("fn {test}(")), "{name} is no test");
}

#[test]
fn every_row_is_in_the_data() {
    let data = in_data();
    let missing: Vec<_> = ROWS
        .split_whitespace()
        .filter(|row| !data.contains(*row))
        .collect();
    assert!(missing.is_empty(), "rows without an entry: {missing:?}");
    let listed: BTreeSet<_> = ROWS.split_whitespace().collect();
    // X24 is named by an advisory only.
    let unknown: Vec<_> = data
        .iter()
        .filter(|id| !listed.contains(id.as_str()) && *id != "X24")
        .collect();
    assert!(unknown.is_empty(), "entries of no row: {unknown:?}");
}

#[test]
fn what_is_shown_elsewhere_is_a_test_or_has_a_reason() {
    for row in cases::elsewhere() {
        row.shown_by.iter().for_each(|name| assert_is_a_test(name));
        assert_eq!(
            row.shown_by.is_empty(),
            row.not_applicable.is_some(),
            "{}",
            row.id
        );
    }
}

#[test]
fn every_advisory_has_a_regression_test() {
    let data = in_data();
    for (advisory, shown_by) in ADVISORIES {
        for name in shown_by {
            if name.contains("::") {
                assert_is_a_test(name);
            } else {
                assert!(data.contains(*name), "{advisory}: {name}");
            }
        }
    }
}
