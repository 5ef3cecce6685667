//! `Requirement`: what the second parameter of `Session<P, R>` asks for, and claims that are fetched for it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use chrono::DateTime;
use rocket::Request;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::handle::SessionHandle;
use crate::payload::claims_set::ClaimsSet;
use crate::payload::round_trip::to_value;
use crate::payload::{HasAuthTime, JwtPayload};
use crate::requirement::{self, Facts};
use crate::sessions::Sessions;
use crate::unmet::Unmet;

/// What a route asks of a session: `Session<Claims, Admin>`. Not met, it answers 403, with the reason of
/// every requirement that is not met.
///
/// Tuples ask for each of their members: `Session<Claims, (Registered, Admin)>`.
///
/// ```
/// # use rocket::get;
/// # use serde::{Deserialize, Serialize};
/// use session_runtime::{Facts, JwtPayload, Requirement, Session, Unmet};
///
/// #[derive(Serialize, Deserialize, JwtPayload)]
/// struct Claims { role: String }
///
/// struct Admin;
///
/// impl Requirement<Claims> for Admin {
///     fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
///         facts.value("role").has_value("admin")
///     }
/// }
///
/// #[get("/admin")]
/// fn admin(session: Session<Claims, Admin>) -> String {
///     format!("hello {}", session.user_id())
/// }
/// # let _ = rocket::routes![admin];
/// ```
#[doc(alias = "SessionClaimValidator")]
#[doc(alias = "overrideGlobalClaimValidators")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no requirement on sessions with the payload `{P}`",
    label = "not a requirement on this payload",
    note = "implement `Requirement<{P}>` for it; `Session<{P}>` alone asks for nothing",
    note = "a tuple has at most eight members: put some into a tuple of their own, as in `(A, B, (C, D))`"
)]
pub trait Requirement<P: JwtPayload>: Send + Sync + 'static {
    /// Judges a session by what its token says.
    ///
    /// # Errors
    /// Why it is not met.
    fn check(facts: &Facts<'_, P>) -> Result<(), Unmet>;

    /// Claims that are fetched first, if the token has none or too old ones. None unless said otherwise.
    fn claims() -> Vec<Fetch<P>> {
        Vec::new()
    }

    /// All that is not met; one, unless it is made of several.
    #[doc(hidden)]
    fn unmet(facts: &Facts<'_, P>) -> Vec<Unmet> {
        Self::check(facts).err().into_iter().collect()
    }
}

/// Asks for nothing.
impl<P: JwtPayload> Requirement<P> for () {
    fn check(_: &Facts<'_, P>) -> Result<(), Unmet> {
        Ok(())
    }
}

macro_rules! all_of {
    ($($R:ident)+) => {
        impl<P: JwtPayload, $($R: Requirement<P>),+> Requirement<P> for ($($R,)+) {
            fn check(facts: &Facts<'_, P>) -> Result<(), Unmet> {
                $($R::check(facts)?;)+
                Ok(())
            }

            fn claims() -> Vec<Fetch<P>> {
                let mut all = Vec::new();
                $(all.extend($R::claims());)+
                all
            }

            fn unmet(facts: &Facts<'_, P>) -> Vec<Unmet> {
                let mut all = Vec::new();
                $(all.extend($R::unmet(facts));)+
                all
            }
        }
    };
}

all_of!(A);
all_of!(A B);
all_of!(A B C);
all_of!(A B C D);
all_of!(A B C D E);
all_of!(A B C D E F);
all_of!(A B C D E F G);
all_of!(A B C D E F G H);

/// Somebody has logged in: the session is not [anonymous](crate::NewSession::anonymous).
#[derive(Debug)]
pub struct Registered;

impl<P: JwtPayload> Requirement<P> for Registered {
    fn check(facts: &Facts<'_, P>) -> Result<(), Unmet> {
        if facts.is_anonymous() {
            Err(Unmet::wrong_value("anonymous", false, true))
        } else {
            Ok(())
        }
    }
}

/// The user proved who it is within the last `SECONDS`: `Session<Claims, Fresh<300>>` for a route that
/// changes a password.
///
/// The payload says `#[session(auth_time)]`. Not met, let the user log in again (OWASP ASVS 7.5.3).
#[derive(Debug)]
pub struct Fresh<const SECONDS: u64>;

