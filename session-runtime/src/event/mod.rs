//! Events of sessions and keys, which are logged and passed to the application.
//!
//! ```
//! use session_runtime::event::RevokedBy;
//! use session_runtime::{Event, Sessions};
//!
//! # fn write_to_the_user(_: &str) {}
//! let sessions = Sessions::fairing().on_event(|event| match event {
//!     Event::TokenTheft { user_id, .. } => write_to_the_user(user_id),
//!     Event::Revoked { by: RevokedBy::Limit, .. } => { /* the user has too many devices */ }
//!     _ => {}
//! });
//! # let _ = sessions;
//! ```

mod budget;
mod log;
mod sink;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::sink::EventSink;
use crate::handle::SessionHandle;

/// Where the log sends whoever reads a warning: the chapter with a row for each event.
pub(crate) const CHAPTER: &str = "session_runtime::guide::troubleshooting";

/// Something that happened to a session or a key.
///
/// Each event is logged with `tracing`, with the name given here in the field `event`, and passed
/// to the handler of [`SessionFairing::on_event`](crate::SessionFairing::on_event).
/// [`troubleshooting`](crate::guide::troubleshooting) says what to do about each.
///
/// No event contains a token or a key. At most thirty lines of each kind are logged per minute,
/// except at level `debug`; events with a cause are counted per cause (the first eight in a minute;
/// all further causes share thirty lines). `lines_left_out` says at the end of the minute how many
/// lines were left out. The handler gets all events.
#[doc(alias = "logging")]
#[doc(alias = "audit")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `session_created`: a session started.
    Created {
        /// The session.
        handle: SessionHandle,
        /// The user.
        user_id: String,
    },
    /// `second_factor_awaited`: a session started that only the guard for the second factor
    /// accepts.
    SecondFactorAwaited {
        /// The session.
        handle: SessionHandle,
        /// The user.
        user_id: String,
    },
    /// `second_factor_failed`: a user tried the second factor too often; all sessions of the user
    /// that await one are ended.
    SecondFactorFailed {
        /// The user.
        user_id: String,
    },
    /// `session_refreshed`: a refresh handed out new tokens.
    Refreshed {
        /// The session.
        handle: SessionHandle,
    },
    /// `session_updated`: the payload of a session was changed.
    Updated {
        /// The session.
        handle: SessionHandle,
    },
    /// `sessions_revoked`: sessions were ended.
    Revoked {
        /// The sessions that existed.
        handles: Vec<SessionHandle>,
        /// Why they were ended.
        by: RevokedBy,
    },
    /// `token_theft`: a superseded refresh token was used, or one that this browser was not given;
    /// the session was ended.
    TokenTheft {
        /// The session.
        handle: SessionHandle,
        /// The user.
        user_id: String,
    },
    /// `late_parent_use`: the previous refresh token was used again, because an answer was lost or
    /// the token was copied.
    LateParentUse {
        /// The session.
        handle: SessionHandle,
    },
    /// `rotation_stopped`: a session has as many unused refresh tokens as allowed, because their
    /// answers were lost or one was copied. Emitted once; the session ends a day later unless one
    /// of them is used.
    RotationStopped {
        /// The session.
        handle: SessionHandle,
        /// When it ends.
        ends_at: DateTime<Utc>,
    },
    /// `store_rollback_suspected`: a refresh token is newer than its row, because a failover lost
    /// commits or a backup was restored. The session continues.
    StoreRollbackSuspected {
        /// The session.
        handle: SessionHandle,
    },
    /// `device_bound`: a browser bound its session to a key of its device.
    DeviceBound {
        /// The session.
        handle: SessionHandle,
    },
    /// `device_refused`: a registration or a proof of a device was refused; nothing changed.
    DeviceRefused {
        /// The session.
        handle: SessionHandle,
        /// Why.
        cause: String,
    },
    /// `device_not_bound`: a new session was refreshed for the first time without having been bound
    /// to a device: its browser does not support it, or a proxy removes a header.
    DeviceNotBound {
        /// The session.
        handle: SessionHandle,
    },
    /// `device_binding_dropped`: a session continues for a day without its device, which never
    /// proved its key.
    DeviceBindingDropped {
        /// The session.
        handle: SessionHandle,
    },
    /// `device_proof_skipped`: a browser says that it could not prove its device's key before a
    /// refresh.
    DeviceProofSkipped {
        /// The browser's reason, such as `quota_exceeded`.
        reason: String,
    },
    /// `unproved_refresh`: a refresh token of a bound session came without a proof, because it was
    /// copied or the browser has lost the key. Nothing was changed.
    UnprovedRefresh {
        /// The session.
        handle: SessionHandle,
    },
    /// `payload_mismatch`: a session is of another payload type than a guard asks for, or does not
    /// deserialize as it.
    PayloadMismatch {
        /// The session.
        handle: SessionHandle,
        /// The name of the type that the guard asks for.
        expected: &'static str,
        /// The name of the session's payload type.
        found: String,
        /// Which field does not deserialize, without its value.
        reason: String,
    },
    /// `payload_name_shared`: two payload types of the application have the same name, so their
    /// sessions cannot be told apart; routes that use the second type are refused.
    PayloadNameShared {
        /// The name.
        name: &'static str,
        /// The paths of the two types.
        types: [&'static str; 2],
    },
    /// `everything_revoked`: all sessions of all users were ended.
    RevokedEverything {
        /// How many there were.
        sessions: usize,
    },
    /// `key_rotated`: a signing key was created.
    KeyRotated {
        /// Its key id.
        kid: String,
    },
    /// `key_removed`: a signing key was removed; its tokens are refused.
    KeyRemoved {
        /// Its key id.
        kid: String,
    },
    /// `cross_site_refused`: a request that a page of another site may have caused was refused.
    CrossSiteRefused {
        /// The path of the request.
        path: String,
        /// The header `Origin`: in quotes, `absent` or `several`.
        origin: String,
        /// The header `Sec-Fetch-Site`, likewise.
        sec_fetch_site: String,
        /// What to change if the request should have been accepted.
        remedy: &'static str,
    },
    /// `secure_cookies_over_http`: a login over plain http got `Secure` cookies, which browsers
    /// drop, so the user is not logged in.
    SecureCookiesOverHttp {
        /// The session.
        handle: SessionHandle,
    },
    /// `silent_requests`: requests that change something had neither `Sec-Fetch-Site` nor `Origin`,
    /// which no current browser does, and were accepted. Emitted once a minute.
    /// `csrf_require_evidence` refuses them.
    SilentRequests {
        /// How many there were since the last such event.
        count: u64,
        /// The path of the last one.
        path: String,
    },
    /// `large_response_head`: the headers of an answer with tokens exceed the default buffer of
    /// proxies, which may answer 502 instead. Emitted once per process.
    LargeResponseHead {
        /// About how many bytes the headers take.
        bytes: usize,
    },
    /// `large_request_head`: the cookies of a request take more than 6,000 bytes; proxies refuse
    /// requests with more than about 8,000 before they reach this server. Emitted once per process.
    LargeRequestHead {
        /// How many bytes the cookies take.
        bytes: usize,
    },
    /// `refresh_cookie_missing`: a browser sent the access cookie of a live session to the refresh
    /// route, but not its refresh cookie, and was logged out. If that happens to everybody, the
    /// path of the cookie is wrong.
    RefreshCookieMissing {
        /// The session.
        handle: SessionHandle,
        /// The configured `Path` of the refresh cookie.
        cookie_path: String,
        /// What to change.
        remedy: &'static str,
    },
    /// `several_users`: a request presents live sessions of different users, so its user is
    /// unknown; another host on the domain may have planted one. The next login ends both.
    SeveralUsers {
        /// The sessions.
        handles: Vec<SessionHandle>,
    },
    /// `clock_skew`: a clock is wrong or jumped. [`ClocksAgree`](Self::ClocksAgree) follows when
    /// this process's clock and the database server's agree again.
    ///
    /// This process's clock differs by more than 5 s from the database server's, or one of the two
    /// jumped by as much; or the system clock jumped, so that nothing may be deleted; or it shows a
    /// time before this version of the library was released; or a signing key was created by a
    /// clock that was ahead.
    ClockSkew {
        /// By how much the database's clock or the key is ahead, the system clock jumped, or is
        /// behind.
        difference: TimeDelta,
        /// The same in words, such as `this machine's clock is 3 h behind the database server's`.
        found: String,
        /// What the library does about it, and what to do.
        consequence: &'static str,
    },
    /// `clocks_agree`: this process's clock and the database server's, which differed, agree again.
    ClocksAgree,
    /// `revocations_restored`: the database had lost revocations that this process remembers, by a
    /// failover or a restored backup; they were written again.
    RevocationsRestored {
        /// The sessions.
        handles: Vec<SessionHandle>,
    },
    /// `revocation_memory_full`: more sessions were revoked recently than a process remembers.
    /// Emitted once. Until the oldest are forgotten, requests of sessions that are not remembered
    /// query the database.
    RevocationMemoryFull {
        /// How many sessions are remembered.
        remembered: usize,
    },
    /// `revocation_feed_stalled`: revocations could not be read for longer than `revocation_bound`.
    /// Emitted once per outage, at the first request that is affected; `revocation_on_stall`
    /// decides what happens to requests meanwhile.
    RevocationFeedStalled,
    /// `store_unavailable`: something that a request needs could not be read or written, so it is
    /// answered 503.
    StoreUnavailable {
        /// Why.
        cause: String,
    },
    /// `task_failed`: a background task failed; it is retried at its next turn. Emitted once, until
    /// its cause changes or it succeeds.
    TaskFailed {
        /// What the task does, such as `read the revocations`.
        task: &'static str,
        /// Why.
        cause: String,
    },
    /// `task_recovered`: a task that had failed succeeded.
    TaskRecovered {
        /// What the task does.
        task: &'static str,
    },
    /// `wrong_database`: [`Sessions::within`](crate::Sessions::within) was given a connection to
    /// another database than `sessions.database`; nothing was changed.
    WrongDatabase {
        /// The database that the connection leads to.
        found: String,
    },
    /// `session_missing`: a new session is not in the database that was queried; another node may
    /// have it.
    SessionMissing {
        /// The session.
        handle: SessionHandle,
    },
    /// `request_failed`: a request was answered 500 because of a session error.
    RequestFailed {
        /// Why.
        cause: String,
    },
    /// `database_hangs`: a read was not answered in time. Until the database answers, reads are
    /// answered 503 at once, except for one now and then that tries.
    DatabaseHangs,
    /// `database_answers`: the database answers reads again.
    DatabaseAnswers,
    /// `connection_refused`: the database refuses a connection while others are open, which do the
    /// work. Emitted once, until another connection could be opened.
    ConnectionRefused {
        /// The database's error.
        cause: String,
        /// The setting that asks for too many connections: `write_connections` or
        /// `read_connections`.
        setting: &'static str,
        /// How many of them are open: the value to use for the setting.
        open: usize,
    },
    /// `worker_restarted`: a thread that reads from or writes to the database panicked and was
    /// replaced; its current request failed.
    WorkerRestarted {
        /// The message of the panic.
        cause: String,
    },
}

/// Why sessions were ended.
///
/// ```
/// use session_runtime::event::RevokedBy;
/// use session_runtime::{Event, Sessions};
///
/// let sessions = Sessions::fairing().on_event(|event| {
///     if let Event::Revoked { handles, by: RevokedBy::Limit } = event {
///         println!("{} sessions made room for a login", handles.len());
///     }
/// });
/// # let _ = rocket::build().attach(sessions);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevokedBy {
    /// They were ended by their handles.
    Handle,
    /// All sessions of a user were ended.
    User,
    /// All sessions of a user but one were ended.
    Others,
    /// The user signed out.
    SignOut,
    /// A login on the same browser replaced the session.
    Login,
    /// The user had as many sessions as allowed.
    Limit,
    /// The user's password or another credential was changed.
    CredentialChange,
    /// The user tried the second factor too often.
    SecondFactor,
    /// All sessions of all users were ended.
    Everything,
}
