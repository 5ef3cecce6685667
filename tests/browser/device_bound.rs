//! Sessions that are bound to a key of the device, in a browser that keeps it in software.
//!
//! The web platform tests of `device-bound-session-credentials` are for browsers. What each of
//! their cases means for a server:
//!
//! | case | here |
//! |---|---|
//! | `create-session` | `tests/browser/device_bound.rs::a_browser_refreshes_bound_sessions_by_itself` |
//! | `registration-sends-challenge` | the challenge comes with the login; a registration is never asked again: `tests/flows/device_bound/attacks.rs::r3_a_registration_needs_the_cookie_of_its_session` |
//! | `refresh-does-not-send-challenge` | the answer to a refresh without a challenge always has one: `tests/flows/device_bound/life.rs::a_browser_without_a_young_challenge_is_given_one`, `tests/browser/device_bound.rs::bound_sessions_survive_what_is_away` (a browser that was restarted) |
//! | `set-early-challenge` | each answer has the challenge of the next refresh: `tests/flows/device_bound/life.rs::a_bound_session_goes_on_for_as_long_as_its_device_proves_itself` |
//! | `refresh-replaces-config` | a refresh has no body, so nothing is replaced: `tests/flows/device_bound/routes.rs::r11_neither_catchers_nor_settings_nor_cors_touch_the_answers` |
//! | `refresh-with-continue-false`, `clear-site-data` | a session ends with 401: `tests/flows/device_bound/life.rs::a_sign_out_removes_the_marker_and_ends_the_session_of_the_browser` |
//! | `credentials-matching`, `session-cookie-has-no-attributes` | the marker is set as the configuration says, so no request refreshes while it is there: `tests/flows/device_bound/life.rs::a_registration_is_answered_with_the_configuration_and_an_access_token`, `tests/browser/device_bound.rs::the_default_lifetimes_stay_within_what_a_browser_signs` |
//! | `include-site`, `set-scope-origin`, `set-scope-specification` | one origin, without the excluded paths: `tests/flows/device_bound/routes.rs::the_configuration_names_excluded_paths_and_pages_of_the_same_site` |
//! | `set-authorization` | the header has no `authorization`: `tests/flows/device_bound/life.rs::a_login_asks_the_browser_to_register` |
//! | `not-secure-connection` | `tests/flows/device_bound/switched_off.rs::over_http_there_are_no_such_routes` |

use super::installed::run_beside;
use super::servers::{Names, Servers};

/// Keys in software for browsers without hardware, and as many signatures as a test likes.
const KEYS: &str = "EnableBoundSessionCredentialsSoftwareKeysForManualTesting,DeviceBoundSessions:RefreshQuota/false";

fn run(scenarios: &str, features: &str, servers: &Servers) {
    run_beside(scenarios, "", servers, &[("FEATURES", features)]);
}

/// An application with pages and API of one origin, or of two origins of one site.
fn application(website: &'static str, settings: &str) -> Servers {
    let names = Names::of(website, "api.shop.test");
    let settings =
        format!(r#", device_bound="when-supported", device_bound_exclude=["/open"]{settings}"#);
    Servers::of_replicas(&names, &settings)
}

#[test]
fn a_browser_refreshes_bound_sessions_by_itself() {
    run("bound.test.mjs", KEYS, &application("api.shop.test", ""));
}

#[test]
fn bound_sessions_survive_what_is_away() {
    let settings = r#", database_timeout="500ms""#;
    run(
        "bound_faults.test.mjs",
        KEYS,
        &application("api.shop.test", settings),
    );
}

#[test]
fn the_sdk_goes_on_in_a_bound_session() {
    for settings in [
        "",
        r#", csrf="via-token", cookie_prefix="secure", cookie_domain="shop.test""#,
        r#", csrf="via-custom-header", cookie_prefix="host-http""#,
        r#", csrf="none", cookie_prefix="none", cookie_same_site="strict""#,
    ] {
        run(
            "bound_sdk.test.mjs",
            KEYS,
            &application("www.shop.test", settings),
        );
    }
}

#[test]
fn the_default_lifetimes_stay_within_what_a_browser_signs() {
    let features = KEYS.replace(":RefreshQuota/false", "");
    let application = application("api.shop.test", "");
    run("bound_quota.test.mjs", &features, &application);
}

#[test]
fn a_browser_without_keys_goes_on_as_ever() {
    run(
        "bound_without.test.mjs",
        "",
        &application("api.shop.test", ""),
    );
}
