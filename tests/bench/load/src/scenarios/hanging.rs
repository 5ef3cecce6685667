//! What a database that hangs does to work of the application that does not need it.

use std::time::{Duration, Instant};

use hyper::Method;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::sessions;
use crate::client::{Jar, request};
use crate::databases::{Databases, Kind};
use crate::drive::once;
use crate::results::{Measured, Ratio, Target};
use crate::servers::Server;
use crate::{Failure, Options};

/// `revocation_bound`, beyond which the database is asked, and a little.
const STALE: Duration = Duration::from_millis(1_500);

/// The longest wait of a `spawn_blocking` while the requests wait for the database.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let count = if options.quick { 600 } else { 2_000 };
    let mut measured = Measured::default();
    for kind in options.databases(&[Kind::Postgres, Kind::Mariadb]) {
        let mut databases = Databases::start(kind)?;
        let server = Server::ours(&databases.make("ours")?, &[])?;
        let jar = sessions(server.port, 1).await?.remove(0);
        let before = blocking(&server).await?;

        databases.command("hang")?;
        sleep(STALE).await;
        let begun = Instant::now();
        let held: Vec<_> = (0..count)
            .map(|_| {
                let asked = request(Method::GET, "/me", &jar, "");
                spawn_local(once(server.port, asked))
            })
            .collect();
        let (mut longest, mut asked) = (0, 0);
        while !held.iter().all(tokio::task::JoinHandle::is_finished) {
            longest = longest.max(blocking(&server).await?);
            asked += 1;
            sleep(Duration::from_millis(5)).await;
        }
        let waited = begun.elapsed();
        let mut refused = 0;
        for answer in held {
            let (status, body) = answer.await??;
            if status != 503 {
                return Err(format!("{status} while the database hangs: {body}").into());
            }
            refused += 1;
        }

        databases.command("go")?;
        let begun = Instant::now();
        while once(server.port, request(Method::GET, "/live", &jar, ""))
            .await?
            .0
            != 200
        {
            sleep(Duration::from_millis(1)).await;
        }
        let again = begun.elapsed();
        let ms = |micros: u64| micros as f64 / 1e3;
        measured.ratios.push(Ratio {
            what: format!(
                "ms that a `spawn_blocking` waits at most while {} hangs under {count} requests",
                kind.name()
            ),
            value: ms(longest),
            target: Some(Target::AtMost(100.0)),
            of: format!(
                "{asked} tries, {:.2} ms before; {refused} answers, all 503, after {:.1} s; served {:.0} ms after it goes on",
                ms(before),
                waited.as_secs_f64(),
                again.as_secs_f64() * 1e3
            ),
        });
    }
    Ok(measured)
}

/// How long a `spawn_blocking` takes, in microseconds.
async fn blocking(server: &Server) -> Result<u64, Failure> {
    let asked = request(Method::GET, "/blocking", &Jar::default(), "");
    Ok(once(server.port, asked).await?.1.parse()?)
}
