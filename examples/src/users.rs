//! The users: a table in the SQLite file that also holds the sessions, with Argon2 password hashes.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use diesel::prelude::*;
use rocket::{FromForm, error, fairing::AdHoc};
use rocket_sync_db_pools::database;
use serde::Deserialize;
use session_runtime::{NewSession, Session, Sessions, Uncommitted};
use uuid::Uuid;

use crate::error::AppError;
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

// Hashing is slow on purpose. Inside `run` it occupies a blocking thread instead of one that serves
// requests, and no more hashes (19 MiB each) are in memory than the pool has connections.
impl Db {
    /// Adds a user. One who is there already, with this password, has clicked twice, which is fine: the
    /// answer tells no more than a login with that password.
    pub async fn sign_up(&self, new: Credentials) -> Result<(), AppError> {
        new.check()?;
        self.run(move |conn| match insert(conn, &new) {
            Err(AppError::Taken) => match verify(conn, &new) {
                Err(AppError::Wrong) => Err(AppError::Taken),
                verified => verified.map(drop),
            },
            inserted => inserted,
        })
        .await
    }

    /// Starts a session, made of id and name, for the user with this name and this password.
    pub async fn log_in(
        &self,
        given: Credentials,
        session: impl FnOnce(String, String) -> NewSession + Send + 'static,
        sessions: Sessions,
    ) -> Result<Uncommitted, AppError> {
        self.run(move |conn| {
            // Before the transaction, which must not hold the database's lock for so long.
            let user = verify(conn, &given)?;
            conn.immediate_transaction(|conn| {
                let hash: String = users::table
                    .find(&user.id)
                    .select(users::password_hash)
                    .first(conn)?;
                // A change of the password meanwhile has ended all sessions there were: none may follow.
                if hash != user.password_hash {
                    return Err(AppError::Wrong);
                }
                Ok(sessions.within(conn).create(session(user.id, user.name))?)
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
        self.run(move |conn| {
            let old: String = users::table
                .find(&id)
                .select(users::password_hash)
                .first(conn)?;
            Argon2::default().verify_password(change.current.as_bytes(), &*old)?;
            let new = Argon2::default().hash_password(change.new.as_bytes())?;
            conn.immediate_transaction(|conn| {
                // Of two changes at once, one has verified a password that is no longer it.
                let unchanged = users::table.find(&id).filter(users::password_hash.eq(&old));
                let changed = diesel::update(unchanged)
                    .set(users::password_hash.eq(new.to_string()))
                    .execute(conn)?;
                if changed == 0 {
                    return Err(AppError::Wrong);
                }
                // A copy of this session's tokens must not outlive the old password either.
                let mut within = sessions.within(conn);
                Ok(session.credential_changed_within(&mut within)?)
            })
        })
        .await
        .map_err(|error| match error {
            AppError::Wrong => AppError::NotCurrent,
            other => other,
        })
    }
}

/// Adds a user, unless the name is taken.
fn insert(conn: &mut SqliteConnection, new: &Credentials) -> Result<(), AppError> {
    let hash = Argon2::default().hash_password(new.password.as_bytes())?;
    diesel::insert_into(users::table)
        .values((
            users::id.eq(Uuid::now_v7().to_string()),
            users::name.eq(&new.user),
            users::password_hash.eq(hash.to_string()),
        ))
        .execute(conn)?;
    Ok(())
}

/// The user with this name and this password.
fn verify(conn: &mut SqliteConnection, given: &Credentials) -> Result<User, AppError> {
    let found = users::table
        .filter(users::name.eq(&given.user))
        .first::<User>(conn)
        .optional()?;
    // One verification, user or not: the time of an answer must not tell who exists.
    let hash = found.as_ref().map_or(NOBODY, |user| &user.password_hash);
    Argon2::default().verify_password(given.password.as_bytes(), hash)?;
    found.ok_or(AppError::Wrong)
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

/// A hash of no password: checked, at the cost of a real one, when there is no user to check.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1\
    $AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS users \
    (id TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL, password_hash TEXT NOT NULL)";

#[test]
fn nobody_costs_as_much_as_somebody() {
    let nobody = argon2::PasswordHash::new(NOBODY).unwrap();
    let somebody = Argon2::default().hash_password(b"12345678").unwrap();
    assert_eq!(nobody.params, somebody.params);
}
