//! Moving all rows from one database to another: by ranges of handles, each compared and put right
//! in a transaction of its own, so that it can be stopped anywhere and run again.
//!
//! A database that is being filled carries a mark, another one for each move: of two, the one that
//! came first stops. An application that starts on it removes the mark, and from then on nothing is
//! moved into it any more: its sessions live on there.

use std::path::Path;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use super::checksum::Checksum;
use super::outcome::{Progress, Side, TableMoved, TransferError};
use super::rows::{self, ByHandle, Encoded, Whole};
use crate::keys::sealing::SealedKey;
use crate::store::connection::AnyConnection;
use crate::store::location::Location;
use crate::store::mark::{self, DONE, OWN, PROBE};
use crate::store::rows::{CounterRow, KeyRow, RevocationRow, SessionRow};
use crate::store::sql::Link;
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
    /// The mark of the target while this move fills it.
    own: i64,
    so_far: Progress,
    on_progress: &'p mut dyn FnMut(Progress),
}

impl<'p> Pair<'p> {
    /// Opens both, migrates the target and refuses what would do harm. `number` is this move's
    /// alone.
    pub(super) fn open(
        from: &str,
        to: &str,
        batch: usize,
        discard_target: bool,
        number: u32,
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
            own: OWN + i64::from(number),
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
        let filled_by_us = mark::is_going_on(before) || before == Some(DONE);
        if !filled_by_us && !target.link().is_empty().map_err(failed)? {
            self.replace_mark(before, PROBE)?;
            let same = self.source_mark()? == Some(PROBE);
            let cleared = self.target.write(|link| link.clear_mark(PROBE));
            cleared.map_err(failed)?;
            if same {
                return Err(TransferError::SameDatabase);
            }
            if !discard {
                return Err(self.in_use());
            }
            return self.replace_mark(None, self.own);
        }
        self.replace_mark(before, self.own)?;
        if self.source_mark()? == Some(self.own) {
            let own = self.own;
            match before {
                Some(before) => self.replace_mark(Some(own), before)?,
                None => {
                    let cleared = self.target.write(|link| link.clear_mark(own));
                    cleared.map_err(failed)?;
                }
            }
            return Err(TransferError::SameDatabase);
        }
        Ok(())
    }

    fn source_mark(&mut self) -> Result<Option<i64>, TransferError> {
        self.source.link().mark().map_err(failed(CounterRow::NAME))
    }

    /// Fails if the mark is not `before` any more.
    fn replace_mark(&mut self, before: Option<i64>, after: i64) -> Result<(), TransferError> {
        let replaced = self.target.write(|link| hold(link, before, after));
        replaced.map_err(failed(CounterRow::NAME))
    }

    fn in_use(&mut self) -> TransferError {
        match SessionRow::count(&mut self.target.link()) {
            Ok(sessions) => TransferError::InUse { sessions },
            Err(error) => failed(SessionRow::NAME)(error),
        }
    }

    /// [`fill`](Self::fill); whoever took the target away is named.
    pub(super) fn run(&mut self) -> Result<Vec<TableMoved>, TransferError> {
        let filled = self.fill();
        if matches!(filled, Err(TransferError::Another { .. })) {
            let mark = self.target.link().mark();
            if mark.map_err(failed(CounterRow::NAME))?.is_none() {
                return Err(self.in_use());
            }
        }
        filled
    }

    /// Makes the target equal to the source, then reads both again; what is unequal then changed
    /// meanwhile.
    fn fill(&mut self) -> Result<Vec<TableMoved>, TransferError> {
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
        let equal = moved.iter().all(|table| table.source == table.target);
        self.replace_mark(Some(self.own), if equal { DONE } else { self.own })?;
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
            let own = self.own;
            let (inserted, replaced, deleted) = self.target.write(|link| {
                hold(link, Some(own), own)?;
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
        let own = self.own;
        self.target.write(|link| {
            hold(link, Some(own), own)?;
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

/// Replaces the mark; rolls back if it is not `before`, so that nothing is written into a target
/// that is somebody else's by now.
fn hold(link: &mut Link<'_>, before: Option<i64>, after: i64) -> QueryResult<()> {
    if link.replace_mark(before, after)? {
        Ok(())
    } else {
        Err(Error::RollbackTransaction)
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
    if mark::is_going_on(mark) {
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
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
        | Error::RollbackTransaction => TransferError::Another { table },
        error => TransferError::Database {
            table,
            cause: error_text::without_values(&error),
        },
    }
}
