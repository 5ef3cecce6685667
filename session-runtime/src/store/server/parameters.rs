//! Parameters of a URL whose values sessions cannot live with, or that promise what is not kept.

/// What MariaDB's `ssl_mode` may be, as Diesel reads it.
const SSL_MODES: [&str; 5] = [
    "disabled",
    "preferred",
    "required",
    "verify_ca",
    "verify_identity",
];

/// The values of a parameter, in order; of several the client libraries take the last.
pub(in crate::store) fn values<'u>(url: &'u str, name: &'u str) -> impl Iterator<Item = &'u str> {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let (_, parameters) = super::url::parameters(rest);
    parameters
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// Says what is wrong with a value, without any that may be secret.
pub(super) fn problem(url: &str) -> Option<String> {
    if url.starts_with("mysql:") {
        tls_of_mariadb(url)
    } else {
        of_postgres(url)
    }
}

fn tls_of_mariadb(url: &str) -> Option<String> {
    let modes: Vec<String> = values(url, "ssl_mode").map(str::to_lowercase).collect();
    let has = |mode: &str| modes.iter().any(|found| found == mode);
    let has_ca = values(url, "ssl_ca").any(|file| !file.is_empty());
    if modes.iter().any(|mode| !SSL_MODES.contains(&mode.as_str())) {
        let known = SSL_MODES.map(str::to_uppercase).join("`, `");
        return Some(format!("has an `ssl_mode` that is none of `{known}`"));
    }
    if has("verify_identity") {
        return Some(
            "has `ssl_mode=VERIFY_IDENTITY`, which cannot be kept: Diesel has no way to tell MariaDB's client library to \
             compare the host with the certificate. Write `ssl_mode=VERIFY_CA` and an `ssl_ca` that signs certificates of \
             your database servers only, or reach the server through a tunnel that knows it"
                .into(),
        );
    }
    if has("verify_ca") && !has_ca {
        return Some(
            "has `ssl_mode=VERIFY_CA` and no authority to verify by: add `ssl_ca=` and the file of its certificate"
                .into(),
        );
    }
    (has("disabled") && has_ca).then(|| {
        "has `ssl_mode=DISABLED` and an `ssl_ca`, which switches TLS on: leave one of them out"
            .into()
    })
}

fn of_postgres(url: &str) -> Option<String> {
    if values(url, "pgbouncer").any(|value| value != "true") {
        return Some(
            "has the parameter `pgbouncer` with another value than `true`: write `pgbouncer=true` if a pooler chooses a \
             connection for each transaction, or leave it out"
                .into(),
        );
    }
    let asks_for_replica =
        |value: &&str| matches!(*value, "standby" | "prefer-standby" | "read-only");
    let found = values(url, "target_session_attrs").find(asks_for_replica)?;
    Some(format!(
        "has `target_session_attrs={found}`, which asks for a server that only reads; sessions need the primary: write \
         `target_session_attrs=read-write`"
    ))
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn what_can_be_kept_is_left_alone() {
        for url in [
            "mysql://u:p@h/app",
            "mysql://u:p@h/app?ssl_mode=disabled",
            "mysql://u:p@h/app?ssl_mode=PREFERRED",
            "mysql://u:p@h/app?ssl_mode=REQUIRED",
            "mysql://u:p@h/app?ssl_ca=/etc/ca.pem&ssl_mode=Verify_CA",
            "mysql://u:p@h/app?ssl_ca=/etc/ca.pem",
            "postgres://u:p@h/app?sslmode=verify-full",
            "postgres://u:pgbouncer=1@h/app",
            "postgres://h1,h2/app?target_session_attrs=read-write",
            "postgres://h1,h2/app?target_session_attrs=primary",
        ] {
            assert_eq!(problem(url), None, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for (url, words) in [
            (
                "mysql://u:p@h/app?ssl_mode=VERIFY_IDENTITY&ssl_ca=/etc/ca.pem",
                "`ssl_mode=VERIFY_CA` and an `ssl_ca`",
            ),
            (
                "mysql://u:p@h/app?ssl_mode=verify_identity&ssl_mode=disabled",
                "cannot be kept",
            ),
            ("mysql://u:p@h/app?ssl_mode=verify_ca", "add `ssl_ca=`"),
            (
                "mysql://u:p@h/app?ssl_mode=verify_ca&ssl_ca=",
                "add `ssl_ca=`",
            ),
            (
                "mysql://u:p@h/app?ssl_mode=disabled&ssl_ca=/etc/ca.pem",
                "leave one of them out",
            ),
            // Diesel decodes it.
            (
                "mysql://u:p@h/app?ssl_mode=%72equired",
                "none of `DISABLED`, ",
            ),
            ("mysql://u:p@h/app?ssl_mode=on", "`VERIFY_IDENTITY`"),
            ("postgres://u:p@h/app?pgbouncer=1", "write `pgbouncer=true`"),
            (
                "postgres://u:p@h/app?a=b&pgbouncer=yes",
                "write `pgbouncer=true`",
            ),
            (
                "postgres://h/app?target_session_attrs=standby",
                "write `target_session_attrs=read-write`",
            ),
        ] {
            let said = problem(url).expect(url);
            assert!(said.contains(words), "{url}: {said}");
        }
    }
}
