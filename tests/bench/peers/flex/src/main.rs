//! `rocket_flex_session` with its sqlx storages: the routes of the bench server.
//!
//! `ROCKET_PORT`, `DATABASE_URL` (a throw-away SQLite file if it is not set), `POOL` (connections).

use rocket::figment::Figment;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::serde::json::Json;
use rocket::{Build, Request, Rocket, get, post, routes};
use rocket_flex_session::error::SessionError;
use rocket_flex_session::storage::SessionStorage;
use rocket_flex_session::storage::sqlx::{SessionSqlx, SqlxPostgresStorage, SqlxSqliteStorage};
use rocket_flex_session::{RocketFlexSession, Session, SessionIdentifier};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tempfile::TempDir;

type Failure = Box<dyn std::error::Error>;

/// What the bench server stores in payload and session data.
#[derive(Clone, Serialize, Deserialize)]
struct Data {
    user: String,
    name: String,
    awesome_things: Vec<String>,
}

impl SessionIdentifier for Data {
    type Id = String;

    fn identifier(&self) -> Option<String> {
        Some(self.user.clone())
    }
}

/// The same for both databases: JSON as text.
macro_rules! stored_as_text {
    ($($database:ty),+) => {
        $(impl SessionSqlx<$database> for Data {
            type Error = SessionError;
            type Data = String;

            fn into_sql(self) -> Result<String, SessionError> {
                serde_json::to_string(&self).map_err(|error| SessionError::Serialization(error.into()))
            }

            fn from_sql(value: String) -> Result<Self, SessionError> {
                serde_json::from_str(&value).map_err(|error| SessionError::Parsing(error.into()))
            }
        })+
    };
}
stored_as_text!(sqlx::Sqlite, sqlx::Postgres);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Data {
    type Error = &'static str;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let session = request.guard::<Session<'_, Self>>().await;
        match session.succeeded().and_then(|session| session.get()) {
            Some(data) => Outcome::Success(data),
            None => Outcome::Error((Status::Unauthorized, "not logged in")),
        }
    }
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
}

#[post("/login", data = "<credentials>")]
fn log_in(credentials: Json<Credentials>, mut session: Session<'_, Data>) -> Json<Answer> {
    let user = credentials.into_inner().user;
    session.set(Data {
        name: user.clone(),
        user,
        awesome_things: ["programming", "javascript", "supertokens"]
            .map(String::from)
            .into(),
    });
    Json(Answer { status: "OK" })
}

#[get("/me")]
fn me(_session: Data) -> &'static str {
    "hello"
}

#[get("/open")]
fn open() -> &'static str {
    "hello"
}

/// The table that the storages ask for, with the index that their listing by user needs.
fn table(time: &str) -> String {
    format!(
        "CREATE TABLE sessions (id TEXT NOT NULL PRIMARY KEY, data TEXT NOT NULL, user_id TEXT, expires {time} NOT NULL);
         CREATE INDEX sessions_user ON sessions (user_id)"
    )
}

async fn server(figment: Figment, url: &str) -> Result<Rocket<Build>, Failure> {
    let size = std::env::var("POOL")
        .unwrap_or_else(|_| "4".into())
        .parse()?;
    if url.starts_with("postgres:") {
        let pool = PgPoolOptions::new()
            .max_connections(size)
            .connect(url)
            .await?;
        sqlx::raw_sql(&table("timestamptz")).execute(&pool).await?;
        let storage = SqlxPostgresStorage::builder()
            .pool(pool)
            .table_name("sessions");
        return Ok(mount(figment, storage.build()));
    }
    let file = SqliteConnectOptions::new()
        .filename(url.trim_start_matches("sqlite://"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(size)
        .connect_with(file)
        .await?;
    sqlx::raw_sql(&table("text")).execute(&pool).await?;
    let storage = SqlxSqliteStorage::builder()
        .pool(pool)
        .table_name("sessions");
    Ok(mount(figment, storage.build()))
}

fn mount(figment: Figment, storage: impl SessionStorage<Data> + 'static) -> Rocket<Build> {
    let sessions = RocketFlexSession::<Data>::builder()
        .storage(storage)
        .build();
    rocket::custom(figment)
        .attach(sessions)
        .mount("/", routes![log_in, me, open])
}

/// The database, and the folder it is in if it is a throw-away one.
fn database() -> Result<(String, Option<TempDir>), Failure> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Ok((url, None));
    }
    let folder = tempfile::Builder::new()
        .prefix("session-bench-")
        .tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("flex.db").display());
    Ok((url, Some(folder)))
}

#[rocket::main]
async fn main() -> Result<(), Failure> {
    let (url, _folder) = database()?;
    let figment = rocket::Config::figment()
        .merge(("log_level", "off"))
        .merge(("secret_key", &[7_u8; 64][..]));
    let server = server(figment, &url).await?;
    server
        .launch()
        .await
        .map(drop)
        .map_err(|error| error.to_string().into())
}
