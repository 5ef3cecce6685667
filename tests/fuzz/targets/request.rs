//! Fuzzes the target `request` of `session_tests::fuzzing`.

#![no_main]

use session_tests::fuzzing::{self, App};

thread_local! {
    static APP: App = App::new();
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    APP.with(|app| fuzzing::run(app, "request", input));
});
