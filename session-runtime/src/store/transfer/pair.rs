//! Moving all rows from one database to another: by ranges of handles, each compared and put right
//! in a transaction of its own, so that it can be stopped anywhere and run again.
//!
//! A database that is being filled carries a mark. An application that starts on it removes the
//! mark, and from then on nothing is moved into it any more: its sessions live on there.

use std::path::Path;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use super::checksum::Checksum;
use super::outcome::{Progress, Side, TableMoved, TransferError};
use super::rows::{self, ByHandle, Encoded, Whole};
use crate::keys::sealing::SealedKey;
use crate::store::connection::AnyConnection;
use crate::store::location::Location;
use crate::store::mark::{DONE, GOING_ON, PROBE};
use crate::store::rows::{CounterRow, KeyRow, RevocationRow, SessionRow};
use crate::store::{OpenError, error_text, migrations};

/// Each wait for a database.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The wait for a server to answer at all.
const GREETING: Duration = Duration::from_secs(10);

/// Two databases, open.
pub(super) struct Pair<'p> {
    source: AnyConnection,
    target: AnyConnection,
    /// Rows in one transaction.
    batch: usize,
    so_far: Progress,
    on_progress: &'p mut dyn FnMut(Progress),
}

impl<'p> Pair<'p> {
    /// Opens both, migrates the target and refuses what would do harm.
    pub(super) fn open(
        from: &str,
        to: &str,
        batch: usize,
        discard_target: bool,
        on_progress: &'p mut dyn FnMut(Progress),
    ) -> Result<Self, TransferError> {
        let empty =
            || "no URL is given: write `sqlite://path`, `postgres://..` or `mysql://..`".to_owned();
        if from.is_empty() {
            return Err(TransferError::Source(empty()));
        }
        if to.is_empty() {
            return Err(TransferError::Target(empty()));
        }
        let of_source = |error: OpenError| TransferError::Source(error.about_url());
        let of_target = |error: OpenError| TransferError::Target(error.about_url());
        let from = Location::parse(from, TIMEOUT).map_err(of_source)?;
        let to = Location::parse(to, TIMEOUT).map_err(of_target)?;
        if let Some(file) = from.file().filter(|file| !Path::new(file).exists()) {
            return Err(TransferError::Source(format!("there is no file `{file}`")));
        }
        if from.is_same_file(&to) {
            return Err(TransferError::SameDatabase);
        }
        // Before the target, so that nothing is made for a source that has nothing.
        let mut source = open(&from, false).map_err(of_source)?;
        check_source(&mut source)?;
        let mut pair = Self {
            source,
            target: open(&to, true).map_err(of_target)?,
            batch,
            so_far: Progress {
                checking: false,
                done: 0,
                total: 0,
            },
            on_progress,
        };
        pair.target.migrate().map_err(of_target)?;
        pair.claim_target(discard_target)?;
        Ok(pair)
    }

    /// Marks the target, unless it is not ours to fill.
    fn claim_target(&mut self, discard: bool) -> Result<(), TransferError> {
        let failed = failed(CounterRow::NAME);
        let target = &mut self.target;
        let before = target.link().mark().map_err(failed)?;
        let filled_by_us = matches!(before, Some(GOING_ON | DONE));
        if !filled_by_us && !target.link().is_empty().map_err(failed)? {
            self.set_mark(Some(PROBE))?;
            let same = self.source_mark()? == Some(PROBE);
            self.set_mark(None)?;
            if same {
                return Err(TransferError::SameDatabase);
            }
            if !discard {
                let sessions = SessionRow::count(&mut self.target.link()).map_err(failed)?;
                return Err(TransferError::InUse { sessions });
            }
        }
        self.set_mark(Some(GOING_ON))?;
        if self.source_mark()? == Some(GOING_ON) {
            self.set_mark(before)?;
            return Err(TransferError::SameDatabase);
        }
        Ok(())
    }

    fn source_mark(&mut self) -> Result<Option<i64>, TransferError> {
        self.source.link().mark().map_err(failed(CounterRow::NAME))
    }

    fn set_mark(&mut self, mark: Option<i64>) -> Result<(), TransferError> {
        let written = self.target.write(|link| match mark {
            Some(mark) => link.set_mark(mark),
            None => link.clear_mark(),
        });
        written.map_err(failed(CounterRow::NAME))
    }

    /// Makes the target equal to the source, then reads both again; what is unequal then changed
    /// meanwhile.
    pub(super) fn run(&mut self) -> Result<Vec<TableMoved>, TransferError> {
        let rows = [
            SessionRow::count(&mut self.source.link()).map_err(failed(SessionRow::NAME))?,
            RevocationRow::count(&mut self.source.link()).map_err(failed(RevocationRow::NAME))?,
        ];
        self.so_far.total = rows.iter().map(|rows| count(*rows)).sum();
        // The keys first, because the sessions cannot be used without them.
        let mut moved = vec![
            self.copy_whole::<KeyRow>().map_err(failed(KeyRow::NAME))?,
            self.copy::<SessionRow>()
                .map_err(failed(SessionRow::NAME))?,
            self.copy::<RevocationRow>()
                .map_err(failed(RevocationRow::NAME))?,
            self.copy_whole::<CounterRow>()
                .map_err(failed(CounterRow::NAME))?,
        ];
        self.so_far = Progress {
            checking: true,
            done: 0,
            total: 2 * self.so_far.done,
        };
        for table in &mut moved {
            (table.source, table.target) = self.compare(table.name).map_err(failed(table.name))?;
        }
        if moved.iter().all(|table| table.source == table.target) {
            self.set_mark(Some(DONE))?;
        }
        Ok(moved)
    }

