//! `PublicClaim`: which types may be in a payload that every browser can read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

use crate::handle::SessionHandle;
use crate::payload::members::Members;

/// A type that may be part of a payload, because the browser may see all of its fields.
///
/// Plain values, chrono's times and collections of such types implement it. For a struct or enum of
/// your own use `#[derive(PublicClaim)]`, which requires the same of its fields. For a type of
/// another crate write `#[session(public)]` above the field.
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
    /// The members that it adds when it is flattened.
    #[doc(hidden)]
    const MEMBERS: Members = Members::Open;

    /// Where the derive requires the same of the fields; nobody calls it.
    #[doc(hidden)]
    fn assert_fields() {}
}

/// Values that are not JSON objects.
macro_rules! public {
    ($($claim:ty),* $(,)?) => {
        $(impl PublicClaim for $claim {
            const MEMBERS: Members = Members::Value;
        })*
    };
}

public!(
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
public!(serde_json::Number);

#[cfg(feature = "uuid")]
public!(uuid_lib::Uuid);

/// Objects, and containers of other claims.
macro_rules! holds {
    ($(<$($parameter:ident $(: $bound:path)?),*> $claim:ty => $members:expr;)*) => {$(
        impl<$($parameter $(: $bound)?),*> PublicClaim for $claim {
            const MEMBERS: Members = $members;
        }
    )*};
}

holds! {
    <> () => Members::All(&[]);
    <> std::time::Duration => Members::All(&[Members::Named("secs"), Members::Named("nanos")]);
    <> std::time::SystemTime =>
        Members::All(&[Members::Named("secs_since_epoch"), Members::Named("nanos_since_epoch")]);
    <Tz: chrono::TimeZone> chrono::DateTime<Tz> => Members::Value;
    <T: PublicClaim> Option<T> => T::MEMBERS;
    <T: PublicClaim> Vec<T> => Members::Value;
    <T: PublicClaim> VecDeque<T> => Members::Value;
    <T: PublicClaim> [T] => Members::Value;
    <T: PublicClaim, S> HashSet<T, S> => Members::Value;
    <T: PublicClaim> BTreeSet<T> => Members::Value;
    <K: PublicClaim, V: PublicClaim, S> HashMap<K, V, S> => Members::Open;
    <K: PublicClaim, V: PublicClaim> BTreeMap<K, V> => Members::Open;
    <A: PublicClaim> (A,) => Members::Value;
    <A: PublicClaim, B: PublicClaim> (A, B) => Members::Value;
    <A: PublicClaim, B: PublicClaim, C: PublicClaim> (A, B, C) => Members::Value;
    <A: PublicClaim, B: PublicClaim, C: PublicClaim, D: PublicClaim> (A, B, C, D) => Members::Value;
}

#[cfg(feature = "json")]
holds! {
    <> serde_json::Value => Members::Open;
    <> serde_json::Map<String, serde_json::Value> => Members::Open;
}

/// Pointers, which serde does not show.
macro_rules! points {
    ($($claim:ty),* $(,)?) => {$(
        impl<T: PublicClaim + ?Sized> PublicClaim for $claim {
            const MEMBERS: Members = T::MEMBERS;
        }
    )*};
}

points!(Box<T>, Arc<T>, Rc<T>, &T);

impl<T: PublicClaim, const N: usize> PublicClaim for [T; N] {
    const MEMBERS: Members = Members::Value;
}

impl<T: PublicClaim + ToOwned + ?Sized> PublicClaim for Cow<'_, T> {
    const MEMBERS: Members = T::MEMBERS;
}

impl<T: ?Sized> PublicClaim for std::marker::PhantomData<T> {
    const MEMBERS: Members = Members::All(&[]);
}
