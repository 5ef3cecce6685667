//! The example as browsers meet it: its pages and forms, and what people and attackers do with
//! them.

#[path = "../application/mod.rs"]
mod application;
mod browser;
mod clicks;
mod lists;
mod pages;
mod password;

use std::path::Path;

use application::{Application, free_port};
use browser::Browser;

/// Runs the application for browsers with these jars.
fn with_browsers<const N: usize>(jars: [&'static str; N], story: impl FnOnce([Browser<'_>; N])) {
    let folder = tempfile::tempdir().expect("a folder");
    with_browsers_in(folder.path(), "", jars, story);
}

/// The same in a folder that may have a database and jars, with a setting of the sessions.
fn with_browsers_in<const N: usize>(
    folder: &Path,
    setting: &str,
    jars: [&'static str; N],
    story: impl FnOnce([Browser<'_>; N]),
) {
    let port = free_port();
    let _application = Application::start(folder, port, setting);
    story(jars.map(|jar| Browser { folder, jar, port }));
}
