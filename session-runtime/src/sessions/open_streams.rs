//! The open streams of this process: which sessions they belong to, and when to ask about them
//! again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::handle::SessionHandle;

/// How many streams of one session may be open at a time.
const MOST: usize = 100;

/// Which stream: of this session, the one with this number.
pub(super) type Id = (SessionHandle, u64);

/// The open streams of this process; `J` says whether a session's row is still what a route asks for.
#[derive(Debug)]
pub(super) struct OpenStreams<J>(Arc<Mutex<State<J>>>);

#[derive(Debug)]
pub(super) struct State<J> {
    pub(super) table: Table<J>,
    /// The version of the keys that all streams were compared with.
    pub(super) key_version: Option<i64>,
    /// When all rows were last read because the feed was stalled (monotonic).
    pub(super) stalled_at: Option<Duration>,
}

/// The streams that are open, by session; one that is not in here has ended.
#[derive(Debug)]
pub(super) struct Table<J> {
    open: BTreeMap<Id, Stream<J>>,
    /// The number of the next one.
    next: u64,
    /// When the first of them is due, or earlier.
    first_due: Option<DateTime<Utc>>,
    /// Whether the application shuts down.
    over: bool,
}

/// A stream that is open.
#[derive(Debug)]
pub(super) struct Stream<J> {
    /// When its session's row is read: at the end of the access token that admitted it.
    pub(super) due: DateTime<Utc>,
    /// The key that signed that access token.
    pub(super) kid: Arc<str>,
    /// Whether its route would still admit the session.
    pub(super) judge: J,
    pub(super) waker: Option<Waker>,
}

impl<J> Clone for OpenStreams<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J> Default for OpenStreams<J> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            table: Table::default(),
            key_version: None,
            stalled_at: None,
        })))
    }
}

impl<J> OpenStreams<J> {
    pub(super) fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends some of them. Whoever waits is woken when the lock is free again.
    pub(super) fn close(&self, which: impl FnOnce(&mut Table<J>) -> Vec<Waker>) {
        let wakers = which(&mut self.lock().table);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<J> Default for Table<J> {
    fn default() -> Self {
        Self {
            open: BTreeMap::new(),
            next: 0,
            first_due: None,
            over: false,
        }
    }
}

impl<J: Copy> Table<J> {
    /// Adds a stream; the oldest of the same session ends if there are too many.
    pub(super) fn open(&mut self, handle: SessionHandle, stream: Stream<J>) -> (Id, Option<Waker>) {
        let id = (handle, self.next);
        self.next += 1;
        let mut pushed_out = None;
        if !self.over {
            let of_session = (handle, 0)..=(handle, u64::MAX);
            let mut beside = self.open.range(of_session).map(|(id, _)| *id);
            if let Some(oldest) = beside.next()
                && beside.count() + 1 >= MOST
            {
                pushed_out = self.close(oldest);
            }
            self.note_due(stream.due);
            self.open.insert(id, stream);
        }
        (id, pushed_out)
    }

    /// Lets `waker` be called when the stream ends; says whether it is open.
    pub(super) fn watch(&mut self, id: Id, waker: &Waker) -> bool {
        let Some(stream) = self.open.get_mut(&id) else {
            return false;
        };
        match &mut stream.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        true
    }

    /// Ends a stream; returns whom to wake.
    pub(super) fn close(&mut self, id: Id) -> Option<Waker> {
        self.open.remove(&id)?.waker
    }

    /// Ends the streams of a session; returns whom to wake.
    pub(super) fn close_session(&mut self, handle: SessionHandle) -> Vec<Waker> {
        let of_session = (handle, 0)..=(handle, u64::MAX);
        let ids: Vec<Id> = self.open.range(of_session).map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.close(id)).collect()
    }

    /// Ends the streams of tokens whose key does not count any more; returns whom to wake.
    pub(super) fn close_unsigned(&mut self, counts: impl Fn(&str) -> bool) -> Vec<Waker> {
        let ended = self.open.extract_if(.., |_, stream| !counts(&stream.kid));
        ended.filter_map(|(_, stream)| stream.waker).collect()
    }

    /// Ends all streams; those that are opened later, too, if `for_good`. Returns whom to wake.
    pub(super) fn close_all(&mut self, for_good: bool) -> Vec<Waker> {
        self.over |= for_good;
        let ended = std::mem::take(&mut self.open).into_values();
        ended.filter_map(|stream| stream.waker).collect()
    }

    /// Makes all streams due.
    pub(super) fn hurry(&mut self, now: DateTime<Utc>) {
        for stream in self.open.values_mut() {
            stream.due = stream.due.min(now);
        }
        self.note_due(now);
    }

    /// Makes a stream due.
    pub(super) fn hurry_one(&mut self, id: Id, now: DateTime<Utc>) {
        if let Some(stream) = self.open.get_mut(&id) {
            stream.due = stream.due.min(now);
            self.note_due(now);
        }
    }

    /// Which streams are due, and how each is judged.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> Vec<(Id, J)> {
        if self.first_due.is_none_or(|first| first > now) {
            return Vec::new();
        }
        self.first_due = self.open.values().map(|stream| stream.due).min();
        let due = self.open.iter().filter(|(_, stream)| stream.due <= now);
        due.map(|(id, stream)| (*id, stream.judge)).collect()
    }