    /// The keys of the source, as they are stored.
    pub(super) fn keys(&mut self) -> Result<Vec<SealedKey>, TransferError> {
        self.source.link().keys().map_err(failed(KeyRow::NAME))
    }

    fn copy<T: ByHandle>(&mut self) -> QueryResult<TableMoved> {
        let mut moved = TableMoved::of(T::NAME);
        let mut after = Vec::new();
        loop {
            let wanted = T::within(&mut self.source.link(), &after, None, Some(self.batch))?;
            // The last range has no end, so that it finds what only the target has.
            let until = match wanted.last() {
                Some(last) if wanted.len() == self.batch => Some(last.handle().to_vec()),
                _ => None,
            };
            let (inserted, replaced, deleted) = self.target.write(|link| {
                let there = T::within(link, &after, until.as_deref(), None)?;
                let change = rows::difference(&wanted, &there);
                T::put(link, &change.gone, &change.new)?;
                Ok(change.counts())
            })?;
            moved.inserted += inserted;
            moved.replaced += replaced;
            moved.deleted += deleted;
            self.advance(wanted.len());
            match until {
                Some(until) => after = until,
                None => return Ok(moved),
            }
        }
    }

    fn copy_whole<T: Whole>(&mut self) -> QueryResult<TableMoved> {
        let mut moved = TableMoved::of(T::NAME);
        let wanted = T::all(&mut self.source.link())?;
        self.target.write(|link| {
            let there = T::all(link)?;
            if there != wanted {
                T::put(link, &wanted)?;
                let already = wanted.iter().filter(|row| there.contains(row)).count();
                let gone = there.iter().filter(|row| !wanted.contains(row)).count();
                moved.inserted = (wanted.len() - already) as u64;
                moved.deleted = gone as u64;
            }
            Ok(())
        })?;
        Ok(moved)
    }

    fn compare(&mut self, table: &str) -> QueryResult<(Side, Side)> {
        let read = match table {
            SessionRow::NAME => Self::read::<SessionRow>,
            RevocationRow::NAME => Self::read::<RevocationRow>,
            KeyRow::NAME => Self::read_whole::<KeyRow>,
            _ => Self::read_whole::<CounterRow>,
        };
        Ok((read(self, true)?, read(self, false)?))
    }

    fn read<T: ByHandle>(&mut self, source: bool) -> QueryResult<Side> {
        let mut sum = Checksum::default();
        let mut after = Vec::new();
        loop {
            let side = if source {
                &mut self.source
            } else {
                &mut self.target
            };
            let rows = T::within(&mut side.link(), &after, None, Some(self.batch))?;
            sum.add(&rows);
            self.advance(rows.len());
            match rows.last() {
                Some(last) if rows.len() == self.batch => after = last.handle().to_vec(),
                _ => return Ok(sum.finish()),
            }
        }
    }

    fn read_whole<T: Whole>(&mut self, source: bool) -> QueryResult<Side> {
        let side = if source {
            &mut self.source
        } else {
            &mut self.target
        };
        let mut sum = Checksum::default();
        sum.add(&T::all(&mut side.link())?);
        Ok(sum.finish())
    }

    fn advance(&mut self, rows: usize) {
        self.so_far.done += rows as u64;
        // The source may have grown since it was counted.
        self.so_far.total = self.so_far.total.max(self.so_far.done);
        (self.on_progress)(self.so_far);
    }
}

/// Opens a connection; whether a server answers at all is known sooner than what it does is done.
fn open(location: &Location, writes: bool) -> Result<AnyConnection, OpenError> {
    if location.file().is_none() {
        drop(location.within(GREETING).reader()?);
    }
    if writes {
        location.writer()
    } else {
        location.reader()
    }
}

/// Refuses a source that does not hold everything that is to be moved.
fn check_source(source: &mut AnyConnection) -> Result<(), TransferError> {
    let (found, known) =
        migrations::versions(source.backend()).map_err(failed("session_schema"))?;
    let found = found.ok_or(TransferError::NoTables)?;
    if usize::try_from(found) != Ok(known) {
        return Err(TransferError::Version { found, known });
    }
    let mark = source.link().mark().map_err(failed(CounterRow::NAME))?;
    if mark == Some(GOING_ON) {
        return Err(TransferError::SourceUnfinished);
    }
    let keys = KeyRow::all(&mut source.link()).map_err(failed(KeyRow::NAME))?;
    if keys.is_empty() {
        return Err(TransferError::NothingThere);
    }
    Ok(())
}

impl TableMoved {
    fn of(name: &'static str) -> Self {
        let nothing = Checksum::default().finish();
        Self {
            name,
            inserted: 0,
            replaced: 0,
            deleted: 0,
            source: nothing.clone(),
            target: nothing,
        }
    }
}

fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}

fn failed(table: &'static str) -> impl Fn(Error) -> TransferError + Copy {
    move |error| match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            TransferError::Another { table }
        }
        error => TransferError::Database {
            table,
            cause: error_text::without_values(&error),
        },
    }
}
