//! What the log says to whoever made a mistake, as people read it: the files in `messages/` hold
//! each mistake and its answer.
//!
//! A mistake in the settings is written there as it would stand in `Rocket.toml`, with `# release`
//! for that profile, or as a variable of the environment; the lines after `>` are the answer.
//! `UPDATE_EXPECTED=1 cargo test -p session-tests --test flows messages` writes the answers anew;
//! read them aloud before they are committed.

mod code;
mod events;
mod places;

use std::path::{Path, PathBuf};
use std::{env, fs};

use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, async_test};
use session_runtime::Sessions;
use session_tests::server::MASTER_KEY;
use session_tests::{Log, app};
use tempfile::TempDir;

/// The files with settings.
const SETTINGS: [&str; 5] = ["names", "values", "together", "browsers", "databases"];

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/messages");
    folder.join(name).with_extension("txt")
}

/// Compares answers with those in a file, or writes them there.
fn compare(name: &str, answers: &str) {
    let file = file(name);
    if env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&file, answers).expect("a file that can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        answers, expected,
        "messages/{name}.txt: read it, then set UPDATE_EXPECTED=1"
    );
}

/// A mistake and the lines of the log that answer it.
fn block(mistake: &str, lines: &str) -> String {
    let lines: Vec<String> = lines.lines().map(|line| format!("> {line}\n")).collect();
    format!("{mistake}\n{}", lines.concat())
}

/// The mistakes of a file, without their answers.
fn mistakes(name: &str) -> Vec<String> {
    let text = fs::read_to_string(file(name)).expect("a file of mistakes");
    text.split("\n\n")
        .map(|block| {
            let lines = block.lines().filter(|line| !line.starts_with('>'));
            lines.collect::<Vec<_>>().join("\n")
        })
        .filter(|mistake| !mistake.is_empty())
        .collect()
}

/// What is logged from a warning on while a Rocket is built and launched; the folder is shown as
/// `FOLDER`.
async fn launch(build: impl FnOnce() -> Rocket<Build>, folder: &TempDir) -> String {
    // Before Rocket sets a logger of its own.
    let log = Log::start();
    if let Err(error) = Client::untracked(build()).await {
        // An error that nobody looked at panics when it is dropped.
        let _seen = error.kind();
    }
    warnings(&log, folder)
}

fn warnings(log: &Log, folder: &TempDir) -> String {
    let text = log.text();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("WARN") || line.starts_with("ERROR"))
        .filter(|line| !line.contains("made a master key for development"))
        .collect();
    let lines = lines.join("\n");
    lines.replace(&*folder.path().to_string_lossy(), "FOLDER")
}

/// Rocket's own settings, with a database in the folder.
fn figment(folder: &TempDir) -> Figment {
    let path = folder.path().display();
    let database = format!("[default.sessions]\ndatabase = \"sqlite://{path}/test.db\"");
    rocket::Config::figment()
        .merge(("log_level", "off"))
        .merge(Toml::string(&database).nested())
}

async fn answer(mistake: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = folder.path().to_string_lossy();
    let toml = mistake.replace("FOLDER", &shown).replace("KEY", MASTER_KEY);
    let file = folder.path().join("Rocket.toml");
    fs::write(&file, toml).expect("a file");
    let mut figment = figment(&folder).merge(Toml::file(file).nested());
    if mistake.contains("# release") {
        figment = figment.select("release");
    }
    let build = || {
        session_tests::rocket(figment)
            .attach(Sessions::fairing())
            .mount("/", app::routes())
    };
    launch(build, &folder).await
}

#[async_test]
async fn sqlite_every_mistake_in_the_settings_is_answered_as_it_was_read_aloud() {
    let mut count = 0;
    for name in SETTINGS {
        let mut blocks = Vec::new();
        for mistake in mistakes(name) {
            let lines = answer(&mistake).await;
            assert!(!lines.is_empty(), "no answer to\n{mistake}");
            assert!(
                !lines.contains("SECRET") && !lines.contains("9f2V0bS3"),
                "{lines}"
            );
            count += 1;
            blocks.push(block(&mistake, &lines));
        }
        compare(name, &blocks.join("\n"));
    }
    assert!(count >= 90, "{count} mistakes");
}

/// A sentence says where to read on.
#[test]
fn every_launch_that_is_refused_names_a_page() {
    for name in SETTINGS {
        let text = fs::read_to_string(file(name)).expect("a file of mistakes");
        for line in text.lines().filter(|line| line.contains("set up: ")) {
            assert!(line.contains("` says more)"), "{line}");
        }
    }
}

/// All Rust files in a folder.
fn read_sources(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of the library") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.push_str(&fs::read_to_string(path).expect("a source file"));
        }
    }
}

/// The chapter on troubleshooting names events, settings and functions that there are.
#[test]
fn the_chapter_on_troubleshooting_names_what_there_is() {
    let chapter = include_str!("../../../session-runtime/docs/troubleshooting.md");
    let mut known = String::new();
    read_sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../session-runtime/src"),
        &mut known,
    );
    let words = chapter.split('`').skip(1).step_by(2);
    let names = words.map(|word| word.split([' ', '=']).next().unwrap_or_default());
    let is_name = |name: &&str| {
        name.contains('_')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let not_ours = [
        "large_client_header_buffers",
        "log_level",
        "pg_terminate_backend",
        "proxy_buffer_size",
        "proxy_cookie_path",
        "session_key",
        "session_runtime",
        "ssl_ca",
    ];
    let mut count = 0;
    for name in names
        .filter(is_name)
        .filter(|name| !not_ours.contains(name))
    {
        let forms = [
            format!("event = \"{name}\""),
            format!("pub {name}:"),
            format!("pub async fn {name}("),
        ];
        let found = forms.iter().any(|form| known.contains(form));
        assert!(found, "there is no event, setting or function `{name}`");
        count += 1;
    }
    assert!(count > 30, "{count}");
}
