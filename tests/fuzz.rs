//! Replays what the fuzzer kept (`tests/fuzz/corpus`): the properties hold for every input, and
//! each target has inputs that are accepted as well as inputs that are refused.

use std::fs;
use std::path::Path;

use session_tests::fuzzing::{App, TARGETS, run};

#[test]
fn the_properties_hold_for_the_whole_corpus() {
    let app = App::new();
    for (target, _) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(target);
        let (mut accepted, mut refused) = (0, 0);
        for entry in fs::read_dir(folder).expect("a corpus") {
            let path = entry.expect("an entry").path();
            let input = fs::read(&path).expect("an input");
            if run(&app, target, &input) {
                accepted += 1;
            } else {
                refused += 1;
            }
        }
        assert!(
            accepted > 0 && refused > 0,
            "{target}: {accepted} accepted, {refused} refused"
        );
    }
}
