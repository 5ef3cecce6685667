//! A SQLite file as people have it: odd names, many launches at once, deleted while it is open.

mod copies;
mod launches;
mod names;
mod replaced;
mod unusual;

use std::path::Path;

use session_tests::{Builder, Database, Log, Server, launches};

/// An application on the database of a URL, with a key of its own beside the file.
fn on(url: &str) -> Builder {
    Server::builder().on_url(url).without_master_key()
}

/// An application on a file.
fn on_file(file: &Path) -> Builder {
    on(&format!("sqlite://{}", file.display()))
}

/// What was logged by a launch that fails.
async fn refused(builder: Builder) -> Log {
    let log = Log::start();
    assert!(!launches(builder.build()).await);
    log
}

/// A connection of somebody else.
fn open(file: &Path) -> Database {
    Database::connect(&format!("sqlite://{}", file.display()))
}

/// How many sessions a file holds.
fn sessions(file: &Path) -> i64 {
    open(file).sessions()
}
