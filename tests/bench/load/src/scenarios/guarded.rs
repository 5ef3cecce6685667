//! What the guard costs: a guarded route beside the same one without a guard, with the same
//! headers.

use std::cell::Cell;
use std::rc::Rc;

use super::sessions;
use crate::client::{Everybody, Same, clients};
use crate::databases::{Databases, Kind};
use crate::results::{Measured, Target};
use crate::rounds::{Variant, interleave};
use crate::servers::Server;
use crate::{Failure, Options};

/// Warm: every connection has one session, whose token the server remembers. Cold: the server
/// remembers no token, and each request is of another session.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let databases = Databases::start(Kind::Sqlite)?;
    let warm = Server::ours(&databases.make("warm")?, &[])?;
    let cold = Server::ours(&databases.make("cold")?, &["verified_token_cache=0"])?;
    let of_warm = sessions(warm.port, options.connections as u64).await?;
    let of_cold = Rc::new(sessions(cold.port, if options.quick { 100 } else { 10_000 }).await?);

    let count = options.connections;
    let get = |path| clients(count, |number| Same::get(path, &of_warm[number]));
    let everybody = |path| {
        let next = Rc::new(Cell::new(0));
        clients(count, |_| {
            let (sessions, next) = (Rc::clone(&of_cold), Rc::clone(&next));
            Everybody {
                path,
                sessions,
                next,
            }
        })
    };
    let variants = [
        Variant::new("open", warm.port, || get("/open")),
        Variant::new("guarded", warm.port, || get("/me")),
        Variant::new("open, every request another session", cold.port, || {
            everybody("/open")
        }),
        Variant::new("guarded, cold", cold.port, || everybody("/me")),
    ];
    let mut measured = Measured {
        figures: interleave(options, &variants).await?,
        ..Measured::default()
    };
    measured.rates("guarded", "open", Some(Target::AtLeast(0.95)));
    measured.rates("guarded, cold", "open, every request another session", None);
    Ok(measured)
}
