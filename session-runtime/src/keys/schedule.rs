//! The rotation of signing keys: when one is due, which one signs, which ones still verify. It uses
//! only times, no clock and no database.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

/// How long a key is kept after the last token that it can have signed, because the clocks of
/// processes differ.
const MARGIN: TimeDelta = TimeDelta::minutes(10);

/// A key that was created so much later than now was created by a clock that was ahead. The clocks
/// of processes may differ by less.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

/// How often keys change and how long they overlap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// How long a key signs, from its creation.
    pub(crate) interval: TimeDelta,
    /// How long before the end of its interval its successor is created.
    pub(crate) overlap: TimeDelta,
    /// The longest lifetime of an access token.
    pub(crate) longest_token: TimeDelta,
}

/// What the schedule says about the keys of one algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Which key signs; `None` if there is none.
    pub(crate) signer: Option<usize>,
    /// When the next key is due; `None` if one is missing altogether.
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// The keys that verify, newest first; the others have ended.
    pub(crate) verifying: Vec<usize>,
}

impl Plan {
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_at.is_none_or(|due_at| due_at <= now)
    }
}

impl Schedule {
    /// Decides about keys by when they were `created`, in any order. Keys of an algorithm that is
    /// no longer
    /// `in_use` here may still sign elsewhere while a new configuration is rolled out.
    pub(crate) fn plan(&self, created: &[DateTime<Utc>], now: DateTime<Utc>, in_use: bool) -> Plan {
        let (dates, indices) = self.dates(created, now);
        let signer = match *dates {
            [] => None,
            // Other services fetch a key before its first signature.
            [newest, previous, ..]
                if now - newest < self.overlap && now - previous < self.interval =>
            {
                Some(1)
            }
            _ => Some(0),
        };
        let verifying = self.count_verifying(&dates, now, in_use);
        Plan {
            signer: signer.map(|signer: usize| indices[signer]),
            due_at: dates
                .first()
                .map(|newest| *newest + self.interval - self.overlap),
            verifying: indices[..verifying].to_vec(),
        }
    }

    /// The keys that had ended this long before `now`.
    pub(crate) fn ended(
        &self,
        created: &[DateTime<Utc>],
        (now, ago): (DateTime<Utc>, TimeDelta),
        in_use: bool,
    ) -> Vec<usize> {
        let (dates, indices) = self.dates(created, now);
        let verifying = self.count_verifying(&dates, now - ago, in_use);
        indices[verifying..].to_vec()
    }

    /// How many of the newest of these keys verify.
    fn count_verifying(&self, dates: &[DateTime<Utc>], now: DateTime<Utc>, in_use: bool) -> usize {
        let indices = 0..dates.len();
        indices
            .take_while(|index| self.verifies(dates, *index, now, in_use))
            .count()
    }

    /// Whether a new key of an algorithm in use is due, given when its keys were `created`, in any
    /// order.
    pub(crate) fn is_due(
        &self,
        created: impl IntoIterator<Item = DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> bool {
        let created: Vec<_> = created.into_iter().collect();
        self.plan(&created, now, true).is_due(now)
    }

    /// When each key is taken to be created, newest first, each with its index in `created`. A key
    /// that was created by a clock that was ahead must not delay the next key until its date. It is
    /// treated as a key whose interval ended when the newest of the others was created, or ends now
    /// if there is no other.
    fn dates(
        &self,
        created: &[DateTime<Utc>],
        now: DateTime<Utc>,
    ) -> (Vec<DateTime<Utc>>, Vec<usize>) {
        let is_ahead = |date: DateTime<Utc>| Self::ahead(date, now).is_some();
        let newest = created.iter().copied().filter(|date| !is_ahead(*date));
        let instead = newest.max().unwrap_or(now) - self.interval;
        let date = |date: &DateTime<Utc>| if is_ahead(*date) { instead } else { *date };
        let mut keys: Vec<_> = created.iter().map(date).zip(0..).collect();
        keys.sort_by_key(|(date, _)| Reverse(*date));
        keys.into_iter().unzip()
    }

    /// By how much a key is ahead of `now`, if it was created by a clock that was ahead.
    pub(crate) fn ahead(created: DateTime<Utc>, now: DateTime<Utc>) -> Option<TimeDelta> {
        let ahead = created - now;
        (ahead > AHEAD).then_some(ahead)
    }

    /// Whether a token that this key signed may still be valid.
    fn verifies(
        &self,
        created: &[DateTime<Utc>],
        index: usize,
        now: DateTime<Utc>,
        in_use: bool,
    ) -> bool {
        let after_signing = self.longest_token + MARGIN;
        let planned_end = created[index] + self.interval + self.overlap + after_signing;
        let end = match index.checked_sub(1) {
            // It signed for longer than planned if its successor came late.
            Some(successor) => planned_end.max(created[successor] + self.overlap + after_signing),
            None if in_use => return true,
            None => planned_end,
        };
        now < end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule {
        interval: TimeDelta::hours(168),
        overlap: TimeDelta::seconds(60),
        longest_token: TimeDelta::hours(1),
    };
    const HOUR: i64 = 3600;
    const INTERVAL: i64 = 168 * HOUR;
    const YEAR: i64 = 365 * 24 * HOUR;
    /// Overlap, longest token and margin.
    const TAIL: i64 = 60 + HOUR + 600;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).expect("a time")
    }

