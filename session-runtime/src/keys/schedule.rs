//! The rotation of signing keys: when one is due, which one signs, which ones still verify (protocol
//! 3.10). No clock and no store, only times.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a key outlives the last token it can have signed, for replicas whose clocks differ.
const MARGIN: TimeDelta = TimeDelta::minutes(10);

/// How often keys change and how long they overlap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// How long a key signs, counted from its making.
    pub(crate) interval: TimeDelta,
    /// How long before the end of its interval its successor is made.
    pub(crate) overlap: TimeDelta,
    /// The longest life of an access token.
    pub(crate) longest_token: TimeDelta,
}

/// What the schedule says of the keys of one algorithm, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Which key signs; `None` if there is none.
    pub(crate) signer: Option<usize>,
    /// When the next key is due; `None` if one is missing altogether.
    pub(crate) due_at: Option<DateTime<Utc>>,
    /// How many of the newest keys verify; the rest is over.
    pub(crate) verifying: usize,
}

impl Plan {
    pub(crate) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_at.is_none_or(|due_at| due_at <= now)
    }
}

impl Schedule {
    /// Judges keys by when they were `created`, newest first. Keys of an algorithm that is no longer
    /// `in_use` here may still sign elsewhere while a new configuration is rolled out.
    pub(crate) fn plan(&self, created: &[DateTime<Utc>], now: DateTime<Utc>, in_use: bool) -> Plan {
        let signer = match created {
            [] => None,
            // Verifiers meet a key before its first signature.
            [newest, previous, ..]
                if now - newest < self.overlap && now - previous < self.interval =>
            {
                Some(1)
            }
            _ => Some(0),
        };
        let verifying = (0..created.len())
            .take_while(|index| self.verifies(created, *index, now, in_use))
            .count();
        Plan {
            signer,
            due_at: created
                .first()
                .map(|newest| *newest + self.interval - self.overlap),
            verifying,
        }
    }

    /// Whether a token that this key signed may still be good.
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
            // A late successor signs at once: the old key's time is over.
            (&[0, INTERVAL], Some(0), Some(INTERVAL - 60), 2),
            (&[0, 9 * INTERVAL], Some(0), Some(INTERVAL - 60), 2),
            // The last token of the old key is over, and the margin.
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
            // One whose successor came late verifies from then on for as long.
            (
                &[TAIL - 1, 9 * INTERVAL],
                Some(0),
                Some(INTERVAL - 59 - TAIL),
                2,
            ),
            // Nobody made a key for long: the old one goes on until one is there.
            (&[9 * INTERVAL], Some(0), Some(-8 * INTERVAL - 60), 1),
            // A key from the future, of a clock that was wrong.
            (&[-HOUR, HOUR], Some(1), Some(INTERVAL - 60 + HOUR), 2),
        ];
        for (ages, signer, due_in, verifying) in rows {
            let created: Vec<_> = ages.iter().map(|age| at(-age)).collect();
            let expected = Plan {
                signer: *signer,
                due_at: due_in.map(at),
                verifying: *verifying,
            };
            assert_eq!(SCHEDULE.plan(&created, at(0), true), expected, "{ages:?}");
        }
    }

    #[test]
    fn the_newest_key_of_an_algorithm_no_longer_in_use_ends_like_any_other() {
        let verifying = |age: i64| SCHEDULE.plan(&[at(-age)], at(0), false).verifying;
        assert_eq!(verifying(INTERVAL + TAIL - 1), 1);
        assert_eq!(verifying(INTERVAL + TAIL), 0);
    }

    /// Behaviour 83. Whatever key signs, it verifies until its last token is over.
    #[test]
    fn no_token_outlives_its_key() {
        let mut created: Vec<DateTime<Utc>> = vec![at(0)];
        for second in (0..4 * INTERVAL).step_by(29) {
            let now = at(second);
            let plan = SCHEDULE.plan(&created, now, true);
            let signer = created[plan.signer.expect("a signer")];
            let expires = now + SCHEDULE.longest_token;
            // Its successors come as early as can be.
            let mut later = created.clone();
            if plan.is_due(now) {
                later.insert(0, now);
            }
            let index = later.iter().position(|time| *time == signer).expect("it");
            assert!(
                SCHEDULE.plan(&later, expires, true).verifying > index,
                "{second}"
            );
            created = later;
        }
        assert_eq!(created.len(), 5);
    }
}
