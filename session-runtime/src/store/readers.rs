//! The connections that read: a small pool, which replaces those that broke.

use std::time::Duration;

use diesel::r2d2::{ManageConnection, NopErrorHandler, Pool};
use diesel::result::QueryResult;

use super::connection::{Connection, Link};
use super::location::Location;
use super::{OpenError, StoreError};

/// A pool of connections that only read.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Pool<Manager>,
}

/// A connection of the pool.
struct Reader {
    conn: Connection,
    lost: bool,
}

struct Manager(Location);

impl ManageConnection for Manager {
    type Connection = Reader;
    type Error = OpenError;

    fn connect(&self) -> Result<Reader, OpenError> {
        Ok(Reader {
            conn: self.0.reader()?,
            lost: false,
        })
    }

    fn is_valid(&self, _: &mut Reader) -> Result<(), OpenError> {
        Ok(())
    }

    fn has_broken(&self, reader: &mut Reader) -> bool {
        reader.lost
    }
}

impl Readers {
    /// Opens the pool; each wait for a connection of it is bounded by `timeout`.
    pub(super) fn open(location: Location, timeout: Duration) -> Result<Self, OpenError> {
        let (most, idle) = location.readers();
        let pool = Pool::builder()
            .max_size(most)
            .min_idle(Some(idle))
            .connection_timeout(timeout)
            .test_on_check_out(false)
            // The cause comes with the wait that ran out, so it is logged there.
            .error_handler(Box::new(NopErrorHandler))
            .build(Manager(location))
            .map_err(|error| OpenError::Readers(error.to_string()))?;
        Ok(Self { pool })
    }

    /// Runs `query`; again on another connection where one turns out to be dead, as all are after a
    /// restart of the server. Blocks.
    pub(super) fn read<T>(
        &self,
        mut query: impl FnMut(&mut Link<'_>) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        let mut tries = 0..self.pool.max_size();
        loop {
            let mut reader = self
                .pool
                .get()
                .map_err(|error| StoreError::Database(error.to_string()))?;
            let error = match reader.conn.read(&mut query) {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            reader.lost = reader.conn.is_lost(&error);
            if !reader.lost || tries.next().is_none() {
                return Err(StoreError::of(&error));
            }
        }
    }
}