    /// (ages of the keys in seconds, newest first; signer; due in seconds; verifying)
    type Row<'a> = (&'a [i64], Option<usize>, Option<i64>, usize);

    #[test]
    fn the_table_of_the_schedule() {
        let rows: &[Row<'_>] = &[
            (&[], None, None, 0),
            // The first key signs at once: there is no other.
            (&[0], Some(0), Some(INTERVAL - 60), 1),
            (&[INTERVAL - 61], Some(0), Some(1), 1),
            (&[INTERVAL - 60], Some(0), Some(0), 1),
            // Its successor is published for the overlap, and then signs.
            (&[0, INTERVAL - 60], Some(1), Some(INTERVAL - 60), 2),
            (&[59, INTERVAL - 1], Some(1), Some(INTERVAL - 119), 2),
            (&[60, INTERVAL], Some(0), Some(INTERVAL - 120), 2),
            // A late successor signs at once, because the old key's time is over.
            (&[0, INTERVAL], Some(0), Some(INTERVAL - 60), 2),
            (&[0, 9 * INTERVAL], Some(0), Some(INTERVAL - 60), 2),
            // The last token of the old key has expired, and the margin has passed.
            (
                &[TAIL, INTERVAL + TAIL - 1],
                Some(0),
                Some(INTERVAL - 60 - TAIL),
                2,
            ),
            (
                &[TAIL, INTERVAL + TAIL],
                Some(0),
                Some(INTERVAL - 60 - TAIL),
                1,
            ),
            // A key whose successor came late verifies for as long from then on.
            (
                &[TAIL - 1, 9 * INTERVAL],
                Some(0),
                Some(INTERVAL - 59 - TAIL),
                2,
            ),
            // No key was created for a long time: the old one is used until there is a new one.
            (&[9 * INTERVAL], Some(0), Some(-8 * INTERVAL - 60), 1),
            // A key created by a clock that is slightly ahead is an ordinary key.
            (&[-600, HOUR], Some(1), Some(INTERVAL - 60 + 600), 2),
            // A key created by a wrong clock delays nothing: the other one signs, and is replaced
            // in time.
            (&[-601, HOUR - 61], Some(1), Some(INTERVAL + 1 - HOUR), 2),
            (&[-YEAR, 0], Some(1), Some(INTERVAL - 60), 2),
            (&[-YEAR, INTERVAL - 60], Some(1), Some(0), 1),
            // It verifies as long as the tokens that it can have signed before the other one was
            // created.
            (&[-YEAR, TAIL - 1], Some(1), Some(INTERVAL - 59 - TAIL), 2),
            (&[-YEAR, TAIL], Some(1), Some(INTERVAL - 60 - TAIL), 1),
            (&[-2 * YEAR, -YEAR, 0], Some(2), Some(INTERVAL - 60), 3),
            // If there is no other key, it signs until there is one, which is due now.
            (&[-YEAR], Some(0), Some(-60), 1),
            (&[-2 * YEAR, -YEAR], Some(0), Some(-60), 2),
        ];
        for (ages, signer, due_in, verifying) in rows {
            let created: Vec<_> = ages.iter().map(|age| at(-age)).collect();
            let plan = SCHEDULE.plan(&created, at(0), true);
            let found = (plan.signer, plan.due_at, plan.verifying.len());
            assert_eq!(found, (*signer, due_in.map(at), *verifying), "{ages:?}");
        }
    }

    #[test]
    fn a_key_is_due_by_the_newest_wherever_it_stands() {
        for (ages, due) in [
            (vec![], true),
            (vec![INTERVAL - 61], false),
            (vec![INTERVAL - 60], true),
            (vec![9 * INTERVAL, 0], false),
            (vec![0, 9 * INTERVAL], false),
            (vec![9 * INTERVAL, INTERVAL - 60, 2 * INTERVAL], true),
        ] {
            let created = ages.iter().map(|age: &i64| at(-age));
            assert_eq!(SCHEDULE.is_due(created, at(0)), due, "{ages:?}");
        }
    }

    #[test]
    fn the_newest_key_of_an_algorithm_no_longer_in_use_ends_like_any_other() {
        let verifying = |age: i64| SCHEDULE.plan(&[at(-age)], at(0), false).verifying;
        assert_eq!(verifying(INTERVAL + TAIL - 1), [0]);
        assert!(verifying(INTERVAL + TAIL).is_empty());
    }

    /// A key within the tolerance is not a key from the future.
    #[test]
    fn only_keys_that_ended_long_ago_are_deleted() {
        let day = TimeDelta::days(1);
        let ended = |ages: &[i64]| {
            let created: Vec<_> = ages.iter().map(|age| at(-age)).collect();
            SCHEDULE.ended(&created, (at(0), day), true)
        };
        let none: [usize; 0] = [];
        assert_eq!(ended(&[HOUR, INTERVAL + HOUR]), none);
        assert_eq!(ended(&[24 * HOUR + TAIL - 1, 2 * INTERVAL]), none);
        assert_eq!(ended(&[24 * HOUR + TAIL, 2 * INTERVAL]), [1]);
        assert_eq!(ended(&[-YEAR, 24 * HOUR + TAIL - 1]), none);
        assert_eq!(ended(&[-YEAR, 24 * HOUR + TAIL]), [0]);
    }

    /// One start with a clock that was ahead does not stop the rotation: when the clock is right
    /// again, no key signs for longer than its interval.
    #[test]
    fn a_key_from_the_future_stops_no_rotation() {
        let mut created: Vec<DateTime<Utc>> = vec![at(2 * INTERVAL + 1800)];
        for second in (0..4 * INTERVAL).step_by(29) {
            let now = at(second);
            let plan = SCHEDULE.plan(&created, now, true);
            let mut kept: Vec<_> = plan.verifying.iter().map(|index| created[*index]).collect();
            if plan.is_due(now) {
                kept.insert(0, now);
            }
            let signing = SCHEDULE.plan(&kept, now, true);
            let signer = kept[signing.signer.expect("a signer")];
            assert!(
                now - signer < SCHEDULE.interval + SCHEDULE.overlap,
                "{second}"
            );
            created = kept;
        }
    }

    /// Whatever key signs, it verifies until its last token has expired.
    #[test]
    fn no_token_outlives_its_key() {
        let mut created: Vec<DateTime<Utc>> = vec![at(0)];
        for second in (0..4 * INTERVAL).step_by(29) {
            let now = at(second);
            let plan = SCHEDULE.plan(&created, now, true);
            let signer = created[plan.signer.expect("a signer")];
            let expires = now + SCHEDULE.longest_token;
            // Its successors come as early as possible.
            let mut later = created.clone();
            if plan.is_due(now) {
                later.insert(0, now);
            }
            let index = later.iter().position(|time| *time == signer).expect("it");
            let verifying = SCHEDULE.plan(&later, expires, true).verifying;
            assert!(verifying.contains(&index), "{second}");
            created = later;
        }
        assert_eq!(created.len(), 5);
    }
}
