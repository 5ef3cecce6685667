//! Whatever a payload and session data hold: either all of it comes back, or it is refused.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use proptest::collection::{btree_map, hash_map, hash_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rocket::tokio::runtime::Runtime;
use serde::{Deserialize, Serialize};
use session_runtime::token::Transport;
use session_runtime::{Error, JwtPayload, NewSession, PublicClaim};
use session_tests::Server;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JwtPayload)]
#[session(data = Everything)]
struct Carried {
    inner: Everything,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, PublicClaim)]
struct Everything {
    map: HashMap<String, i64>,
    numbered: HashMap<u32, bool>,
    set: HashSet<String>,
    sorted: BTreeMap<i8, Vec<u64>>,
    single: f32,
    double: f64,
    large: u64,
    smallest: i64,
    larger: u128,
    at: DateTime<Utc>,
    on: NaiveDate,
    maybe: Option<f64>,
    twice: Option<Option<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    choice: Choice,
    nested: Vec<(char, Choice)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, PublicClaim)]
enum Choice {
    Unit,
    New(f64),
    Tuple(u8, String),
    Struct { deep: Option<Box<Self>> },
}

fn choice() -> impl Strategy<Value = Choice> {
    let leaf = prop_oneof![
        Just(Choice::Unit),
        any::<f64>().prop_map(Choice::New),
        any::<(u8, String)>().prop_map(|(a, b)| Choice::Tuple(a, b)),
    ];
    leaf.prop_recursive(2, 4, 1, |inner| {
        let deep = option::of(inner.prop_map(Box::new));
        deep.prop_map(|deep| Choice::Struct { deep })
    })
}

/// Floats of every kind; those that are not finite now and then.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => any::<f64>(),
        5 => Just(-0.0),
        5 => Just(f64::MIN_POSITIVE / 2.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,8}", any::<char>().prop_map(String::from)]
}

fn everything() -> impl Strategy<Value = Everything> {
    let collections = (
        hash_map(text(), any::<i64>(), 0..4),
        hash_map(any::<u32>(), any::<bool>(), 0..4),
        hash_set(text(), 0..4),
        btree_map(any::<i8>(), vec(any::<u64>(), 0..3), 0..3),
        vec((any::<char>(), choice()), 0..3),
    );
    let numbers = (
        any::<f32>(),
        double(),
        prop_oneof![any::<u64>(), Just(u64::MAX)],
        prop_oneof![any::<i64>(), Just(i64::MIN)],
        prop_oneof![9 => any::<u64>().prop_map(u128::from), 1 => any::<u128>()],
    );
    let times = (
        -60_000_000_000_000i64..200_000_000_000_000,
        0u32..1_000_000_000,
    );
    let options = (
        option::of(double()),
        option::of(option::of(any::<u8>())),
        option::of(text()),
        choice(),
    );
    (collections, numbers, times, options).prop_map(|(collections, numbers, times, options)| {
        let (map, numbered, set, sorted, nested) = collections;
        let (single, double, large, smallest, larger) = numbers;
        let (maybe, twice, skipped, choice) = options;
        let at = DateTime::from_timestamp(times.0 / 1000, times.1).expect("a time");
        Everything {
            map,
            numbered,
            set,
            sorted,
            single,
            double,
            large,
            smallest,
            larger,
            at,
            on: at.date_naive(),
            maybe,
            twice,
            skipped,
            choice,
            nested,
        }
    })
}

fn is_finite(choice: &Choice) -> bool {
    match choice {
        Choice::New(number) => number.is_finite(),
        Choice::Struct { deep: Some(deep) } => is_finite(deep),
        _ => true,
    }
}

/// Whether JSON can hold it.
fn fits_json(value: &Everything) -> bool {
    value.single.is_finite()
        && value.double.is_finite()
        && value.maybe.is_none_or(f64::is_finite)
        && value.twice != Some(None)
        && is_finite(&value.choice)
        && value.nested.iter().all(|(_, choice)| is_finite(choice))
}

#[test]
fn whatever_is_stored_comes_back_and_nothing_else_is_stored() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(Server::start());
    let sessions = server.sessions();
    let mut runner = TestRunner::new(Config {
        cases: 1000,
        failure_persistence: None,
        ..Config::default()
    });
    let (stored, refused) = (Cell::new(0), Cell::new(0));
    let outcome = runner.run(&(everything(), text()), |(value, text)| {
        let carried = Carried {
            inner: value.clone(),
            text,
        };
        let new = NewSession::new("ada".to_owned(), carried.clone(), value.clone());
        let created = runtime.block_on(sessions.create(new, Transport::Header));
        match created {
            Ok(tokens) => {
                prop_assert!(fits_json(&value));
                let data = runtime.block_on(sessions.data::<Carried>(tokens.handle()));
                prop_assert_eq!(data, Ok(Some(value)));
                let read = runtime.block_on(sessions.refresh(tokens.refresh_token().expect("one")));
                let token = read.expect("a refresh").access_token().to_owned();
                let verified = runtime.block_on(sessions.verify::<Carried>(&token));
                prop_assert_eq!(verified.expect("a payload").payload, carried);
                stored.set(stored.get() + 1);
            }
            Err(Error::Unstorable { .. }) => {
                // The claims of a token are read as values, which have no more than 64 bits.
                let in_64_bits = u64::try_from(value.larger).is_ok();
                prop_assert!(!fits_json(&value) || !in_64_bits);
                refused.set(refused.get() + 1);
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
        Ok(())
    });
    outcome.expect("every value");
    let counts = [stored, refused].map(Cell::into_inner);
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}
