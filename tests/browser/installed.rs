//! The programs of others that the scenarios need, and the page that is made of them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::servers::Servers;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser")
}

/// A package that `npm ci` puts there.
fn package(name: &str) -> PathBuf {
    let path = folder().join("node_modules").join(name);
    assert!(
        path.exists(),
        "{} is missing: run `tests/run browser` once, which installs it",
        path.display()
    );
    path
}

/// The browser: what `CHROMIUM` says, or the first on the search path.
fn chromium() -> PathBuf {
    let search = env::var_os("PATH").unwrap_or_default();
    env::var_os("CHROMIUM")
        .map(PathBuf::from)
        .or_else(|| {
            env::split_paths(&search)
                .map(|folder| folder.join("chromium"))
                .find(|path| path.exists())
        })
        .expect("`chromium` is missing: run `tests/run browser` once, or name another in CHROMIUM")
}

/// Runs a program to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| {
        panic!("{command:?} does not start: {error}; `tests/run browser` installs it")
    })
}

/// The page and its script, the SDK in it; made once for each run.
pub(crate) fn page() -> &'static Path {
    static PAGE: OnceLock<PathBuf> = OnceLock::new();
    PAGE.get_or_init(|| {
        let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-page");
        package("supertokens-website");
        let made = output(
            Command::new(package("esbuild/bin/esbuild"))
                .current_dir(folder())
                .args(["page/index.html", "page/page.js"])
                .args(["--bundle", "--loader:.html=copy", "--log-level=warning"])
                .arg(format!("--outdir={}", page.display())),
        );
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "the page cannot be made: {said}");
        page
    })
}

/// Runs the scenarios of a file, for the case that it knows by a name; fails with what it prints.
pub(crate) fn run(scenarios: &str, case: &str, servers: &Servers) {
    run_beside(scenarios, case, servers, &[]);
}

/// The same, with more that the scenarios find in their environment.
#[expect(clippy::print_stdout, reason = "cargo shows it when asked to")]
pub(crate) fn run_beside(scenarios: &str, case: &str, servers: &Servers, more: &[(&str, &str)]) {
    package("playwright-core");
    let tls = servers.tls.as_ref().map(|folder| folder.path());
    let replicas: Vec<String> = servers.replicas.iter().map(u16::to_string).collect();
    let run = output(
        Command::new("node")
            .current_dir(folder())
            .args(["--test", "--test-reporter=spec"])
            .arg(scenarios)
            .env("CHROMIUM", chromium())
            .env("CASE", case)
            .env("API", &servers.api)
            .env("WEBSITE", &servers.website)
            .env("REPLICAS", replicas.join(","))
            .envs(tls.map(|folder| ("TLS", folder)))
            .envs(more.iter().copied()),
    );
    let said = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{scenarios}:\n{said}{complaints}");
    println!("{said}");
}
