//! What deleting very many expired sessions does to logins meanwhile.

use super::rows::fill;
use crate::client::{Logins, clients};
use crate::databases::{Databases, Kind};
use crate::results::{Measured, Ratio, Target};
use crate::rounds::{Variant, interleave};
use crate::servers::Server;
use crate::{Failure, Options};

/// Two servers on files of the same size: one cleans up as soon as it starts, the other never.
pub async fn run(options: &Options) -> Result<Measured, Failure> {
    let rows = if options.quick { 5_000 } else { 1_000_000 };
    let databases = Databases::start(Kind::Sqlite)?;
    let mut servers = Vec::new();
    for (name, interval) in [
        ("idle.db", "cleanup_interval=\"1d\""),
        ("busy.db", "cleanup_interval=\"1s\""),
    ] {
        let url = databases.make(name)?;
        let settings = [
            "master_key=\"q6/7jzOqNlBPzv3eOFyRZ1m3Kk0Zt4Q1i2D5o8Wc6Xs=\"",
            interval,
        ];
        drop(Server::ours(&url, &settings)?);
        fill(&databases.folder().join(name), rows, true)?;
        servers.push(Server::ours(&url, &settings)?);
    }
    let login = || clients(options.connections, |_| Logins::new("/login"));
    let variants = [
        Variant::new("login during clean-up", servers[1].port, login),
        Variant::new("login", servers[0].port, login),
    ];
    let mut measured = Measured {
        figures: interleave(options, &variants).await?,
        ..Measured::default()
    };
    let (busy, idle) = (
        measured.figure("login during clean-up"),
        measured.figure("login"),
    );
    let ratio = Ratio {
        what: format!("p99 of logins: while {rows} rows are deleted / without"),
        value: busy.p99 / idle.p99,
        target: Some(Target::AtMost(2.0)),
        of: format!(
            "{:.1} ms / {:.1} ms, {:.0}/s / {:.0}/s",
            busy.p99 / 1e3,
            idle.p99 / 1e3,
            busy.rate,
            idle.rate
        ),
    };
    measured.ratios.push(ratio);
    Ok(measured)
}
