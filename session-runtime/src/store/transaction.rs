//! The application's own connection: what sessions do inside a transaction that the application
//! commits or rolls back.

use diesel::result::QueryResult;

use super::StoreError;
use super::identity::Identity;
use super::sql::Link;
use crate::error::Error;

/// A Diesel connection on which [`Sessions::within`](crate::Sessions::within) can change sessions.
///
/// `SqliteConnection`, `PgConnection` and `MysqlConnection` implement it, each under the feature of
/// its database; nothing else can. The connection must lead to the database that
/// `sessions.database` names.
#[diagnostic::on_unimplemented(
    message = "sessions cannot be changed over `{Self}`",
    label = "not a connection of a database that session-runtime was built for",
    note = "it takes `&mut diesel::SqliteConnection`, `PgConnection` or `MysqlConnection`, under the features `sqlite`, \
            `postgres` and `mysql`"
)]
pub trait SessionConnection: lend::Lend {}

impl<C: lend::Lend> SessionConnection for C {}

mod lend {
    /// Implemented for Diesel's connections and not nameable outside.
    pub trait Lend {
        #[doc(hidden)]
        fn lend(&mut self) -> super::Lent<'_>;
    }
}

/// The application's connection, borrowed.
pub struct Lent<'c> {
    link: Link<'c>,
    /// Whether it was checked that its user sees every row.
    sees_all: bool,
}

impl<'c> Lent<'c> {
    fn new(link: Link<'c>) -> Self {
        Self {
            link,
            sees_all: false,
        }
    }
}

#[cfg(feature = "sqlite")]
impl lend::Lend for diesel::SqliteConnection {
    fn lend(&mut self) -> Lent<'_> {
        Lent::new(Link::Sqlite(self))
    }
}

#[cfg(feature = "postgres")]
impl lend::Lend for diesel::PgConnection {
    fn lend(&mut self) -> Lent<'_> {
        Lent::new(Link::Postgres(self))
    }
}

#[cfg(feature = "mysql")]
impl lend::Lend for diesel::MysqlConnection {
    fn lend(&mut self) -> Lent<'_> {
        Lent::new(Link::Mysql(self))
    }
}

impl Lent<'_> {
    /// Runs statements in the application's transaction. Nothing tries again there, so there is a
    /// line in the log for each failure.
    pub(crate) fn run<T>(
        &mut self,
        body: impl FnOnce(&mut Link<'_>) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        self.require_all_rows()
            .and_then(|()| body(&mut self.link).map_err(|error| StoreError::of(&error)))
            .inspect_err(|error| {
                tracing::error!(
                    event = "transaction_failed",
                    cause = error.to_string(),
                    "a change of sessions failed within a transaction"
                );
            })
    }

    /// Refuses a user of whom rows are hidden: what is not seen would not be revoked. The setting
    /// that makes hidden rows an error is the application's here.
    fn require_all_rows(&mut self) -> Result<(), StoreError> {
        if !self.sees_all {
            let hidden = self.link.backend().hidden_rows();
            match hidden.map_err(|error| StoreError::of(&error))? {
                Some(problem) => return Err(StoreError::Database(problem)),
                None => self.sees_all = true,
            }
        }
        Ok(())
    }

    /// What the connection leads to instead of a database; `None` if it leads to it.
    /// Costs one read by a primary key.
    pub(crate) fn other_database(
        &mut self,
        identity: &Identity,
    ) -> Result<Option<String>, StoreError> {
        self.run(|link| identity.other_database(link))
    }

    /// Refuses a transaction that reads by an old snapshot, for what must see every session of a
    /// user.
    pub(crate) fn require_current_reads(&mut self) -> Result<(), Error> {
        match self.run(|link| link.backend().stale_isolation())? {
            Some(found) => Err(Error::IsolationLevel { found }),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Lent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lent")
    }
}
