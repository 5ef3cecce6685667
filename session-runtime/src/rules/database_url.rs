//! Common mistakes in the URL of a database. No message shows the value, because it may contain a
//! password.

/// What URLs of databases begin with, in whichever library.
const KNOWN: [&str; 8] = [
    "postgres",
    "postgresql",
    "pgsql",
    "psql",
    "mysql",
    "mariadb",
    "sqlite",
    "sqlite3",
];

/// How files with a database of SQLite end.
const ENDINGS: [&str; 4] = [".db", ".db3", ".sqlite", ".sqlite3"];

/// Says why a value is neither a URL nor the path of a file, and what to write; `None` for what may be
/// either.
pub(crate) fn problem(value: &str) -> Option<String> {
    let begin: String = value
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let rest = &value[begin.len()..];
    let known = begin.to_ascii_lowercase();
    let is_known = KNOWN.contains(&&*known);
    if is_known && !rest.starts_with(':') && !is_name_or_path(rest) {
        return Some(format!(
            "begins with `{known}`, and not with `{known}://`: write `{known}://` in front of the rest"
        ));
    }
    if !rest.starts_with(':') && is_list_of_keywords(value) {
        return Some(
            "is a list of keywords, as libpq and ODBC read it: write a URL, as in `postgres://user:password@host/database` \
             or `mysql://user:password@host/database`"
                .into(),
        );
    }
    if value.starts_with("//") {
        return Some(
            "begins with `//`, which says no kind of database: write `postgres:`, `mysql:` or `sqlite:` in front of it"
                .into(),
        );
    }
    (!rest.starts_with(':') && has_login(value)).then(|| {
        "has an `@` as a URL with a user and a host, and does not begin with the kind of database: write for example \
         `postgres://user:password@host/database`"
            .into()
    })
}

/// Whether a user and a host stand where the path of a file belongs: an `@` in the first segment, or
/// one behind a colon.
pub(crate) fn has_login(path: &str) -> bool {
    let Some((before, _)) = path.rsplit_once('@') else {
        return false;
    };
    let is_below_a_folder = before.contains('/') && !before.contains(':');
    !is_below_a_folder && (before.contains(':') || path.contains('/'))
}

/// The path of a file, if a value is nothing else: only what paths are made of, with the ending of a
/// database.
pub(crate) fn file(value: &str) -> Option<&str> {
    let of_a_path =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '.' | '-' | '_' | ' ');
    let is_file = value.chars().all(of_a_path) && ENDINGS.iter().any(|end| value.ends_with(end));
    is_file.then_some(value)
}

/// Whether a name or a path goes on like this.
fn is_name_or_path(rest: &str) -> bool {
    let begin = rest.chars().next();
    begin.is_none_or(|letter| matches!(letter, '.' | '-' | '_') || !letter.is_ascii())
        || (begin == Some('/') && !rest.starts_with("//"))
}

/// Whether it begins like `host=..` or `Data Source=..;`.
fn is_list_of_keywords(value: &str) -> bool {
    let Some((keyword, _)) = value.split_once(['=', ';']) else {
        return false;
    };
    let of_a_keyword =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ' ' | '\'' | '"');
    !keyword.trim().is_empty() && keyword.chars().all(of_a_keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_is_told_without_being_shown() {
        for (value, words) in [
            ("postgres//web:SECRET@h/app", "not with `postgres://`"),
            ("postgres;//web:SECRET@h/app", "not with `postgres://`"),
            ("postgres ://web:SECRET@h/app", "not with `postgres://`"),
            ("Postgres=//web:SECRET@h/app", "not with `postgres://`"),
            ("mysql@SECRET", "not with `mysql://`"),
            ("//web:SECRET@h/app", "begins with `//`"),
            ("host=h user=web password=SECRET", "list of keywords"),
            (" host = 'h' password=SECRET", "list of keywords"),
            ("Server=tcp:h,1433;Uid=web;Pwd=SECRET", "list of keywords"),
            ("Data Source=h;Password=SECRET", "list of keywords"),
            ("w-b:SECRET@h/app", "has an `@`"),
            ("SECRET@h/app", "has an `@`"),
            ("web/SECRET:x@h", "has an `@`"),
        ] {
            let said = problem(value).expect(value);
            assert!(said.contains(words), "{value}: {said}");
            assert!(!said.contains("SECRET"), "{said}");
        }
    }

    #[test]
    fn what_may_be_a_url_a_name_or_a_path_is_not_judged() {
        for value in [
            "postgres://web:pw@h/app?a=b",
            "sqlite:app.db",
            "mongodb://h",
            "main",
            "postgres",
            "postgres_main",
            "mysql-2.db",
            "postgres/app.db",
            "app.db",
            "./app.db",
            "/srv/a=b/app.db",
            "/srv/a@b/app.db",
            "a@b.db",
            "C:\\app.db",
            "",
        ] {
            assert_eq!(problem(value), None, "{value}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_ending() {
        for value in ["/srv/q.db", "q.sqlite3", "../my data/q.db"] {
            assert_eq!(file(value), Some(value));
        }
        for value in ["main", "/srv/q", "a@b.db", "a:b.db", "SE/CRET+="] {
            assert_eq!(file(value), None, "{value}");
        }
    }
}
