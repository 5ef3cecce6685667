//! `PublicClaim`: which types may travel in a payload that every browser can read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

use crate::handle::SessionHandle;

/// A type that may be part of a payload, because its own fields were looked at too.
///
/// Plain values, chrono's times and collections of such are; a struct or enum of your own says so
/// with `#[derive(PublicClaim)]`, which asks the same of its fields. `#[session(public)]` above a
/// field waives it there, for types of other crates.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// use session_runtime::{JwtPayload, PublicClaim};
///
/// #[derive(Serialize, Deserialize, JwtPayload)]
/// struct Claims { plan: Plan, seats: Vec<u32> }
///
/// #[derive(Serialize, Deserialize, PublicClaim)]
/// enum Plan { Free, Paid { since: chrono::NaiveDate } }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold what no browser should see",
    label = "not known to be public",
    note = "put `#[derive(PublicClaim)]` on `{Self}`, write `#[session(public)]` above this field, or keep it in the session data"
)]
pub trait PublicClaim {
    /// Where the derive asks the fields for the same; nobody calls it.
    #[doc(hidden)]
    fn assert_fields() {}
}

macro_rules! public {
    ($($claim:ty),* $(,)?) => {
        $(impl PublicClaim for $claim {})*
    };
}

public!(
    (),
    bool,
    char,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    str,
    String,
    std::time::Duration,
    std::time::SystemTime,
    IpAddr,
    Ipv4Addr,
    Ipv6Addr,
    SessionHandle,
    chrono::NaiveDate,
    chrono::NaiveDateTime,
    chrono::NaiveTime,
    chrono::TimeDelta,
    chrono::Weekday,
    chrono::Month,
);

#[cfg(feature = "json")]
public!(serde_json::Value, serde_json::Number, serde_json::Map<String, serde_json::Value>);

#[cfg(feature = "uuid")]
public!(uuid_lib::Uuid);

impl<Tz: chrono::TimeZone> PublicClaim for chrono::DateTime<Tz> {}
impl<T: PublicClaim> PublicClaim for Option<T> {}
impl<T: PublicClaim> PublicClaim for Vec<T> {}
impl<T: PublicClaim> PublicClaim for VecDeque<T> {}
impl<T: PublicClaim> PublicClaim for [T] {}
impl<T: PublicClaim, const N: usize> PublicClaim for [T; N] {}
impl<T: PublicClaim, S> PublicClaim for HashSet<T, S> {}
impl<T: PublicClaim> PublicClaim for BTreeSet<T> {}
impl<K: PublicClaim, V: PublicClaim, S> PublicClaim for HashMap<K, V, S> {}
impl<K: PublicClaim, V: PublicClaim> PublicClaim for BTreeMap<K, V> {}
impl<T: PublicClaim + ?Sized> PublicClaim for Box<T> {}
impl<T: PublicClaim + ?Sized> PublicClaim for Arc<T> {}
impl<T: PublicClaim + ?Sized> PublicClaim for Rc<T> {}
impl<T: PublicClaim + ?Sized> PublicClaim for &T {}
impl<T: PublicClaim + ToOwned + ?Sized> PublicClaim for Cow<'_, T> {}
impl<T: ?Sized> PublicClaim for std::marker::PhantomData<T> {}
impl<A: PublicClaim> PublicClaim for (A,) {}
impl<A: PublicClaim, B: PublicClaim> PublicClaim for (A, B) {}
impl<A: PublicClaim, B: PublicClaim, C: PublicClaim> PublicClaim for (A, B, C) {}
impl<A: PublicClaim, B: PublicClaim, C: PublicClaim, D: PublicClaim> PublicClaim for (A, B, C, D) {}
