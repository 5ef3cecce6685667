//! What ending all sessions of one user does to the logins of others.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::Method;

use super::cleanup::Until;
use crate::client::{Jar, Logins, clients, request};
use crate::databases::{Databases, Kind};
use crate::drive::{Sample, drive, once};
use crate::results::{Figure, Measured, Ratio, Target};
use crate::servers::Server;
use crate::{Failure, Options};

const WARM_UP: Duration = Duration::from_millis(500);

/// On each database, with a user of 30,000 sessions and one of 100,000.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let counts: &[usize] = if options.quick {
        &[2_000]
    } else {
        &[30_000, 100_000]
    };
    let mut measured = Measured::default();
    for kind in options.databases(&[Kind::Sqlite, Kind::Postgres, Kind::Mariadb]) {
        let databases = Databases::start(kind)?;
        let server = Server::ours(&databases.make("ours")?, &[])?;
        for count in counts {
            on(kind, &server, *count, options, &mut measured).await?;
        }
    }
    Ok(measured)
}

/// In turn on one server: logins from the first session that ends to the last, and logins alone for
/// as long.
async fn on(
    kind: Kind,
    server: &Server,
    count: usize,
    options: &Options,
    measured: &mut Measured,
) -> Result<(), Failure> {
    let (mut during, mut without, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds.min(3) {
        post(server, &format!("/fill/owner/{count}")).await?;
        let (sample, took) = until_all_are_ended(options, server, count).await?;
        let logins = clients(options.connections, |_| Logins::new("/login"));
        let alone = drive(server.port, logins, WARM_UP, took).await?;
        eprintln!(
            "round {round} {}: {count} sessions ended in {took:.1?}; p99 {} us / {} us, longest {} us / {} us",
            kind.name(),
            sample.latencies.value_at_quantile(0.99),
            alone.latencies.value_at_quantile(0.99),
            sample.latencies.max(),
            alone.latencies.max(),
        );
        notes.push(format!("{:.1} s", took.as_secs_f64()));
        during.push(sample);
        without.push(alone);
    }
    let name = format!("{count} sessions of one user end, {}", kind.name());
    let busy = Figure::of(&format!("login while {name}"), during)?;
    let idle = Figure::of(&format!("login before {name}"), without)?;
    measured.ratios.push(Ratio {
        what: format!("p99 of logins of others while {name} / without"),
        value: busy.p99 / idle.p99,
        target: Some(Target::AtMost(2.0)),
        of: format!(
            "{:.1} ms / {:.1} ms, {:.0}/s / {:.0}/s, ended in {}",
            busy.p99 / 1e3,
            idle.p99 / 1e3,
            busy.rate,
            idle.rate,
            notes.join(", ")
        ),
    });
    measured.figures.extend([busy, idle]);
    Ok(())
}

async fn until_all_are_ended(
    options: &Options,
    server: &Server,
    count: usize,
) -> Result<(Sample, Duration), Failure> {
    let over = Rc::new(Cell::new(false));
    let logins = clients(options.connections, |_| {
        Until(Logins::new("/login"), Rc::clone(&over))
    });
    let end = async {
        tokio::time::sleep(WARM_UP).await;
        let begun = Instant::now();
        let ended = post(server, "/ban/owner").await;
        over.set(true);
        ended.map(|ended| (ended, begun.elapsed()))
    };
    let hour = Duration::from_secs(3600);
    let (sample, ended) = tokio::join!(drive(server.port, logins, WARM_UP, hour), end);
    let (ended, took) = ended?;
    if ended != count.to_string() {
        return Err(format!("{ended} sessions were ended, not {count}").into());
    }
    Ok((sample?, took))
}

async fn post(server: &Server, path: &str) -> Result<String, Failure> {
    let asked = request(Method::POST, path, &Jar::default(), "");
    match once(server.port, asked).await? {
        (200, body) => Ok(body),
        (status, body) => Err(format!("{path}: {status} {body}").into()),
    }
}
