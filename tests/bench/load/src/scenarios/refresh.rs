//! Refreshing beside logging in. Each session is refreshed once, with the token of its login: what
//! a browser does an hour later.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::sessions;
use crate::client::{Ask, Client, Jar, Logins, clients, request};
use crate::databases::{Databases, Kind};
use crate::drive::drive;
use crate::results::{Figure, Measured, Target};
use crate::rounds::median;
use crate::servers::Server;
use crate::{Failure, Options};

/// Refreshes sessions until none is left.
pub struct Refreshes(pub Rc<RefCell<Vec<Jar>>>);

impl Client for Refreshes {
    fn ask(&mut self) -> Option<Ask> {
        let jar = self.0.borrow_mut().pop()?;
        Some(request(
            hyper::Method::POST,
            "/auth/session/refresh",
            &jar,
            "",
        ))
    }
}

/// As many logins as refreshes, in turn.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let mut measured = Measured::default();
    let count = if options.quick { 500 } else { 20_000 };
    let hour = Duration::from_secs(3600);
    for kind in options.databases(&[Kind::Sqlite, Kind::Postgres, Kind::Mariadb]) {
        let databases = Databases::start(kind)?;
        let server = Server::ours(&databases.make("ours")?, &[])?;
        let (mut logins, mut refreshes) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let all = Logins {
                limit: count,
                ..Logins::new("/login")
            };
            let all = clients(options.connections, |_| all.clone());
            logins.push(drive(server.port, all, Duration::ZERO, hour).await?);
            let made = Rc::new(RefCell::new(sessions(server.port, count).await?));
            let all = clients(options.connections, |_| Refreshes(Rc::clone(&made)));
            refreshes.push(drive(server.port, all, Duration::ZERO, hour).await?);
        }
        let names = [
            format!("refresh, {}", kind.name()),
            format!("login, {}", kind.name()),
        ];
        for (name, samples) in names.iter().zip([refreshes, logins]) {
            measured.figures.push(Figure::of(name, samples)?);
        }
        measured.rates(&names[0], &names[1], Some(Target::AtLeast(0.7)));
    }
    Ok(measured)
}

/// The median time of one operation, in microseconds, over one connection.
pub async fn alone(
    port: u16,
    make: impl Fn() -> Box<dyn Client>,
    seconds: f64,
) -> Result<f64, Failure> {
    let measured = Duration::from_secs_f64(seconds);
    let mut found = Vec::new();
    for _ in 0..3 {
        let sample = drive(port, vec![make()], measured / 3, measured).await?;
        found.push(sample.latencies.value_at_quantile(0.5) as f64);
    }
    Ok(median(found))
}
