//! Rows that no application would write arrive as they are, and come back.

use session_runtime::transfer::Transfer;
use session_tests::servers::Backend;
use session_tests::{Database, Server};

use super::Places;

session_tests::on_both! { odd_rows_are_moved_as_they_are }

async fn odd_rows_are_moved_as_they_are(backend: Backend) {
    let places = Places::new(backend, "odd");
    drop(Server::builder().on_url(&places.source).start().await);
    let mut source = Database::connect(&places.source);
    let large = "ü🦀\\u0000".repeat(40_000);
    source.execute(&format!(
        "INSERT INTO session_info (handle, user_id, parent_hash, parent_since, generation, children, payload, data, \
         created_at, validity, expires_at, ends_for_good, auth_time, anonymous, data_version, device, capped_since, payload_type) VALUES \
         (x'00000000000000000000000000000000', '{}', x'00ff', {max}, {max}, x'', '{{}}', '\"{large}\"', {min}, 1, 2, NULL, {max}, 1, {max}, '', {max}, 'Staff'), \
         (x'ffffffffffffffffffffffffffffffff', 'ÄÖ ', x'5c27', 0, 0, x'00', '{{\"a\":\"''\"}}', 'null', 0, 0, 0, 0, NULL, 0, 0, '{{}}', NULL, '')",
        "é".repeat(64),
        max = i64::MAX,
        min = i64::MIN,
    ));
    source.execute(
        "INSERT INTO session_revocation VALUES (x'00', NULL, 1, 0), (x'ff', 9223372036854775807, 2, 1)",
    );
    let moved = places.run().expect("moved");
    assert!(moved.is_complete());
    assert_eq!(moved.tables[1].source.rows, 2);
    let mut target = Database::connect(&places.target);
    let blank =
        "SELECT count(*) AS value FROM session_info WHERE auth_time IS NULL AND user_id = 'ÄÖ '";
    assert_eq!(target.number(blank), 1);
    // And back again, into another file.
    let back = places.file.with_extension("back");
    let back = format!("sqlite://{}", back.display());
    let returned = Transfer::new(&*places.target, &*back)
        .run(|_| ())
        .expect("back");
    assert_eq!(returned.tables[1].target, moved.tables[1].source);
}