impl<P: HasAuthTime, const SECONDS: u64> Requirement<P> for Fresh<SECONDS> {
    fn check(facts: &Facts<'_, P>) -> Result<(), Unmet> {
        requirement::is_fresh(facts.auth_time(), facts.now(), Duration::from_secs(SECONDS))
    }
}

type Fetched = Pin<Box<dyn Future<Output = Result<Option<Value>, Error>> + Send>>;

/// A claim to be fetched before a requirement is judged: its value is stored in the session and its
/// token, with the time, and asked for again when it is older than the requirement allows.
///
/// ```
/// # use std::time::Duration;
/// # use serde::{Deserialize, Serialize};
/// # use session_runtime::{Error, Facts, Fetch, JwtPayload, Requirement, Unmet};
/// # #[derive(Serialize, Deserialize, JwtPayload)]
/// # struct Claims { name: String }
/// struct Editor;
///
/// impl Requirement<Claims> for Editor {
///     fn claims() -> Vec<Fetch<Claims>> {
///         vec![Fetch::new("st-role", Duration::from_secs(300), |_request, user_id: String| async move {
///             // Ask the application's database here; `None` stores nothing.
///             Ok(Some(if user_id == "ada" { vec!["editor"] } else { vec![] }))
///         })]
///     }
///
///     fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
///         facts.claim("st-role").includes("editor")
///     }
/// }
/// ```
#[doc(alias = "SessionClaim")]
#[doc(alias = "fetchAndSetClaim")]
pub struct Fetch<P: JwtPayload> {
    pub(in crate::web) key: &'static str,
    max_age: Duration,
    fetch: Box<Ask<P>>,
}

type Ask<P> = dyn Fn(&Request<'_>, <P as JwtPayload>::UserId) -> Fetched + Send + Sync;

impl<P: JwtPayload> Fetch<P> {
    /// A claim that `fetch` asks for when the token has none that is at most `max_age` old.
    ///
    /// `fetch` may take state, such as a pool, from the request, and clones what it needs later.
    pub fn new<V, F>(
        key: &'static str,
        max_age: Duration,
        fetch: impl Fn(&Request<'_>, P::UserId) -> F + Send + Sync + 'static,
    ) -> Self
    where
        V: Serialize,
        F: Future<Output = Result<Option<V>, Error>> + Send + 'static,
    {
        let fetch = move |request: &Request<'_>, user_id: P::UserId| -> Fetched {
            let fetched = fetch(request, user_id);
            Box::pin(async move {
                let value = fetched.await?;
                value.map(|value| to_value(key, &value)).transpose()
            })
        };
        Self {
            key,
            max_age,
            fetch: Box::new(fetch),
        }
    }

    /// Whether the token has none, or one that is too old.
    pub(in crate::web) fn is_due(
        &self,
        claims: &Map<String, Value>,
        now: DateTime<chrono::Utc>,
    ) -> bool {
        let fetched_at = requirement::fetched_at(claims, self.key);
        fetched_at.is_none_or(|at| (now - at).to_std().unwrap_or_default() > self.max_age)
    }

    /// Fetches it now; `None` if there is nothing to store.
    pub(in crate::web) async fn run(
        &self,
        request: &Request<'_>,
        user_id: P::UserId,
        now: DateTime<chrono::Utc>,
    ) -> Result<Option<Value>, Error> {
        let value = (self.fetch)(request, user_id).await?;
        Ok(value.map(|value| json!({ "v": value, "t": now.timestamp_millis() })))
    }
}

impl Sessions {
    /// What a session does not meet of `R`, by what its row says; `None` if it is over. Nothing is fetched.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer, [`Error::SignInAgain`] if its payload is no `P`.
    #[doc(alias = "validateClaimsForSessionHandle")]
    #[doc(alias = "validateClaimsInJWTPayload")]
    pub async fn unmet<P: JwtPayload, R: Requirement<P>>(
        &self,
        handle: SessionHandle,
    ) -> Result<Option<Vec<Unmet>>, Error> {
        let Some(info) = self.info(handle).await? else {
            return Ok(None);
        };
        let claims = ClaimsSet::new(info.user_id, &info.payload_type, &info.payload);
        let (payload, _user_id) = self.read_claims::<P>(handle, &claims)?;
        Ok(Some(R::unmet(&Facts {
            payload: &payload,
            claims: &claims,
            auth_time: info.auth_time,
            anonymous: info.anonymous,
            now: self.now(),
        })))
    }
}

impl<P: JwtPayload> std::fmt::Debug for Fetch<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch")
            .field("key", &self.key)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
