//! Payloads that hide nothing, in every form that serde has.

#![deny(warnings)]

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use serde::{Deserialize, Serialize, Serializer};
use session_runtime::{JwtPayload, NewSession, PublicClaim};

/// Flattened types beside each other, without a shared name.
#[derive(Serialize, Deserialize, JwtPayload)]
#[serde(rename_all = "camelCase")]
struct Flattened {
    name: String,
    #[serde(flatten)]
    account: Account,
    #[serde(flatten)]
    team: Option<Box<Team>>,
    #[serde(flatten)]
    plan: Plan,
    #[serde(flatten)]
    more: HashMap<String, String>,
    #[serde(flatten)]
    nothing: (),
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Account {
    email: String,
    // Its name in the token is another.
    #[serde(rename = "account_name")]
    name: String,
    // Not in the token.
    #[serde(skip)]
    exp: u64,
    #[serde(skip)]
    password: String,
    // Only when it is read.
    #[serde(default, alias = "sub")]
    subject: String,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Team {
    team: String,
    #[serde(flatten)]
    seats: BTreeMap<String, u8>,
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(tag = "plan", rename_all_fields = "camelCase")]
enum Plan {
    Free,
    Trial { days_left: u8 },
    Paid { days_left: u8, auth_time_of_plan: u64 },
}

/// Variants that hold nothing are words.
#[derive(Serialize, Deserialize, PublicClaim)]
enum LoginMethod {
    Password,
    #[serde(rename = "api_token")]
    Machine,
    #[session(public)]
    Token(String),
    #[serde(skip)]
    Secret(Vec<u8>),
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

#[derive(Serialize, Deserialize, PublicClaim)]
#[serde(tag = "kind", content = "value")]
enum Adjacent {
    Number(u32),
    Text(String),
}

/// Written as something that has been looked at.
#[derive(Clone, Serialize, Deserialize, PublicClaim)]
#[serde(into = "String", try_from = "String")]
struct Email(String);

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.contains('@').then_some(Self(text)).ok_or("no @")
    }
}

#[derive(Clone, Serialize, Deserialize, JwtPayload)]
#[serde(into = "Raw", from = "Raw")]
struct Refined {
    // None of these is written.
    exp: u64,
    password: String,
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Raw {
    name: String,
}

impl From<Refined> for Raw {
    fn from(refined: Refined) -> Self {
        let name = format!("{} {}", refined.exp, refined.password.len());
        Self { name }
    }
}

impl From<Raw> for Refined {
    fn from(raw: Raw) -> Self {
        Self { exp: 0, password: raw.name }
    }
}

#[derive(Clone, Serialize, Deserialize, JwtPayload)]
#[serde(into = "Foreign", from = "Foreign")]
#[session(public, reason = "all of it is on the page")]
struct Waived {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Foreign {
    name: String,
}

impl From<Waived> for Foreign {
    fn from(waived: Waived) -> Self {
        Self { name: waived.name }
    }
}

impl From<Foreign> for Waived {
    fn from(foreign: Foreign) -> Self {
        Self { name: foreign.name }
    }
}

#[derive(Serialize, Deserialize, JwtPayload)]
#[serde(transparent)]
struct Transparent {
    account: Account,
}

#[derive(Serialize, Deserialize, JwtPayload)]
#[session(name = "generic")]
struct Generic<T, K> {
    name: String,
    method: LoginMethod,
    some: OneOrMany<T>,
    adjacent: Adjacent,
    #[serde(flatten)]
    rest: T,
    marker: PhantomData<K>,
    #[serde(serialize_with = "in_capitals")]
    #[session(public)]
    loud: String,
    #[serde(deserialize_with = "any_case")]
    quiet: String,
    #[serde(with = "chrono::serde::ts_seconds")]
    #[session(public, reason = "a time")]
    since: chrono::DateTime<chrono::Utc>,
    email: Email,
    r#type: u8,
    #[serde(rename(deserialize = "jti"))]
    read_as_reserved: Option<u8>,
    #[session(public)]
    #[serde(flatten)]
    foreign: Foreign2,
}

#[derive(Serialize, Deserialize)]
struct Foreign2 {
    id: u8,
}

fn in_capitals<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text.to_uppercase())
}

fn any_case<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.to_lowercase())
}

fn main() {
    // Both are looked at where they are used.
    let _ = NewSession::new(
        "ada".to_owned(),
        Generic {
            name: String::new(),
            method: LoginMethod::Password,
            some: OneOrMany::One(Team2 { team: 1 }),
            adjacent: Adjacent::Number(1),
            rest: Team2 { team: 1 },
            marker: PhantomData::<u8>,
            loud: String::new(),
            quiet: String::new(),
            since: chrono::DateTime::UNIX_EPOCH,
            email: Email(String::new()),
            r#type: 1,
            read_as_reserved: None,
            foreign: Foreign2 { id: 1 },
        },
        (),
    );
    let account = |text: &str| Account {
        email: text.into(),
        name: text.into(),
        exp: 1,
        password: text.into(),
        subject: text.into(),
    };
    let flattened = Flattened {
        name: "Ada".into(),
        account: account("a"),
        team: Some(Box::new(Team { team: "x".into(), seats: BTreeMap::new() })),
        plan: Plan::Paid { days_left: 1, auth_time_of_plan: 1 },
        more: HashMap::new(),
        nothing: (),
    };
    let written = serde_json::to_string(&flattened).expect("JSON");
    let expected = r#"{"name":"Ada","email":"a","account_name":"a","subject":"a","team":"x","plan":"Paid","daysLeft":1,"authTimeOfPlan":1}"#;
    assert_eq!(written, expected);
    let _ = NewSession::new("ada".to_owned(), Transparent { account: account("b") }, ());
    let _ = (Plan::Free, Plan::Trial { days_left: 1 }, LoginMethod::Machine);
    let _ = (LoginMethod::Token(String::new()), LoginMethod::Secret(vec![]));
    let _ = (Adjacent::Text(String::new()), OneOrMany::Many(vec![1]));
}

#[derive(Serialize, Deserialize, PublicClaim)]
struct Team2 {
    team: u8,
}
