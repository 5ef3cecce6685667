//! Password hashes: Argon2, on two threads of their own.
//!
//! Hashing is slow on purpose and takes 19 MiB. What a thread frees, its allocator keeps for that
//! thread, so hashes on all of Rocket's blocking threads would end up with 19 MiB for each of them.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use rocket::tokio::runtime::{Builder, Runtime};

use crate::error::AppError;

/// How many hashes are computed at once. Further ones wait, and hold a connection of the pool
/// meanwhile: once the pool has no more, requests are answered 503 after its `timeout` (5 s).
const AT_ONCE: usize = 2;

/// Has no task but the hashes, and is never dropped.
static HASHING: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .thread_name("hashing")
        .max_blocking_threads(AT_ONCE)
        // For ever: a new thread could come to new memory.
        .thread_keep_alive(Duration::from_secs(u32::MAX.into()))
        .build()
        .expect("a runtime that opens nothing")
});

async fn compute<T: Send + 'static>(
    hash: impl FnOnce(Argon2<'static>) -> argon2::password_hash::Result<T> + Send + 'static,
) -> Result<T, AppError> {
    let computed = HASHING.spawn_blocking(|| hash(Argon2::default())).await;
    Ok(computed.map_err(|error| AppError::Internal(error.to_string()))??)
}

/// A new hash of a password.
pub async fn hash(password: &str) -> Result<String, AppError> {
    let password = password.to_owned();
    let hash = compute(move |argon2| argon2.hash_password(password.as_bytes()));
    Ok(hash.await?.to_string())
}

/// Whether this is the password of the hash: [`AppError::Wrong`] if not.
pub async fn verify(password: &str, hash: &str) -> Result<(), AppError> {
    let (password, hash) = (password.to_owned(), hash.to_owned());
    compute(move |argon2| argon2.verify_password(password.as_bytes(), &*hash)).await
}

/// A hash of no password: checked, at the cost of a real one, when there is no user to check.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1\
    $AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn nobody_costs_as_much_as_somebody() {
    let nobody = argon2::PasswordHash::new(NOBODY).unwrap();
    let somebody = Argon2::default().hash_password(b"12345678").unwrap();
    assert_eq!(nobody.params, somebody.params);
}
