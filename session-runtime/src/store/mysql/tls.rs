//! Whether a connection is encrypted, where the URL demands it.
//!
//! MariaDB's client library does not know the option by which Diesel hands `ssl_mode` on. It speaks
//! TLS if a certificate is named, and goes on without if the server offers none. So each connection
//! is asked before anything of a session travels.

use diesel::prelude::{MysqlConnection, QueryableByName, RunQueryDsl};
use diesel::sql_types::Text;

use crate::store::{OpenError, server};

#[derive(QueryableByName)]
struct Status {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

/// Fails if the URL demands encryption and the connection has none.
pub(super) fn check(conn: &mut MysqlConnection, url: &str) -> Result<(), OpenError> {
    let Some(parameter) = demand(url) else {
        return Ok(());
    };
    let status: Vec<Status> =
        diesel::sql_query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").load(conn)?;
    if status.iter().any(|cipher| !cipher.value.is_empty()) {
        return Ok(());
    }
    let advice = if server::values(url, "ssl_ca").next().is_some() {
        "switch TLS on at the server (`ssl_cert`, `ssl_key` in its configuration)"
    } else {
        "add `ssl_ca=` and the file of the authority's certificate, without which MariaDB's client library does not begin \
         with TLS, and switch TLS on at the server"
    };
    Err(OpenError::Unfit(format!(
        "demands TLS (`{parameter}`), and the connection is not encrypted: {advice}"
    )))
}

/// The parameter that demands encryption. Whoever names certificates wants them used, unless
/// `ssl_mode` leaves it open.
fn demand(url: &str) -> Option<String> {
    let mut modes = server::values(url, "ssl_mode").peekable();
    if modes.peek().is_some() {
        return modes
            .find(|mode| ["required", "verify_ca"].contains(&mode.to_lowercase().as_str()))
            .map(|mode| format!("ssl_mode={mode}"));
    }
    ["ssl_ca", "ssl_cert", "ssl_key"]
        .into_iter()
        .find(|name| server::values(url, name).next().is_some())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::demand;

    #[test]
    fn what_demands_encryption() {
        for (parameters, demanded) in [
            ("", None),
            ("?unix_socket=/run/x", None),
            ("?ssl_mode=disabled", None),
            ("?ssl_mode=PREFERRED&ssl_ca=/ca.pem", None),
            ("?ssl_mode=REQUIRED", Some("ssl_mode=REQUIRED")),
            (
                "?ssl_mode=required&ssl_mode=disabled",
                Some("ssl_mode=required"),
            ),
            (
                "?ssl_ca=/ca.pem&ssl_mode=verify_ca",
                Some("ssl_mode=verify_ca"),
            ),
            ("?ssl_ca=/ca.pem", Some("ssl_ca")),
            ("?ssl_cert=/c.pem&ssl_key=/k.pem", Some("ssl_cert")),
        ] {
            let url = format!("mysql://u:p@h/app{parameters}");
            assert_eq!(demand(&url).as_deref(), demanded, "{parameters}");
        }
    }
}
