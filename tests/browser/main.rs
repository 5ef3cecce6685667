//! The model system's front end, unmodified, in Chromium, against servers of ours: one scenario file for each test here.
//! `tests/run browser` installs what it needs.

mod installed;
mod servers;

use servers::{Names, Servers};

/// Plain http on this machine, as in development.
fn on_localhost(scenarios: &str, settings: &str) {
    installed::run(scenarios, &Servers::start(&Names::localhost(), settings));
}

#[test]
fn the_sdk_logs_in_on_localhost() {
    on_localhost("login.test.mjs", "");
}
