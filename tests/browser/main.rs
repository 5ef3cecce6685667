//! The model system's front end, unmodified, in Chromium, against servers of ours: one file of
//! scenarios for each test here. `tests/run browser` installs what it needs.

mod device_bound;
mod environments;
mod installed;
mod neighbours;
mod servers;

use installed::run;
use servers::{Names, Servers};

/// The lifetime that `expire()` in `drive.mjs` waits for. A token may live a second less, for its
/// end is cut to whole seconds.
const SHORT: &str = r#", access_token_validity="3s""#;

/// Plain http on this machine, as in development.
fn on_localhost(settings: &str) -> Servers {
    Servers::start(&Names::localhost(), settings)
}

/// `www.` and `api.` of one domain, with TLS.
fn on_one_site(settings: &str) -> Servers {
    Servers::start(&Names::of("www.shop.test", "api.shop.test"), settings)
}

#[test]
fn the_sdk_logs_in_on_localhost() {
    run("login.test.mjs", "", &on_localhost(""));
}

#[test]
fn the_sdk_logs_in_on_one_site() {
    run("login.test.mjs", "", &on_one_site(""));
}

#[test]
fn the_sdk_passes_the_other_defences_against_cross_site_requests() {
    for defence in ["via-token", "via-custom-header"] {
        let settings = format!(r#", csrf="{defence}""#);
        run("login.test.mjs", "", &on_localhost(&settings));
    }
}

#[test]
fn the_sdk_loses_its_anti_csrf_token_and_signs_out() {
    let settings = r#", csrf="via-token""#;
    run("lost_token.test.mjs", "", &on_localhost(settings));
}

#[test]
fn the_sdk_refreshes() {
    run("refresh.test.mjs", "", &on_localhost(SHORT));
}

#[test]
fn ten_tabs_refresh_at_once() {
    run("tabs.test.mjs", "", &on_localhost(SHORT));
}

#[test]
fn the_sdk_learns_of_other_tabs_and_devices() {
    run("events.test.mjs", "", &on_localhost(""));
}

#[test]
fn a_revoked_session_closes_its_streams() {
    let replicas = Servers::of_replicas(&Names::localhost(), "");
    run("streams.test.mjs", "", &replicas);
}

#[test]
fn theft_ends_both_sides() {
    let settings = r#", rotation_min_age="500ms""#;
    run("theft.test.mjs", "", &on_localhost(settings));
}

#[test]
fn outages_keep_the_session() {
    let settings = format!(r#"{SHORT}, database_timeout="500ms""#);
    run("outage.test.mjs", "", &on_localhost(&settings));
}

#[test]
fn a_wrong_clock_changes_nothing() {
    let settings = r#", access_token_validity="6s""#;
    run("clock.test.mjs", "", &on_localhost(settings));
}

#[test]
fn the_browser_keeps_the_cookies_as_they_are_meant() {
    run("cookies.test.mjs", "localhost", &on_localhost(""));
    run("cookies.test.mjs", "host", &on_one_site(""));
    let settings = r#", cookie_domain="shop.test""#;
    run("cookies.test.mjs", "domain", &on_one_site(settings));
}

#[test]
fn another_site_needs_third_party_cookies_or_the_header_mode() {
    let names = Names::of("www.shop.test", "api.other.test");
    let settings = r#", cookie_same_site="none""#;
    run(
        "third_party.test.mjs",
        "",
        &Servers::start(&names, settings),
    );
}

#[test]
fn a_full_browser_refreshes_or_logs_in_again() {
    run("full.test.mjs", "", &on_localhost(SHORT));
}

#[test]
fn rendered_pages_come_back_with_and_without_scripts() {
    run("pages.test.mjs", "", &Servers::of_pages(SHORT));
}

#[test]
fn the_back_button_shows_no_page_for_members() {
    run("back.test.mjs", "", &on_localhost(""));
}
