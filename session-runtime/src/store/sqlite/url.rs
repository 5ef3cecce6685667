//! The URL of a SQLite database: which file it names.

/// A file that a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// As it is written, percent-decoded.
    pub(super) path: String,
    /// Whether it may be made if it is not there.
    pub(super) may_create: bool,
}

/// Reads `sqlite://path` or `sqlite:path`, with parameters as SQLite and sqlx have them.
///
/// # Errors
/// What is wrong and what to write instead; no value of a parameter, for it may be a secret.
pub(super) fn parse(url: &str) -> Result<Named, String> {
    let rest = url.strip_prefix("sqlite:").unwrap_or(url);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    if rest.contains('#') {
        return Err("has a `#`: write it as `%23` if it belongs to the name".into());
    }
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let path = decode(path).ok_or("is not UTF-8 once it is percent-decoded: name another file")?;
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(
            "names no file: several connections share it, which memory and temporary files cannot be; write \
             for example `sqlite://sessions.db`, or the path of a temporary folder for a test"
                .into(),
        );
    }
    if path.starts_with("file:") {
        return Err(
            "is a `file:` URI: write `sqlite://` and the path, as in `sqlite:///var/lib/app/sessions.db`"
                .into(),
        );
    }
    if path == "~" || path.starts_with("~/") {
        return Err(format!(
            "begins with `~`, which only a shell replaces: write the folder out, as in `sqlite:///srv/ada{}`",
            &path[1..]
        ));
    }
    if path.contains('\0') {
        return Err("contains a null character: name another file".into());
    }
    let mut may_create = true;
    for parameter in parameters.split('&').filter(|part| !part.is_empty()) {
        match parameter {
            "mode=rwc" | "cache=private" => {}
            "mode=rw" => may_create = false,
            other => return Err(refusal(other)),
        }
    }
    Ok(Named { path, may_create })
}

/// What to say of a parameter that changes what the library relies on, or that it does not know.
fn refusal(parameter: &str) -> String {
    let name = parameter.split('=').next().unwrap_or_default();
    let reason = match parameter {
        "mode=ro" => "`mode=ro`, but sessions are written".to_owned(),
        "mode=memory" => {
            "`mode=memory`, but several connections share the database, which memory cannot be"
                .to_owned()
        }
        "cache=shared" => "`cache=shared`, under which readers wait for writers".to_owned(),
        _ => format!("the parameter `{name}`, which sessions do not know"),
    };
    format!(
        "has {reason}: leave it out; `mode=rwc`, `mode=rw` (never make a file) and `cache=private` are known, and a `?` \
         in a name is written `%3F`"
    )
}

/// Replaces `%41` by `A`, as SQLite does; what only looks like it stays.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(digits.unwrap_or(bytes[at]));
        at += if digits.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        for (url, path, may_create) in [
            ("sqlite://app.db", "app.db", true),
            ("sqlite:app.db", "app.db", true),
            ("sqlite:///var/lib/app.db", "/var/lib/app.db", true),
            ("sqlite:/var/lib/app.db", "/var/lib/app.db", true),
            ("sqlite://app.db?mode=rwc", "app.db", true),
            ("sqlite://app.db?mode=rw&cache=private", "app.db", false),
            ("sqlite://app.db?", "app.db", true),
            ("sqlite://with space.db", "with space.db", true),
            ("sqlite://with%20space%3F.db", "with space?.db", true),
            ("sqlite://100%.db", "100%.db", true),
            ("sqlite://100%zz%é.db", "100%zz%é.db", true),
            ("sqlite://%C3%BC.db", "ü.db", true),
            ("sqlite://../ünï/a:b.db", "../ünï/a:b.db", true),
            ("sqlite://~backup.db", "~backup.db", true),
        ] {
            let path = path.to_owned();
            assert_eq!(parse(url), Ok(Named { path, may_create }), "{url}");
        }
    }

    #[test]
    fn what_names_no_file_is_refused_with_what_to_write() {
        for (url, words) in [
            ("sqlite:", "names no file"),
            ("sqlite://", "names no file"),
            ("sqlite://:memory:", "names no file"),
            ("sqlite::memory:", "names no file"),
            ("sqlite://?mode=rwc", "names no file"),
            ("sqlite:file:app.db?mode=rwc", "is a `file:` URI"),
            ("file:app.db", "is a `file:` URI"),
            ("sqlite://file:app.db", "is a `file:` URI"),
            ("sqlite://file%3Aapp.db", "is a `file:` URI"),
            ("sqlite://~/app.db", "`sqlite:///srv/ada/app.db`"),
            ("sqlite://a#b.db", "`%23`"),
            ("sqlite://a%00b.db", "null character"),
            ("sqlite://%ff.db", "not UTF-8"),
            ("sqlite://app.db?mode=ro", "sessions are written"),
            ("sqlite://app.db?mode=memory", "memory cannot be"),
            ("sqlite://app.db?cache=shared", "readers wait for writers"),
            ("sqlite://app.db?immutable=1", "the parameter `immutable`"),
            ("sqlite://app.db?vfs=unix-none", "the parameter `vfs`"),
            (
                "sqlite://app.db?nolock=1&mode=rwc",
                "the parameter `nolock`",
            ),
            ("sqlite://what?.db", "`%3F`"),
        ] {
            let refused = parse(url).expect_err(url);
            assert!(refused.contains(words), "{url}: {refused}");
        }
        let refused = parse("sqlite://app.db?key=hush").expect_err("unknown");
        assert!(refused.contains("`key`") && !refused.contains("hush"));
    }
}
