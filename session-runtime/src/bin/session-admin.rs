//! `session-admin`: moves sessions from one database to another.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use session_runtime::clock::{Clock, SystemClock};
use session_runtime::transfer::{KeyFile, Moved, Progress, Transfer};

/// Looks after the session tables of session-runtime.
#[derive(Parser)]
#[command(name = "session-admin", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Moves all sessions, keys and revocations to another database; users stay logged in.
    ///
    /// Run it while the application still works on the source, then stop the application, run it
    /// again, and start the application on the target. It can be stopped and run again at any time.
    /// Exits with 1 unless both sides are equal in the end.
    Move(Move),
}

#[derive(clap::Args)]
struct Move {
    /// The database that holds the sessions: sqlite://path, postgres://.. or mysql://..; a password
    /// need not stand here.
    #[arg(
        long,
        env = "SESSION_ADMIN_FROM",
        hide_env_values = true,
        value_name = "URL"
    )]
    from: String,
    /// The database that they go to.
    #[arg(
        long,
        env = "SESSION_ADMIN_TO",
        hide_env_values = true,
        value_name = "URL"
    )]
    to: String,
    /// Delete what an application has stored on the target: logs its users out.
    #[arg(long)]
    discard_target: bool,
    /// Rows in one transaction, 1 to 10000.
    #[arg(
        long,
        value_name = "ROWS",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u16).range(1..=10_000)
    )]
    batch: u16,
}

fn main() -> ExitCode {
    let Command::Move(arguments) = Arguments::parse().command;
    let moved = run(&arguments, &mut io::stdout().lock());
    match moved {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody is left to tell if this fails.
            let _unsaid = writeln!(io::stderr(), "session-admin: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Move, out: &mut impl Write) -> Result<bool, Box<dyn std::error::Error>> {
    let transfer = Transfer::new(&*arguments.from, &*arguments.to)
        .batch(arguments.batch.into())
        .discard_target(arguments.discard_target);
    let (from, to) = transfer.displayed_urls();
    writeln!(out, "from  {from}\nto    {to}")?;
    let clock = SystemClock::default();
    let mut shown = Shown::new();
    let moved = transfer.run(|progress| shown.show(progress, out))?;
    shown.bar.finish_and_clear();
    report(&moved, clock.monotonic().as_secs_f64(), out)?;
    Ok(moved.is_complete())
}

/// A bar on a terminal, a line for each tenth elsewhere.
struct Shown {
    bar: ProgressBar,
    terminal: bool,
    /// What the last line said.
    last: Option<(bool, u64)>,
}

impl Shown {
    fn new() -> Self {
        let style = "{msg:8} {bar:40} {human_pos} of {human_len} rows, {per_sec}, {eta} left";
        let style = ProgressStyle::with_template(style).expect("the template is a constant");
        Self {
            bar: ProgressBar::new(0).with_style(style),
            terminal: io::stderr().is_terminal(),
            last: None,
        }
    }

    fn show(&mut self, progress: Progress, out: &mut impl Write) {
        let step = if progress.checking {
            "checking"
        } else {
            "copying"
        };
        if self.terminal {
            if self.last.map(|(checking, _)| checking) != Some(progress.checking) {
                self.bar.reset();
                self.bar.set_message(step);
            }
            self.bar.set_length(progress.total);
            self.bar.set_position(progress.done);
        }
        let tenth = 10 * progress.done / progress.total.max(1);
        if self.last == Some((progress.checking, tenth)) {
            return;
        }
        self.last = Some((progress.checking, tenth));
        if !self.terminal {
            // The move goes on if nobody reads this.
            let _unread = writeln!(out, "{step:8} {} of {}", progress.done, progress.total);
        }
    }
}

fn report(moved: &Moved, seconds: f64, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<18} {:>9} {:>9} {:>9} {:>9}  sha-256",
        "table", "rows", "inserted", "replaced", "deleted"
    )?;
    for table in &moved.tables {
        let sum = |checksum: &str| checksum.chars().take(16).collect::<String>();
        write!(
            out,
            "{:<18} {:>9} {:>9} {:>9} {:>9}  {}",
            table.name,
            table.target.rows,
            table.inserted,
            table.replaced,
            table.deleted,
            sum(&table.target.checksum)
        )?;
        if table.source == table.target {
            writeln!(out, ", equal")?;
        } else {
            let source = &table.source;
            writeln!(
                out,
                ", but the source has {} rows and {}",
                source.rows,
                sum(&source.checksum)
            )?;
        }
    }
    if !moved.is_complete() {
        return writeln!(
            out,
            "Not done: the source changed meanwhile. Stop the application and run this again."
        );
    }
    writeln!(
        out,
        "Done in {seconds:.1} s: both sides are equal. If the application ran on the source meanwhile, stop it and run this \
         again; then start it on the target."
    )?;
    match &moved.key_file {
        KeyFile::Opens(file) => writeln!(
            out,
            "Its keys are sealed under the master key in {}: set `sessions.master_key` to what that file holds.",
            file.display()
        ),
        KeyFile::DoesNotOpen(file, why) => writeln!(
            out,
            "Its keys do not open with the master key in {} ({why}): set `sessions.master_key` to the one that the \
             application had on the source.",
            file.display()
        ),
        KeyFile::Absent => writeln!(
            out,
            "Its keys are sealed under the same master key as before: keep `sessions.master_key` as it is."
        ),
    }
}
