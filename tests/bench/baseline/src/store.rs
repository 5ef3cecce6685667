//! One INSERT and its commit per login, through an r2d2 pool on blocking threads, as
//! `rocket_sync_db_pools` does it; the pool has as many connections as the library has writers.

use chrono::{TimeDelta, Utc};
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::{Insertable, RunQueryDsl};
use rocket::tokio::sync::Semaphore;
use rocket::tokio::task::spawn_blocking;

use crate::tokens::Tokens;

type Failure = Box<dyn std::error::Error>;

diesel::table! {
    session_info (handle) {
        handle -> Binary,
        user_id -> Text,
        parent_hash -> Binary,
        parent_since -> BigInt,
        generation -> BigInt,
        children -> Binary,
        payload -> Text,
        data -> Text,
        created_at -> BigInt,
        validity -> BigInt,
        expires_at -> BigInt,
        device -> Text,
    }
}

/// What a login stores: what the library stores for it.
#[derive(Insertable)]
#[diesel(table_name = session_info)]
pub struct Row {
    handle: Vec<u8>,
    user_id: String,
    parent_hash: Vec<u8>,
    parent_since: i64,
    generation: i64,
    children: Vec<u8>,
    payload: String,
    data: &'static str,
    created_at: i64,
    validity: i64,
    expires_at: i64,
    device: &'static str,
}

impl Row {
    pub fn new(user: String, tokens: &Tokens) -> Self {
        let now = Utc::now().timestamp_millis();
        let validity = TimeDelta::days(100).num_milliseconds();
        Self {
            handle: tokens.handle.as_bytes().to_vec(),
            parent_hash: tokens.refresh_hash.clone(),
            parent_since: now,
            generation: 0,
            children: Vec::new(),
            payload: serde_json::json!({ "name": user }).to_string(),
            user_id: user,
            data: r#"{"awesomeThings":["programming","javascript","supertokens"]}"#,
            created_at: now,
            validity,
            expires_at: now + validity,
            device: r#"{"ip":"127.0.0.0"}"#,
        }
    }
}

/// A pool of whichever backend.
pub struct Store {
    pool: AnyPool,
    free: Semaphore,
}

/// Writes the pool once per backend: a variant, its tables, its INSERT.
macro_rules! backends {
    ($($feature:literal $name:ident $scheme:literal $connection:ty, $size:literal, $settings:literal;)+) => {
        #[derive(Clone)]
        enum AnyPool {
            $(#[cfg(feature = $feature)] $name(Pool<ConnectionManager<$connection>>),)+
        }

        impl AnyPool {
            fn open(url: &str) -> Result<(Self, usize), Failure> {
                $(#[cfg(feature = $feature)]
                if url.starts_with($scheme) {
                    use diesel::connection::SimpleConnection;
                    let target = url.strip_prefix("sqlite://").unwrap_or(url);
                    let pool = Pool::builder().max_size($size).build(ConnectionManager::<$connection>::new(target))?;
                    let conn = &mut pool.get()?;
                    for sql in [
                        $settings,
                        include_str!(concat!("../../../../session-runtime/src/store/migrations/", $feature, "/0001_sessions.sql")),
                        include_str!(concat!("../../../../session-runtime/src/store/migrations/", $feature, "/0003_policies.sql")),
                    ] {
                        conn.batch_execute(sql)?;
                    }
                    return Ok((Self::$name(pool), $size));
                })+
                Err(format!("DATABASE_URL={url} is of no database that is compiled in").into())
            }

            fn insert(&self, row: Row) -> Result<(), Failure> {
                match self {
                    $(#[cfg(feature = $feature)]
                    Self::$name(pool) => {
                        diesel::insert_into(session_info::table).values(row).execute(&mut pool.get()?)?;
                    })+
                }
                Ok(())
            }
        }
    };
}

backends! {
    "sqlite" Sqlite "sqlite:" diesel::SqliteConnection, 1, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
    "postgres" Postgres "postgres:" diesel::PgConnection, 3, "SELECT 1";
    "mysql" Mysql "mysql:" diesel::MysqlConnection, 3, "DO 0";
}

impl Store {
    /// Opens the pool and makes the tables.
    pub fn open(url: &str) -> Result<Self, Failure> {
        let (pool, size) = AnyPool::open(url)?;
        Ok(Self {
            pool,
            free: Semaphore::new(size),
        })
    }

    /// Stores a session; when this returns, it is durable.
    pub async fn insert(&self, row: Row) -> Result<(), String> {
        let _permit = self
            .free
            .acquire()
            .await
            .map_err(|error| error.to_string())?;
        let pool = self.pool.clone();
        let inserted = spawn_blocking(move || pool.insert(row).map_err(|error| error.to_string()));
        inserted.await.map_err(|error| error.to_string())?
    }
}
