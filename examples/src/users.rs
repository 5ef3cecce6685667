//! The users: a table in the SQLite file that also holds the sessions, with Argon2 password hashes.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DatabaseError};
use rocket::{FromForm, error, fairing::AdHoc};
use rocket_sync_db_pools::database;
use serde::Deserialize;
use session_runtime::{Session, Sessions, Uncommitted};
use uuid::Uuid;

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

/// A user as the rest of the application knows one: without the hash.
#[derive(Queryable)]
pub struct User {
    /// What sessions belong to: it never changes, a name may.
    pub id: String,
    /// Unique.
    pub name: String,
}

/// Why a sign-up or a login did not succeed.
pub enum UserError {
    /// The credentials break the rule in this sentence.
    Invalid(&'static str),
    /// Another user has the name.
    Taken,
    /// No such user, or not this password: one variant, so that nobody learns which names exist.
    Wrong,
    /// What a logged-in person typed is not the current password.
    NotCurrent,
    /// A failure on our side. The text is for the log alone.
    Internal(String),
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
    /// Adds a user.
    pub async fn sign_up(&self, new: Credentials) -> Result<(), UserError> {
        new.check()?;
        self.run(move |conn| {
            let hash = Argon2::default().hash_password(new.password.as_bytes())?;
            diesel::insert_into(users::table)
                .values((
                    users::id.eq(Uuid::now_v7().to_string()),
                    users::name.eq(new.user),
                    users::password_hash.eq(hash.to_string()),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await
    }

    /// The user with this name and this password.
    pub async fn verify(&self, given: Credentials) -> Result<User, UserError> {
        self.run(move |conn| {
            let found = users::table
                .filter(users::name.eq(given.user))
                .select(((users::id, users::name), users::password_hash))
                .first::<(User, String)>(conn)
                .optional()?;
            // One verification, user or not: the time of an answer must not tell who exists.
            let hash = found.as_ref().map_or(NOBODY, |(_, hash)| hash.as_str());
            Argon2::default().verify_password(given.password.as_bytes(), hash)?;
            found.map(|(user, _)| user).ok_or(UserError::Wrong)
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
    ) -> Result<Uncommitted, UserError> {
        check_password(&change.new)?;
        let id = session.user_id().clone();
        self.run(move |conn| {
            let old: String = users::table
                .find(&id)
                .select(users::password_hash)
                .first(conn)?;
            // Before the transaction, which must not hold the database's lock for so long.
            Argon2::default().verify_password(change.current.as_bytes(), &*old)?;
            let new = Argon2::default().hash_password(change.new.as_bytes())?;
            conn.immediate_transaction(|conn| {
                // Of two changes at once, one has verified a password that is no longer it.
                let unchanged = users::table.find(&id).filter(users::password_hash.eq(&old));
                let changed = diesel::update(unchanged)
                    .set(users::password_hash.eq(new.to_string()))
                    .execute(conn)?;
                if changed == 0 {
                    return Err(UserError::Wrong);
                }
                // A copy of this session's tokens must not outlive the old password either.
                let mut within = sessions.within(conn);
                Ok(session.credential_changed_within(&mut within)?)
            })
        })
        .await
        .map_err(|error| match error {
            UserError::Wrong => UserError::NotCurrent,
            other => other,
        })
    }
}

impl Credentials {
    fn check(&self) -> Result<(), UserError> {
        match self.user.len() {
            0 => Err(UserError::Invalid("the user name is empty")),
            65.. => Err(UserError::Invalid("the user name is longer than 64 bytes")),
            _ => check_password(&self.password),
        }
    }
}

fn check_password(password: &str) -> Result<(), UserError> {
    match password.chars().count() {
        ..8 => Err(UserError::Invalid(
            "the password is shorter than 8 characters",
        )),
        129.. => Err(UserError::Invalid(
            "the password is longer than 128 characters",
        )),
        _ => Ok(()),
    }
}

impl From<session_runtime::Error> for UserError {
    fn from(error: session_runtime::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<DatabaseError> for UserError {
    fn from(error: DatabaseError) -> Self {
        match error {
            // Ids are random, so it is the name that exists already.
            DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Taken,
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<password_hash::Error> for UserError {
    fn from(error: password_hash::Error) -> Self {
        match error {
            password_hash::Error::PasswordInvalid => Self::Wrong,
            other => Self::Internal(other.to_string()),
        }
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
