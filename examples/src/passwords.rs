//! Password hashes: Argon2, on two threads of their own.
//!
//! Hashing is slow on purpose and takes 19 MiB, which each of the two threads keeps for the next
//! hash: an allocator that gets so large a piece back again and again may hold several of them.

use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Block, Params, Version};
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

/// Argon2 with the memory of its thread.
struct Hasher;

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        thread_local! {
            static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
        }
        let algorithm = algorithm.map_or(Ok(Algorithm::default()), Algorithm::try_from)?;
        let version = version.map_or(Ok(Version::default()), Version::try_from)?;
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        MEMORY.with_borrow_mut(|memory| {
            memory.resize(params.block_count(), Block::new());
            let argon2 = Argon2::new(algorithm, version, params.clone());
            argon2.hash_password_into_with_memory(password, salt, &mut output, memory)
        })?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(&output)?),
        })
    }
}

impl PasswordHasher<PasswordHash> for Hasher {
    fn hash_password_with_salt(
        &self,
        password: &[u8],
        salt: &[u8],
    ) -> password_hash::Result<PasswordHash> {
        self.hash_password_with_params(password, salt, Params::default())
    }
}

async fn compute<T: Send + 'static>(
    hash: impl FnOnce() -> password_hash::Result<T> + Send + 'static,
) -> Result<T, AppError> {
    let computed = HASHING.spawn_blocking(hash).await;
    Ok(computed.map_err(|error| AppError::Internal(error.to_string()))??)
}

/// A new hash of a password.
pub async fn hash(password: &str) -> Result<String, AppError> {
    let password = password.to_owned();
    let hash = compute(move || Hasher.hash_password(password.as_bytes()));
    Ok(hash.await?.to_string())
}

/// Whether this is the password of the hash: [`AppError::Wrong`] if not.
pub async fn verify(password: &str, hash: &str) -> Result<(), AppError> {
    let (password, hash) = (password.to_owned(), hash.to_owned());
    compute(move || Hasher.verify_password(password.as_bytes(), &PasswordHash::new(&hash)?)).await
}

/// A hash of no password: checked, at the cost of a real one, when there is no user to check.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1\
    $AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn others_read_its_hashes_and_it_reads_theirs() {
    let (password, wrong) = (b"correct horse", b"battery staple");
    let ours = Hasher.hash_password(password).unwrap();
    Argon2::default().verify_password(password, &ours).unwrap();
    // With other costs, which a hash names.
    let argon2 = Argon2::from(Params::new(32, 3, 2, None).unwrap());
    let theirs = argon2.hash_password(password).unwrap();
    Hasher.verify_password(password, &theirs).unwrap();
    Hasher.verify_password(wrong, &theirs).unwrap_err();
    Hasher.verify_password(wrong, &ours).unwrap_err();
}

#[test]
fn nobody_costs_as_much_as_somebody() {
    let nobody = PasswordHash::new(NOBODY).unwrap();
    let somebody = Hasher.hash_password(b"12345678").unwrap();
    assert_eq!(nobody.params, somebody.params);
}
