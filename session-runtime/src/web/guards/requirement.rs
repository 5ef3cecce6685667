//! `Requirement`, the second parameter of `Session<P, R>`, and claims that are fetched for it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use chrono::DateTime;
use rocket::Request;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::claims::age::{fetched_at, is_recent};
use crate::claims::{Facts, Unmet};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::payload::claims_set::ClaimsSet;
use crate::payload::round_trip::to_value;
use crate::payload::{HasAuthTime, JwtPayload};
use crate::sessions::Sessions;

/// What a route requires of a session, such as a role: `Session<Claims, Admin>`.
///
/// If a session does not meet it, the route answers 403 with every requirement that is not met and
/// the reasons. A tuple requires all of its members: `Session<Claims, (Registered, Admin)>`.
///
/// ```
/// # use rocket::get;
/// # use serde::{Deserialize, Serialize};
/// use session_runtime::requirement::{Facts, Requirement, Unmet};
/// use session_runtime::{JwtPayload, Session};
///
/// #[derive(Serialize, Deserialize, JwtPayload)]
/// struct Claims { role: String }
///
/// struct Admin;
///
/// impl Requirement<Claims> for Admin {
///     fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
///         match facts.payload().role.as_str() {
///             "admin" => Ok(()),
///             other => Err(Unmet::wrong_value("role", "admin", other)),
///         }
///     }
/// }
///
/// #[get("/admin")]
/// fn admin(session: Session<Claims, Admin>) -> String {
///     format!("hello {}", session.user_id())
/// }
/// # let _ = rocket::routes![admin];
/// ```
#[doc(alias = "authorization")]
#[doc(alias = "SessionClaimValidator")]
#[doc(alias = "role")]
#[doc(alias = "permission")]
#[doc(alias = "admin")]
#[doc(alias = "overrideGlobalClaimValidators")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no requirement on sessions with the payload `{P}`",
    label = "not a requirement on this payload",
    note = "implement `Requirement<{P}>` for it; `Session<{P}>` alone asks for nothing",
    note = "a tuple has at most eight members: put some into a tuple of their own, as in `(A, B, (C, D))`"
)]
pub trait Requirement<P: JwtPayload>: Send + Sync + 'static {
    /// Checks a session by what its access token says, or by its row with
    /// [`LiveSession`](crate::LiveSession).
    ///
    /// # Errors
    /// The reason why the session does not meet the requirement.
    fn check(facts: &Facts<'_, P>) -> Result<(), Unmet>;

    /// Values to fetch before the check, if the token has none or they are too old. By default
    /// there are none.
    fn claims() -> Vec<Fetch<P>> {
        Vec::new()
    }

    /// Everything that is not met; more than one only for a requirement made of several.
    #[doc(hidden)]
    fn unmet(facts: &Facts<'_, P>) -> Vec<Unmet> {
        Self::check(facts).err().into_iter().collect()
    }
}

/// Requires nothing.
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

/// Requires a login: the session must not be [anonymous](crate::NewSession::anonymous).
///
/// ```
/// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
/// # struct Claims {}
/// use session_runtime::Session;
/// use session_runtime::requirement::Registered;
///
/// #[rocket::get("/orders")]
/// fn orders(session: Session<Claims, Registered>) -> &'static str { "your orders" }
/// # let _ = rocket::routes![orders];
/// ```
#[derive(Debug)]
#[non_exhaustive]
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

/// Requires that the session is bound to a key of the browser's device, so that a copy of its
/// cookies stops working within `device_bound_validity`.
///
/// With `device_bound = "when-supported"`, a browser that supports it binds the session within a
/// second after the login; others never do. So do not require it on the page that a login leads to.
///
/// ```
/// use session_runtime::requirement::DeviceBound;
/// use session_runtime::{JwtPayload, Session};
///
/// #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// struct Claims {}
///
/// #[rocket::post("/payout")]
/// fn pay_out(session: Session<Claims, DeviceBound>) -> &'static str { "paid" }
/// # let _ = rocket::routes![pay_out];
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct DeviceBound;

