//! What this library adds to a clean build: the README's application beside one with the same
//! framework, database and token crates and no sessions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::results::{Measured, Ratio, Target};
use crate::rounds::median;
use crate::{Failure, Options};

const MANIFEST: &str = r#"
[package]
name = "application"
version = "0.1.0"
edition = "2024"

[workspace]

[profile.dev.package."*"]
debug = false

[dependencies]
rocket = { version = "0.5.1", features = ["json"] }
serde = { version = "1", features = ["derive"] }
"#;

/// What one adds to write sessions by hand; the library brings the same.
const BY_HAND: &str = r#"
diesel = { version = "2.3", default-features = false, features = ["sqlite", "r2d2"] }
jsonwebtoken = { version = "11", default-features = false, features = ["aws_lc_rs"] }
libsqlite3-sys = { version = "0.38", features = ["bundled"] }
"#;

const WITHOUT_SESSIONS: &str = r#"
use rocket::{get, launch, post, routes, serde::json::Json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Credentials { user: String }

#[post("/login", data = "<credentials>")]
async fn login(credentials: Json<Credentials>) -> String { credentials.into_inner().user }

#[get("/me")]
fn me() -> String { "hello".to_owned() }

#[launch]
fn rocket() -> _ {
    rocket::build().mount("/", routes![login, me])
}
"#;

/// A fresh target folder for each build, in turn.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("session-bench-")
        .tempdir()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let library = format!(
        "session-runtime = {{ path = {:?} }}",
        root.canonicalize()?.join("session-runtime")
    );
    let with = package(folder.path(), "with", &root, &library, &application(&root)?)?;
    let without = package(folder.path(), "without", &root, BY_HAND, WITHOUT_SESSIONS)?;
    let mut seconds = [Vec::new(), Vec::new()];
    for round in 0..options.rounds.min(2) {
        for (package, found) in [&with, &without].into_iter().zip(&mut seconds) {
            let took = build(package)?;
            eprintln!("round {round} {:40} {took:.1} s", package.display());
            found.push(took);
        }
    }
    let [with, without] = seconds.map(median);
    Ok(Measured {
        ratios: vec![Ratio {
            what: "clean build with / without this library".to_owned(),
            value: with / without,
            target: Some(Target::AtMost(1.2)),
            of: format!("{with:.0} s / {without:.0} s"),
        }],
        ..Measured::default()
    })
}

/// The README's first example, with the types that it leaves to the reader.
fn application(root: &Path) -> Result<String, Failure> {
    let front_door = std::fs::read_to_string(root.join("session-runtime/docs/front_door.md"))?;
    let code = front_door
        .split("```rust\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .ok_or("front_door.md has no code")?;
    // Lines that the documentation hides begin with a mark.
    Ok(code
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n"))
}

/// A package with the versions of the product's lock file, everything downloaded.
fn package(
    folder: &Path,
    name: &str,
    root: &Path,
    dependencies: &str,
    code: &str,
) -> Result<PathBuf, Failure> {
    let package = folder.join(name);
    std::fs::create_dir_all(package.join("src"))?;
    std::fs::write(
        package.join("Cargo.toml"),
        format!("{MANIFEST}{dependencies}"),
    )?;
    std::fs::write(package.join("src/main.rs"), code)?;
    std::fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
    cargo(&package, &["fetch", "--quiet"])?;
    Ok(package)
}

/// Seconds that a build takes.
fn build(package: &Path) -> Result<f64, Failure> {
    let begun = Instant::now();
    cargo(package, &["build", "--quiet", "--offline"])?;
    let took = begun.elapsed();
    std::fs::remove_dir_all(package.join("target"))?;
    Ok(took.as_secs_f64())
}

fn cargo(package: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let status = Command::new("cargo")
        .args(arguments)
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .stdin(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo {arguments:?}: {status}").into())
    }
}
