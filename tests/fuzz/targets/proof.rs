//! Fuzzes the target `proof` of `session_tests::fuzzing`.

#![no_main]

use std::mem::ManuallyDrop;

use session_tests::fuzzing::{self, App};

thread_local! {
    // Never dropped: a server cannot stop while its thread ends.
    static APP: ManuallyDrop<App> = ManuallyDrop::new(App::new());
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    APP.with(|app| fuzzing::run(app, "proof", input));
});
