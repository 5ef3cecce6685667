//! What an operation costs with more and more sessions in the database, what they take on the disk,
//! and how long a start takes. SQLite: it has the whole table in one file.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{refresh, sessions};
use crate::client::{Client, Everybody, Logins};
use crate::databases::{Databases, Kind};
use crate::fill;
use crate::results::{Curve, Measured, Ratio, Target};
use crate::servers::Server;
use crate::{Failure, Options};

/// Login, refresh and `LiveSession` over one connection, with ever more rows in the same file.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let sizes: &[u64] = if options.quick {
        &[1_000, 10_000]
    } else {
        &[10_000, 100_000, 1_000_000, 10_000_000]
    };
    let databases = Databases::start(Kind::Sqlite)?;
    let url = databases.make("rows.db")?;
    let file = databases.folder().join("rows.db");
    let settings = [fill::MASTER_KEY, "cleanup_interval=\"1d\""];
    drop(Server::ours(&url, &settings)?);
    let (mut measured, mut curve, mut present) = (Measured::default(), Vec::new(), 0);
    for &rows in sizes {
        fill::sessions(&file, rows - present, false)?;
        present = rows;
        let bytes = std::fs::metadata(&file)?.len();
        let server = Server::ours(&url, &settings)?;
        let costs = costs(options, server.port).await?;
        eprintln!(
            "{rows} rows: login, refresh, live {costs:.0?} us, start {:?}",
            server.started_in
        );
        curve.push((rows, costs, bytes, server.started_in));
    }
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else {
        return Ok(measured);
    };
    for (at, name) in ["login", "refresh", "LiveSession"].into_iter().enumerate() {
        let points = curve.iter().map(|point| (point.0 as f64, point.1[at]));
        measured.curves.push(Curve {
            name: name.to_owned(),
            points: points.collect(),
        });
        measured.ratios.push(Ratio {
            what: format!("{name} at {} rows / at {}", last.0, first.0),
            value: last.1[at] / first.1[at],
            target: Some(Target::AtMost(1.5)),
            of: curve
                .iter()
                .map(|point| format!("{:.0}", point.1[at]))
                .collect::<Vec<_>>()
                .join(", ")
                + " us",
        });
    }
    measured.ratios.push(Ratio {
        what: format!("bytes per session on the disk, {} rows", last.0),
        value: last.2 as f64 / last.0 as f64,
        target: Some(Target::AtMost(700.0)),
        of: format!("{} MB", last.2 / 1_000_000),
    });
    measured.ratios.push(Ratio {
        what: format!("seconds to start with {} rows", last.0),
        value: last.3.as_secs_f64(),
        target: Some(Target::AtMost(1.0)),
        of: format!("{:.3} s with {} rows", first.3.as_secs_f64(), first.0),
    });
    Ok(measured)
}

/// Median microseconds of a login, a refresh and a live check.
async fn costs(options: &Options, port: u16) -> Result<[f64; 3], Failure> {
    let made = Rc::new(sessions(port, if options.quick { 500 } else { 20_000 }).await?);
    let login = || -> Box<dyn Client> { Box::new(Logins::new("/login")) };
    let stock = Rc::new(RefCell::new(made.to_vec()));
    let refreshing = || -> Box<dyn Client> { Box::new(refresh::Refreshes(Rc::clone(&stock))) };
    let next = Rc::new(Cell::new(0));
    let live = || -> Box<dyn Client> {
        let (sessions, next) = (Rc::clone(&made), Rc::clone(&next));
        Box::new(Everybody {
            path: "/live",
            sessions,
            next,
        })
    };
    Ok([
        refresh::alone(port, login, options.seconds).await?,
        refresh::alone(port, refreshing, options.seconds / 3.0).await?,
        refresh::alone(port, live, options.seconds).await?,
    ])
}
