//! The setting `database`: a URL, or the name of an entry of Rocket's databases that has one.

use rocket::figment::Figment;
use rocket::figment::value::Dict;

use super::misread::TABLE;
use crate::config::DatabaseUrl;
use crate::rules::database_url::{file, problem};

/// Where sessions are kept.
#[derive(Debug)]
pub(in crate::web) struct Database {
    pub(in crate::web) url: DatabaseUrl,
    /// What the pool of the application would make of the same URL.
    pub(in crate::web) warning: Option<String>,
}

/// The URL itself, or the URL in the named `[default.databases.*]` entry. An unknown value is not
/// shown: it may hold a password.
///
/// # Errors
/// What to write.
pub(super) fn url(figment: &Figment, database: &str) -> Result<Database, String> {
    let direct = |url: &str| Database {
        url: url.into(),
        warning: None,
    };
    let named: Result<String, _> = figment.extract_inner(&format!("databases.{database}.url"));
    if let Ok(url) = named {
        return of_entry(database, url);
    }
    if let Some(problem) = problem(database) {
        return Err(format!("`{TABLE}.database` {problem}"));
    }
    if database.contains(':') {
        return Ok(direct(database));
    }
    if let Some(path) = file(database) {
        return Err(format!(
            "`{TABLE}.database` is the path of a file, and must be a URL: write \"sqlite://{path}\""
        ));
    }
    let entries = figment.extract_inner::<Dict>("databases");
    let entries: Vec<String> = entries
        .unwrap_or_default()
        .keys()
        .map(|name| format!("\"{name}\""))
        .collect();
    let known = if entries.is_empty() {
        "there is none".to_owned()
    } else {
        format!("there is {}", entries.join(", "))
    };
    Err(format!(
        "`{TABLE}.database` is neither a URL such as \"sqlite://sessions.db\" nor the name of a `[default.databases.*]` entry \
         with a `url` ({known})"
    ))
}

/// The URL of an entry as sessions read it.
fn of_entry(name: &str, url: String) -> Result<Database, String> {
    let setting = format!("`url` in `[default.databases.{name}]`");
    if let Some(problem) = problem(&url) {
        return Err(format!("{setting} {problem}"));
    }
    let scheme = url.split(':').next().filter(|scheme| *scheme != url);
    if scheme.is_some_and(|scheme| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        let without_slashes = url.starts_with("sqlite:") && !url.starts_with("sqlite://");
        let warning = without_slashes.then(|| {
            format!(
                "{setting} begins with `sqlite:` and no `//`: sessions are kept in the file that is named after it, and \
                 Diesel's pools open another one, whose name begins with `sqlite:`; write the path alone"
            )
        });
        return Ok(Database {
            url: url.as_str().into(),
            warning,
        });
    }
    // Rocket's own pools write SQLite databases as a bare path, which is not decoded.
    let path = url
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    Ok(Database {
        url: format!("sqlite:{path}").as_str().into(),
        warning: None,
    })
}
