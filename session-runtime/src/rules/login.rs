//! How a login replaces other sessions of its browser: the pending session that it completes, and
//! anonymous ones, whose data it takes over.

use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::record::{Creation, Record};

/// The session to store, decided while the other sessions are locked.
///
/// The pending session must still exist. There may be several `visitors`, because two tabs may have
/// started one each; a session that has expired, or in which a user logged in, hands over nothing.
pub(crate) fn session_to_store(
    creation: &Creation,
    pending: Option<&Record>,
    visitors: &[Record],
    now: DateTime<Utc>,
) -> Result<Record, Error> {
    let is_there = |pending: &Record| pending.is_pending() && !pending.is_expired(now);
    if creation.completes.is_some() && !pending.is_some_and(is_there) {
        return Err(Error::Unauthorised);
    }
    let mut record = creation.record.clone();
    if let Some(hand_over) = &creation.hand_over {
        let visitors = visitors.iter().filter(|one| one.anonymous);
        for visitor in visitors.filter(|one| !one.is_expired(now)) {
            record.data = hand_over.run(&visitor.data, &record.data)?;
        }
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::new_session::HandOver;

    const END: i64 = 1_790_000_000;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(END + seconds, 0).expect("a time")
    }

    fn login() -> Creation {
        Creation {
            record: Record {
                data: "own".into(),
                ..Record::specimen(at(0))
            },
            replaced: Vec::new(),
            completes: None,
            hand_over: None,
            handed_from: Vec::new(),
            limit: None,
        }
    }

    #[test]
    fn a_second_factor_completes_what_is_pending_and_there() {
        let pending = |attempts| Record {
            pending_attempts: attempts,
            ..Record::specimen(at(0))
        };
        let login = Creation {
            completes: Some(login().record.handle),
            ..login()
        };
        // What is found, the time before its end, and whether it is completed.
        for (found, now, completed) in [
            (Some(pending(Some(0))), -1, true),
            (Some(pending(Some(4))), -1, true),
            (Some(pending(Some(0))), 0, false),
            (Some(pending(None)), -1, false),
            (None, -1, false),
        ] {
            let taken = session_to_store(&login, found.as_ref(), &[], at(now));
            assert_eq!(taken.is_ok(), completed, "{found:?} {now}");
        }
    }

    #[test]
    fn a_login_takes_over_the_data_of_every_visitor_of_its_browser() {
        let session = |anonymous, data: &str| Record {
            anonymous,
            data: data.into(),
            ..Record::specimen(at(0))
        };
        let visitor = |data| session(true, data);
        let joined = HandOver::new(|before, own| match before {
            "bad" => Err(Error::General("bad".into())),
            before => Ok(format!("{own}+{before}")),
        });
        // Who is found, the time before their end, and the data of the login; `None` if it fails.
        for (visitors, now, data) in [
            (vec![], -1, Some("own")),
            (vec![visitor("a")], -1, Some("own+a")),
            (vec![visitor("a"), visitor("b")], -1, Some("own+a+b")),
            // Expired, or a user has logged in there.
            (vec![visitor("a")], 0, Some("own")),
            (vec![session(false, "a"), visitor("b")], -1, Some("own+b")),
            (vec![visitor("a"), visitor("bad")], -1, None),
        ] {
            let taking = Creation {
                hand_over: Some(joined.clone()),
                ..login()
            };
            let taken = session_to_store(&taking, None, &visitors, at(now)).ok();
            assert_eq!(taken.map(|record| record.data).as_deref(), data);
            let not_taking =
                session_to_store(&login(), None, &visitors, at(now)).expect("a session");
            assert_eq!(not_taking.data, "own");
        }
    }
}
