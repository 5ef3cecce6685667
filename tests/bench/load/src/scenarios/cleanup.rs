//! What deleting very many expired sessions does to logins meanwhile.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::client::{Ask, Client, Logins, clients};
use crate::databases::{Databases, Kind};
use crate::drive::{Sample, drive};
use crate::fill;
use crate::results::{Figure, Measured, Ratio, Target};
use crate::servers::Server;
use crate::{Failure, Options};

/// The server deletes for the first time this long after its start; until then, logins warm it up.
const WARM_UP: Duration = Duration::from_secs(1);

/// Logins until somebody says that it is enough.
pub(super) struct Until(pub(super) Logins, pub(super) Rc<Cell<bool>>);

impl Client for Until {
    fn ask(&mut self) -> Option<Ask> {
        if self.1.get() { None } else { self.0.ask() }
    }
}

/// In turn, on copies of the same file: a server that deletes, measured from the first deletion to
/// the last, and one that does not, for as long.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let rows = if options.quick { 20_000 } else { 1_000_000 };
    let databases = Databases::start(Kind::Sqlite)?;
    let filled = databases.folder().join("filled");
    drop(Server::ours(
        &databases.make("filled")?,
        &[fill::MASTER_KEY],
    )?);
    fill::sessions(&filled, rows, true)?;

    let (mut during, mut without, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds.min(3) {
        let (file, busy) = copy(&databases, &filled, "busy", "1s")?;
        let before = fill::expired(&file)?;
        let (sample, took) = until_all_are_deleted(options, &busy, &file).await?;
        let left = fill::expired(&file)?;
        if before != rows as i64 || left != 0 {
            return Err(format!("{before} expired rows before, {left} after").into());
        }
        notes.push(format!("{:.1} s", took.as_secs_f64()));
        drop(busy);

        let (file, idle) = copy(&databases, &filled, "idle", "1d")?;
        let logins = clients(options.connections, |_| Logins::new("/login"));
        let alone = drive(idle.port, logins, WARM_UP, took).await?;
        let left = fill::expired(&file)?;
        if left != rows as i64 {
            return Err(format!("{left} expired rows are left where nobody deletes").into());
        }
        drop(idle);
        eprintln!(
            "round {round}: {rows} rows deleted in {took:.1?}; p99 {} us / {} us",
            sample.latencies.value_at_quantile(0.99),
            alone.latencies.value_at_quantile(0.99)
        );
        during.push(sample);
        without.push(alone);
    }
    let busy = Figure::of("login during clean-up", during)?;
    let idle = Figure::of("login without clean-up", without)?;
    let ratio = Ratio {
        what: format!("p99 of logins while {rows} expired rows are deleted / without"),
        value: busy.p99 / idle.p99,
        target: Some(Target::AtMost(2.0)),
        of: format!(
            "{:.1} ms / {:.1} ms, {:.0}/s / {:.0}/s, deleted in {}",
            busy.p99 / 1e3,
            idle.p99 / 1e3,
            busy.rate,
            idle.rate,
            notes.join(", ")
        ),
    };
    Ok(Measured {
        figures: vec![busy, idle],
        ratios: vec![ratio],
        ..Measured::default()
    })
}

/// A copy of the file in place of an earlier one, and a server that has just started on it.
fn copy(
    databases: &Databases,
    filled: &Path,
    name: &str,
    interval: &str,
) -> Result<(PathBuf, Server), Failure> {
    let file = databases.folder().join(name);
    for belongs_to_it in ["", "-wal", "-shm"] {
        let path = databases.folder().join(format!("{name}{belongs_to_it}"));
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    std::fs::copy(filled, &file)?;
    std::fs::File::open(&file)?.sync_all()?;
    let interval = format!("cleanup_interval=\"{interval}\"");
    let server = Server::ours(&databases.make(name)?, &[fill::MASTER_KEY, &interval])?;
    Ok((file, server))
}

/// Logins from the first deletion to the last, and how long that took.
async fn until_all_are_deleted(
    options: &Options,
    server: &Server,
    file: &Path,
) -> Result<(Sample, Duration), Failure> {
    let enough = Rc::new(Cell::new(false));
    let logins = clients(options.connections, |_| {
        Until(Logins::new("/login"), Rc::clone(&enough))
    });
    let begun = Instant::now() + WARM_UP;
    let watch = async {
        while tokio::task::spawn_blocking({
            let file = file.to_owned();
            move || fill::any_expired(&file).map_err(|error| error.to_string())
        })
        .await??
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        enough.set(true);
        Ok::<_, Failure>(begun.elapsed())
    };
    let hour = Duration::from_secs(3600);
    let (sample, took) = tokio::join!(drive(server.port, logins, WARM_UP, hour), watch);
    Ok((sample?, took?))
}