    /// Lets a stream go on until `due`, as if a token with the key `kid` had admitted it.
    pub(super) fn go_on(&mut self, id: Id, due: DateTime<Utc>, kid: &Arc<str>) {
        if let Some(stream) = self.open.get_mut(&id) {
            (stream.due, stream.kid) = (due, Arc::clone(kid));
            self.note_due(due);
        }
    }

    #[cfg(any(test, feature = "internals"))]
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    fn note_due(&mut self, due: DateTime<Utc>) {
        self.first_due = Some(self.first_due.map_or(due, |first| first.min(due)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(minutes)
    }

    fn stream(due: i64, kid: &str) -> Stream<()> {
        Stream {
            due: at(due),
            kid: kid.into(),
            judge: (),
            waker: None,
        }
    }

    fn session(n: u8) -> SessionHandle {
        SessionHandle::from_bytes([n; 16])
    }

    fn woken(wakers: Vec<Waker>) -> usize {
        let count = wakers.len();
        wakers.into_iter().for_each(Waker::wake);
        count
    }

    #[test]
    fn those_of_a_session_end_together_and_no_other() {
        let (mut table, told) = (Table::default(), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&told));
        let ids = [1, 2, 1, 3].map(|n| table.open(session(n), stream(60, "a")).0);
        assert!(ids.iter().all(|id| table.watch(*id, &waker)));
        assert_eq!(woken(table.close_session(session(1))), 2);
        assert_eq!(told.0.load(Ordering::Relaxed), 2);
        let open = ids.map(|id| table.watch(id, &waker));
        assert_eq!(open, [false, true, false, true]);
        assert_eq!(woken(table.close_all(true)), 2);
        let (late, _) = table.open(session(4), stream(60, "a"));
        assert!(!table.watch(late, &waker), "the application shuts down");
    }

    #[test]
    fn one_session_has_at_most_a_hundred() {
        let mut table = Table::default();
        let waker = Waker::noop();
        let (other, _) = table.open(session(2), stream(60, "a"));
        let ids: Vec<Id> = (0..MOST + 1)
            .map(|_| table.open(session(1), stream(60, "a")).0)
            .collect();
        assert_eq!(table.len(), MOST + 1);
        assert!(!table.watch(ids[0], waker), "the oldest has ended");
        assert!(table.watch(ids[1], waker) && table.watch(other, waker));
    }

    #[test]
    fn each_is_due_at_its_own_end() {
        let mut table = Table::default();
        let due = |table: &mut Table<()>, minutes| {
            let due = table.due(at(minutes)).into_iter();
            due.map(|((_, number), _)| number).collect::<Vec<_>>()
        };
        let (a, _) = table.open(session(1), stream(60, "a"));
        let (b, _) = table.open(session(2), stream(30, "a"));
        assert_eq!(due(&mut table, 29), [0; 0]);
        assert_eq!(due(&mut table, 30), [1]);
        assert_eq!(due(&mut table, 31), [1], "until it is answered");
        table.go_on(b, at(90), &"b".into());
        assert_eq!(due(&mut table, 59), [0; 0]);
        table.close(a);
        assert_eq!(due(&mut table, 89), [0; 0]);
        assert_eq!(due(&mut table, 90), [1]);
        table.go_on(b, at(150), &"b".into());
        table.hurry(at(91));
        assert_eq!(due(&mut table, 91), [1]);
    }

    #[test]
    fn those_of_a_removed_key_end() {
        let mut table = Table::default();
        let (a, _) = table.open(session(1), stream(60, "a"));
        let (b, _) = table.open(session(2), stream(60, "b"));
        table.close_unsigned(|kid| kid == "b");
        assert!(!table.watch(a, Waker::noop()) && table.watch(b, Waker::noop()));
    }
}
