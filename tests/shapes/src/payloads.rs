//! What a payload, its data and a user id may be.

use std::collections::BTreeMap;

use rocket::{Route, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim, Session, UserId, login};
use uuid::Uuid;

pub(super) fn all() -> Vec<Route> {
    routes![
        empty,
        read_empty,
        numbered,
        read_numbered,
        of_uuid,
        own_id,
        renamed,
        nested,
        of_enum,
        generic,
        awaiting,
        map
    ]
}

/// A payload without a field.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
struct Nothing {}

#[login]
#[post("/payload/empty")]
fn empty() -> (String, Nothing, ()) {
    ("ada".into(), Nothing {}, ())
}

#[get("/payload/empty")]
fn read_empty(session: Session<Nothing>) -> String {
    let Nothing {} = session.payload();
    session.user_id().clone()
}

/// Users by a number.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(user_id = i64, data = Vec<u8>)]
struct Numbered {
    level: u8,
}

#[login]
#[post("/payload/numbered")]
fn numbered() -> (i64, Numbered, Vec<u8>) {
    (1, Numbered { level: 1 }, vec![1])
}

#[get("/payload/numbered")]
fn read_numbered(session: Session<Numbered>) -> String {
    (session.user_id() + i64::from(session.payload().level)).to_string()
}

/// Users by a UUID.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(user_id = Uuid)]
struct OfUuid {
    name: Option<String>,
}

#[login]
#[post("/payload/of-uuid")]
fn of_uuid() -> (Uuid, OfUuid, ()) {
    (Uuid::nil(), OfUuid { name: None }, ())
}

/// An id of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, UserId)]
struct Account(u64);

/// Users by that.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(user_id = Account, data = BTreeMap<String, Vec<Option<i32>>>)]
struct OfAccount {
    roles: Vec<String>,
}

#[login]
#[post("/payload/own-id")]
fn own_id() -> (Account, OfAccount, BTreeMap<String, Vec<Option<i32>>>) {
    (Account(7), OfAccount { roles: vec![] }, BTreeMap::new())
}

/// Names for JavaScript.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Renamed {
    display_name: String,
    #[serde(rename = "lang", default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

#[login]
#[post("/payload/renamed")]
fn renamed() -> (String, Renamed, ()) {
    let renamed = Renamed {
        display_name: "Ada".into(),
        language: None,
    };
    ("ada".into(), renamed, ())
}

/// Within another.
#[derive(Debug, Serialize, Deserialize, PublicClaim)]
struct Address {
    city: String,
    lines: [u8; 2],
}

/// With a part of its own.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
struct Nested {
    address: Address,
    #[serde(flatten)]
    more: BTreeMap<String, u8>,
}

#[login]
#[post("/payload/nested")]
fn nested() -> (String, Nested, ()) {
    let address = Address {
        city: "London".into(),
        lines: [0, 1],
    };
    let more = BTreeMap::new();
    ("ada".into(), Nested { address, more }, ())
}

/// One of several.
#[derive(Debug, Serialize, Deserialize, PublicClaim)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Role {
    Reader,
    Writer { level: u8 },
}

/// With that.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
struct OfEnum {
    role: Role,
    roles: Vec<Role>,
}

#[login]
#[post("/payload/of-enum")]
fn of_enum() -> (String, OfEnum, ()) {
    let of_enum = OfEnum {
        role: Role::Reader,
        roles: vec![Role::Writer { level: 1 }],
    };
    ("ada".into(), of_enum, ())
}

/// Of any type.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(name = "generic-u8")]
struct Generic<T> {
    value: T,
}

#[login]
#[post("/payload/generic")]
fn generic() -> (String, Generic<u8>, ()) {
    ("ada".into(), Generic { value: 1 }, ())
}

/// After the password.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(pending, page = "/code")]
struct Awaiting {
    method: String,
}

#[login]
#[post("/payload/awaiting")]
fn awaiting() -> (String, Awaiting, ()) {
    let method = "totp".to_owned();
    ("ada".into(), Awaiting { method }, ())
}

/// Data that is a map.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(data = Option<BTreeMap<String, String>>)]
struct OfMap {
    name: String,
}

#[login]
#[post("/payload/map")]
fn map() -> (String, OfMap, Option<BTreeMap<String, String>>) {
    let name = "Ada".to_owned();
    ("ada".into(), OfMap { name }, None)
}
