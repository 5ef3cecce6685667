//! `tower-sessions` with its sqlx stores, on axum: the routes of the bench server.
//!
//! `PORT`, `DATABASE_URL` (a throw-away SQLite file if it is not set), `POOL` (connections).

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tempfile::TempDir;
use time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};
use tower_sessions_sqlx_store::{PostgresStore, SqliteStore};

type Failure = Box<dyn std::error::Error>;

/// What the bench server stores in payload and session data.
#[derive(Serialize, Deserialize)]
struct Data {
    user: String,
    name: String,
    awesome_things: Vec<String>,
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
}

async fn log_in(
    session: Session,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Answer>, StatusCode> {
    let data = Data {
        name: credentials.user.clone(),
        user: credentials.user,
        awesome_things: ["programming", "javascript", "supertokens"]
            .map(String::from)
            .into(),
    };
    let inserted = session.insert("data", data).await;
    inserted.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(Answer { status: "OK" }))
}

async fn me(session: Session) -> Result<&'static str, StatusCode> {
    match session.get::<Data>("data").await {
        Ok(Some(_)) => Ok("hello"),
        Ok(None) => Err(StatusCode::UNAUTHORIZED),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn server(url: &str) -> Result<Router, Failure> {
    let size = std::env::var("POOL")
        .unwrap_or_else(|_| "4".into())
        .parse()?;
    if url.starts_with("postgres:") {
        let pool = PgPoolOptions::new()
            .max_connections(size)
            .connect(url)
            .await?;
        let store = PostgresStore::new(pool);
        store.migrate().await?;
        return Ok(routes(store));
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
    let store = SqliteStore::new(pool);
    store.migrate().await?;
    Ok(routes(store))
}

fn routes(store: impl SessionStore + Clone) -> Router {
    let sessions =
        SessionManagerLayer::new(store).with_expiry(Expiry::OnInactivity(Duration::days(14)));
    Router::new()
        .route("/login", post(log_in))
        .route("/me", get(me))
        .route("/open", get(async || "hello"))
        .layer(sessions)
}

/// The database, and the folder it is in if it is a throw-away one.
fn database() -> Result<(String, Option<TempDir>), Failure> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return Ok((url, None));
    }
    let folder = tempfile::Builder::new()
        .prefix("session-bench-")
        .tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("tower.db").display());
    Ok((url, Some(folder)))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (url, _folder) = database()?;
    let port: u16 = std::env::var("PORT")?.parse()?;
    let router = server(&url).await?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, router).await?)
}
