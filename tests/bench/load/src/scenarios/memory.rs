//! What a server holds after it has seen very many live tokens.

use std::cell::Cell;
use std::rc::Rc;

use super::sessions;
use crate::client::{Ask, Client, Everybody, Jar, clients};
use crate::databases::{Databases, Kind};
use crate::drive::drive;
use crate::results::{Measured, Ratio, Target};
use crate::servers::Server;
use crate::{Failure, Options};
use std::time::Duration;

/// Asks as often as there are sessions.
struct Once(Everybody, Rc<Cell<usize>>);

impl Client for Once {
    fn ask(&mut self) -> Option<Ask> {
        self.1.set(self.1.get().checked_sub(1)?);
        self.0.ask()
    }
}

/// Logs in in portions and asks once with each token.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let (portions, size) = if options.quick {
        (2, 500)
    } else {
        (20, 50_000)
    };
    let databases = Databases::start(Kind::Sqlite)?;
    let server = Server::ours(&databases.make("ours")?, &[])?;
    sessions(server.port, 100).await?;
    let idle = server.memory()?;
    for _ in 0..portions {
        let all: Rc<Vec<Jar>> = Rc::new(sessions(server.port, size).await?);
        let (next, left) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(all.len())));
        let asking = clients(options.connections, |_| {
            let (sessions, next) = (Rc::clone(&all), Rc::clone(&next));
            Once(
                Everybody {
                    path: "/me",
                    sessions,
                    next,
                },
                Rc::clone(&left),
            )
        });
        drive(
            server.port,
            asking,
            Duration::ZERO,
            Duration::from_secs(3600),
        )
        .await?;
    }
    let full = server.memory()?;
    let mut measured = Measured::default();
    measured.ratios.push(Ratio {
        what: format!(
            "MB above an idle server, after {} live tokens",
            portions * size
        ),
        value: (full - idle) / 1e6,
        target: Some(Target::AtMost(64.0)),
        of: format!("{:.1} MB - {:.1} MB", full / 1e6, idle / 1e6),
    });
    Ok(measured)
}
