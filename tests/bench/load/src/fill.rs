//! Rows for databases that have been in use for a while, made by SQLite itself.

use std::path::Path;

use diesel::QueryableByName;
use diesel::RunQueryDsl;
use diesel::connection::{Connection, SimpleConnection};
use diesel::sql_types::BigInt;

use crate::Failure;

/// The same key for every server on one file; of no use to anybody.
pub const MASTER_KEY: &str = "master_key=\"q6/7jzOqNlBPzv3eOFyRZ1m3Kk0Zt4Q1i2D5o8Wc6Xs=\"";

/// Sessions as logins of the last weeks left them: handles grow with time, users and hashes are
/// random. `expired` ones ended long enough ago to be deleted.
pub fn sessions(file: &Path, rows: u64, expired: bool) -> Result<(), Failure> {
    let age = if expired { "-9000000000" } else { "0" };
    bulk(
        file,
        &format!(
            "CREATE TEMP VIEW clock AS SELECT CAST(strftime('%s') AS INTEGER) * 1000 + {age} AS now;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO session_info (handle, user_id, parent_hash, parent_since, generation, children, payload,
                                       data, created_at, validity, expires_at, device, payload_type)
             SELECT unhex(printf('%012x7000', now - ({rows} - i) / 10) || '80' || hex(randomblob(7))),
                    lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
                          || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
                    randomblob(32), now, 1, x'', '{{\"name\":\"ada\"}}',
                    '{{\"awesomeThings\":[\"programming\",\"javascript\",\"supertokens\"]}}',
                    now - ({rows} - i) / 10, 8640000000, now - ({rows} - i) / 10 + 8640000000,
                    '{{\"user_agent\":\"Mozilla/5.0\",\"ip\":\"127.0.0.0\"}}', 'Claims'
             FROM n, clock;"
        ),
    )
}

/// Revocations of the last minutes, and as the newest of them the one session that is in the file.
pub fn revocations(file: &Path, rows: u64) -> Result<(), Failure> {
    bulk(
        file,
        &format!(
            "CREATE TEMP VIEW clock AS SELECT CAST(strftime('%s') AS INTEGER) * 1000 AS now;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows} - 1)
             INSERT INTO session_revocation (handle, number, until)
             SELECT unhex(printf('%012x7000', now - ({rows} - i)) || '80' || hex(randomblob(7))), i, now + 3600000
             FROM n, clock;
             INSERT INTO session_revocation (handle, number, until)
             SELECT handle, {rows}, now + 3600000 FROM session_info, clock;
             UPDATE session_counter SET value = {rows} WHERE name = 'revocation';"
        ),
    )
}

/// How many sessions ended long enough ago to be deleted.
pub fn expired(file: &Path) -> Result<i64, Failure> {
    ask(file, "")
}

/// Whether there is any such session: costs next to nothing, however many there are.
pub fn any_expired(file: &Path) -> Result<bool, Failure> {
    Ok(ask(file, "LIMIT 1")? > 0)
}

fn ask(file: &Path, limit: &str) -> Result<i64, Failure> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = BigInt)]
        answer: i64,
    }
    let mut conn = diesel::SqliteConnection::establish(&file.to_string_lossy())?;
    conn.batch_execute("PRAGMA busy_timeout = 10000")?;
    let query = format!(
        "SELECT count(*) AS answer FROM (SELECT 1 FROM session_info
         WHERE expires_at < (CAST(strftime('%s') AS INTEGER) - 86400) * 1000 {limit})"
    );
    let answer: Answer = diesel::sql_query(query).get_result(&mut conn)?;
    Ok(answer.answer)
}

/// One transaction, after which everything is in the file itself and on the disk.
fn bulk(file: &Path, sql: &str) -> Result<(), Failure> {
    let mut conn = diesel::SqliteConnection::establish(&file.to_string_lossy())?;
    conn.batch_execute(&format!(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN; {sql} COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"
    ))?;
    drop(conn);
    Ok(std::fs::File::open(file)?.sync_all()?)
}