impl<P: JwtPayload> Requirement<P> for DeviceBound {
    fn check(facts: &Facts<'_, P>) -> Result<(), Unmet> {
        if facts.is_device_bound() {
            Ok(())
        } else {
            Err(Unmet::wrong_value("device_bound", true, false))
        }
    }
}

/// Requires that the user logged in within the last `SECONDS`, for a route that changes a password,
/// say.
///
/// The payload must have `#[session(auth_time)]`. If the requirement is not met, let the user log
/// in again, with [`Session::step_up`](crate::Session::step_up) (OWASP ASVS 7.5.3).
///
/// ```
/// use session_runtime::requirement::Fresh;
/// use session_runtime::{JwtPayload, Session};
///
/// #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// #[session(auth_time)]
/// struct Claims {}
///
/// #[rocket::post("/password")]
/// fn change_password(session: Session<Claims, Fresh<300>>) -> &'static str { "changed" }
/// # let _ = rocket::routes![change_password];
/// ```
#[doc(alias = "recent login")]
#[doc(alias = "step-up authentication")]
#[derive(Debug)]
#[non_exhaustive]
pub struct Fresh<const SECONDS: u64>;

impl<P: HasAuthTime, const SECONDS: u64> Requirement<P> for Fresh<SECONDS> {
    fn check(facts: &Facts<'_, P>) -> Result<(), Unmet> {
        facts.require_login_within(Duration::from_secs(SECONDS))
    }
}

type Fetched = Pin<Box<dyn Future<Output = Result<Option<Value>, Error>> + Send>>;

/// A value to fetch before a requirement is checked, such as a role from the application's
/// database.
///
/// It is stored in the session and its token together with the time, and fetched again when it is
/// older than `max_age`.
///
/// ```
/// # use std::time::Duration;
/// # use serde::{Deserialize, Serialize};
/// # use session_runtime::requirement::{Facts, Fetch, Requirement, Unmet};
/// # use session_runtime::{Error, JwtPayload};
/// # #[derive(Serialize, Deserialize, JwtPayload)]
/// # struct Claims { name: String }
/// struct Editor;
///
/// impl Requirement<Claims> for Editor {
///     fn claims() -> Vec<Fetch<Claims>> {
///         let max_age = Duration::from_secs(300);
///         vec![Fetch::new("st-role", max_age, |_request, user_id: String| async move {
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
    /// A value with the key `key`, which `fetch` provides if the token has none that is at most
    /// `max_age` old.
    ///
    /// `fetch` may read state, such as a pool, from the request, and must clone what it needs after
    /// its first `await`.
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

    /// Whether the token does not have the value, or has one that is too old.
    pub(in crate::web) fn is_due(
        &self,
        claims: &Map<String, Value>,
        now: DateTime<chrono::Utc>,
    ) -> bool {
        let fetched_at = fetched_at(claims, self.key);
        !fetched_at.is_some_and(|at| is_recent(at, now, self.max_age))
    }

    /// Fetches the value now; `None` if there is nothing to store.
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
    /// Checks a session by its handle against `R`, by its row; returns what it does not meet.
    ///
    /// Returns `None` if the session has ended. Nothing is fetched.
    ///
    /// ```
    /// # #[derive(serde::Serialize, serde::Deserialize, session_runtime::JwtPayload)]
    /// # struct Claims {}
    /// use session_runtime::requirement::Registered;
    /// use session_runtime::{Error, SessionHandle, Sessions};
    ///
    /// async fn is_registered(sessions: &Sessions, who: SessionHandle) -> Result<bool, Error> {
    ///     let unmet = sessions.unmet::<Claims, Registered>(who).await?;
    ///     Ok(unmet.is_some_and(|unmet| unmet.is_empty()))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer, [`Error::SignInAgain`] if the
    /// payload does not deserialize as `P`.
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
            device_bound: info.device_bound,
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
