//! The users: a table in the SQLite file that also holds the sessions.

use std::sync::Arc;

use diesel::prelude::*;
use rocket::{FromForm, error, fairing::AdHoc};
use rocket_sync_db_pools::database;
use serde::Deserialize;
use session_runtime::sessions::Uncommitted;
use session_runtime::{Login, NewSession, Session, Sessions};
use uuid::Uuid;

use crate::error::AppError;
use crate::passwords::{self, NOBODY};
use crate::routes::Claims;

diesel::table! {
    users (id) {
        id -> Text,
        name -> Text,
        password_hash -> Text,
    }
}

/// A guard: a connection from the pool that `databases.app` configures.
#[database("app")]
pub struct Db(diesel::SqliteConnection);

/// What a person types to sign up or log in. Not `Debug`: a password has no business in a log.
#[derive(Deserialize, FromForm)]
pub struct Credentials {
    user: String,
    password: String,
}

/// What a logged-in person types to change the password.
#[derive(Deserialize, FromForm)]
pub struct PasswordChange {
    current: String,
    new: String,
}

/// A user whose password was verified.
#[derive(Queryable)]
struct User {
    /// What sessions belong to: it never changes, a name may.
    id: String,
    /// Unique.
    name: String,
    /// What the password was verified with.
    password_hash: String,
}

/// Creates the table at launch, and stops the launch if that fails.
pub fn create_table() -> AdHoc {
    AdHoc::try_on_ignite("Users Table", |rocket| async move {
        let Some(db) = Db::get_one(&rocket).await else {
            return Err(rocket);
        };
        let create = |conn: &mut SqliteConnection| diesel::sql_query(CREATE_TABLE).execute(conn);
        match db.run(create).await {
            Ok(_) => Ok(rocket),
            Err(e) => {
                error!("cannot create the users table: {e}");
                Err(rocket)
            }
        }
    })
}

impl Db {
    /// Adds a user. One who is there already, with this password, has clicked twice, which is fine: the
    /// answer tells no more than a login with that password.
    pub async fn sign_up(&self, new: Credentials) -> Result<(), AppError> {
        new.check()?;
        match self.insert(&new).await {
            Err(AppError::Taken) => match self.verify(&new).await {
                Err(AppError::Wrong) => Err(AppError::Taken),
                verified => verified.map(drop),
            },
            inserted => inserted,
        }
    }

    /// Starts a session, made of id and name, for the user with this name and this password.
    pub async fn log_in(
        &self,
        given: Credentials,
        session: impl FnOnce(String, String) -> NewSession + Send + 'static,
        login: Login,
        sessions: Sessions,
    ) -> Result<Uncommitted, AppError> {
        // Before the transaction, which must not hold the database's lock for so long.
        let user = self.verify(&given).await?;
        self.run(move |conn| {
            conn.immediate_transaction(|conn| {
                let hash = password_hash(conn, &user.id)?;
                // A change of the password meanwhile has ended all sessions there were: none may follow.
                if hash != user.password_hash {
                    return Err(AppError::Wrong);
                }
                let session = session(user.id, user.name);
                Ok(sessions.within(conn).create_for(&login, session)?)
            })
        })
        .await
    }

    /// Changes the password and ends all sessions of the user but `keep`, as one commit: nobody who
    /// knew the old password stays logged in, and nobody is logged out without a new one.
    pub async fn change_password(
        &self,
        session: Arc<Session<Claims>>,
        change: PasswordChange,
        sessions: Sessions,
    ) -> Result<Uncommitted, AppError> {
        check_password(&change.new)?;
        let id = session.user_id().clone();
        let owner = id.clone();
        let old = self.run(move |conn| password_hash(conn, &owner)).await?;
        let verified = passwords::verify(&change.current, &old).await;
        verified.map_err(or_not_current)?;
        let new = passwords::hash(&change.new).await?;
        self.run(move |conn| {
            conn.immediate_transaction(|conn| {
                // Of two changes at once, one has verified a password that is no longer it.
                let unchanged = users::table.find(&id).filter(users::password_hash.eq(&old));
                let changed = diesel::update(unchanged)
                    .set(users::password_hash.eq(new))
                    .execute(conn)?;
                if changed == 0 {
                    return Err(AppError::NotCurrent);
                }
                // A copy of this session's tokens must not outlive the old password either.
                let mut within = sessions.within(conn);
                Ok(session.replace_and_revoke_others_within(&mut within)?)
            })
        })
        .await
    }

    /// Adds a user, unless the name is taken.
    async fn insert(&self, new: &Credentials) -> Result<(), AppError> {
        let user = (
            users::id.eq(Uuid::now_v7().to_string()),
            users::name.eq(new.user.clone()),
            users::password_hash.eq(passwords::hash(&new.password).await?),
        );
        let insert = diesel::insert_into(users::table).values(user);
        self.run(move |conn| insert.execute(conn)).await?;
        Ok(())
    }

    /// The user with this name and this password.
    async fn verify(&self, given: &Credentials) -> Result<User, AppError> {
        let named = users::table.filter(users::name.eq(given.user.clone()));
        let found = self.run(move |conn| named.first::<User>(conn).optional());
        let found = found.await?;
        // One verification, user or not: the time of an answer must not tell who exists.
        let hash = found.as_ref().map_or(NOBODY, |user| &user.password_hash);
        passwords::verify(&given.password, hash).await?;
        found.ok_or(AppError::Wrong)
    }
}

fn password_hash(conn: &mut SqliteConnection, id: &str) -> QueryResult<String> {
    let user = users::table.find(id);
    user.select(users::password_hash).first(conn)
}

fn or_not_current(error: AppError) -> AppError {
    match error {
        AppError::Wrong => AppError::NotCurrent,
        other => other,
    }
}

impl Credentials {
    fn check(&self) -> Result<(), AppError> {
        match self.user.chars().count() {
            0 => Err(AppError::Invalid("the user name is empty")),
            65.. => Err(AppError::Invalid(
                "the user name is longer than 64 characters",
            )),
            _ => check_password(&self.password),
        }
    }
}

fn check_password(password: &str) -> Result<(), AppError> {
    match password.chars().count() {
        ..8 => Err(AppError::Invalid(
            "the password is shorter than 8 characters",
        )),
        129.. => Err(AppError::Invalid(
            "the password is longer than 128 characters",
        )),
        _ => Ok(()),
    }
}

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS users \
    (id TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL, password_hash TEXT NOT NULL)";
