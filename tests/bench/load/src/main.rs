//! The load generator: starts the servers, drives them in turn, and writes figures, ratios and
//! plots.
//!
//! It runs on one thread, so that the servers get most of the machine it shares with them.

mod client;
mod databases;
mod drive;
mod fill;
mod plots;
mod report;
mod results;
mod rounds;
mod scenarios;
mod servers;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::databases::Kind;

/// Whatever stops a benchmark, as a sentence.
pub type Failure = Box<dyn std::error::Error>;

/// Measures this library and what it is compared with.
#[derive(Parser)]
pub struct Options {
    /// What to measure
    scenario: Scenario,
    /// A smoke run of a few seconds: shows that everything works, its figures mean nothing
    #[arg(long)]
    quick: bool,
    /// Connections that are kept open
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How often the variants are measured in turn
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of one measurement, after as long a warm-up as a third of it
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Databases: all that the scenario knows, unless said otherwise
    #[arg(long, value_delimiter = ',')]
    database: Vec<Kind>,
    /// Where results are written and read: tests/bench/results, and nowhere after a smoke run
    #[arg(long)]
    results: Option<PathBuf>,
    /// The file whose table `report` fills: BENCHMARKS.md
    #[arg(long)]
    table: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// A guarded route beside the same one without a guard, cache warm and off
    Guarded,
    /// Logins beside one commit per login and a bare JSON route
    Login,
    /// Logins over one connection
    Latency,
    /// Logins and guards of other libraries beside ours
    Peers,
    /// A guarded route with very many revoked sessions and with none
    Revoked,
    /// Refreshing beside logging in
    Refresh,
    /// Up to ten million rows: cost, size, start (needs 7 GB)
    Rows,
    /// Logins while a million expired rows are deleted
    Cleanup,
    /// Logins of others while all sessions of one user are ended
    Ending,
    /// Work of the application's own while the database hangs under 2,000 requests
    Hanging,
    /// Logins at once where the database lets in five connections
    Few,
    /// Memory after a million live tokens
    Memory,
    /// A clean build with this library and without
    Build,
    /// No measurement: writes the table of BENCHMARKS.md and the plots from the results
    Report,
}

impl Options {
    /// The databases to measure on, of those that a scenario knows.
    pub fn databases(&self, known: &[Kind]) -> Vec<Kind> {
        let wanted = |kind: &Kind| match &self.database[..] {
            [] => !self.quick || *kind == Kind::Sqlite,
            named => named.contains(kind),
        };
        known.iter().copied().filter(wanted).collect()
    }

    /// Where results are, if anywhere.
    pub fn folder(&self) -> Option<PathBuf> {
        let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/../results");
        let usual = (!self.quick).then(|| PathBuf::from(usual));
        self.results.clone().or(usual)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut options = Options::parse();
    if options.quick {
        options.rounds = options.rounds.min(2);
        options.seconds = options.seconds.min(0.5);
    }
    if options.scenario == Scenario::Report {
        return report::write(&options);
    }
    let run = async {
        match options.scenario {
            Scenario::Guarded => scenarios::guarded::run(&options).await,
            Scenario::Login => scenarios::login::run(&options).await,
            Scenario::Latency => scenarios::login::latency(&options).await,
            Scenario::Peers => scenarios::peers::run(&options).await,
            Scenario::Revoked => scenarios::revoked::run(&options).await,
            Scenario::Refresh => scenarios::refresh::run(&options).await,
            Scenario::Rows => scenarios::rows::run(&options).await,
            Scenario::Cleanup => scenarios::cleanup::run(&options).await,
            Scenario::Ending => scenarios::ending::run(&options).await,
            Scenario::Hanging => scenarios::hanging::run(&options).await,
            Scenario::Few => scenarios::few::run(&options).await,
            Scenario::Memory => scenarios::memory::run(&options).await,
            Scenario::Build => scenarios::build::run(&options).await,
            Scenario::Report => unreachable!("reports end before"),
        }
    };
    let tasks = tokio::task::LocalSet::new();
    let measured = tokio::select! {
        measured = tasks.run_until(run) => measured?,
        // Databases and servers go with what is dropped here.
        _ = tokio::signal::ctrl_c() => return Err("interrupted".into()),
    };
    let name = options
        .scenario
        .to_possible_value()
        .expect("none is skipped");
    results::write(&options, name.get_name(), measured)
}
