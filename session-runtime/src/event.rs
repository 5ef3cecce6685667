//! `Event`: what happened to sessions, for the log and for the application.

mod budget;
mod events;
mod log;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::events::Events;
use crate::handle::SessionHandle;

/// Something that happened to a session or a key. Goes to `tracing`, and to the handler of
/// [`SessionFairing::on_event`](crate::SessionFairing::on_event).
///
/// No token and no key is in it. In the log each has the field `event`, with the name that stands here.
/// The log takes thirty lines a minute of each kind, `debug` lines aside; how many were left out is said
/// when the minute is over (`lines_left_out`). The handler gets them all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `session_created`
    Created {
        /// The session.
        handle: SessionHandle,
        /// Whose it is.
        user_id: String,
    },
    /// `second_factor_awaited`: a session began that passes no guard but the one for the second factor.
    SecondFactorAwaited {
        /// The session.
        handle: SessionHandle,
        /// Whose it will be.
        user_id: String,
    },
    /// `second_factor_failed`: it was tried too often; all sessions of the user that await one are ended.
    SecondFactorFailed {
        /// Whose it is.
        user_id: String,
    },
    /// `session_refreshed`
    Refreshed {
        /// The session.
        handle: SessionHandle,
    },
    /// `session_updated`: its payload changed.
    Updated {
        /// The session.
        handle: SessionHandle,
    },
    /// `sessions_revoked`
    Revoked {
        /// Those that were there.
        handles: Vec<SessionHandle>,
        /// Why.
        by: RevokedBy,
    },
    /// `token_theft`: a superseded refresh token was used; the session is ended.
    TokenTheft {
        /// The session.
        handle: SessionHandle,
        /// Whose it was.
        user_id: String,
    },
    /// `late_parent_use`: an old refresh token was used again; a lost answer, or a copy.
    LateParentUse {
        /// The session.
        handle: SessionHandle,
    },
    /// `rotation_stopped`: as many refresh tokens as allowed are unused, because their answers were lost or
    /// somebody copied one. Once when that happens; the session ends a day later unless one of them is used.
    RotationStopped {
        /// The session.
        handle: SessionHandle,
        /// When it ends.
        ends_at: DateTime<Utc>,
    },
    /// `store_rollback_suspected`: a refresh token is newer than its row; a failover lost commits, or a
    /// backup was restored. The session goes on.
    StoreRollbackSuspected {
        /// The session.
        handle: SessionHandle,
    },
    /// `payload_mismatch`: a session is not of the payload type that a guard asks for, or does not fit it.
    PayloadMismatch {
        /// The session.
        handle: SessionHandle,
        /// The name of the type that was asked for.
        expected: &'static str,
        /// The name that the session carries.
        found: String,
        /// What does not fit: the field, but no value.
        reason: String,
    },
    /// `payload_name_shared`: two payload types of the application have one name, so that their sessions
    /// cannot be told apart; what uses the second one is refused.
    PayloadNameShared {
        /// The name.
        name: &'static str,
        /// The paths of the types.
        types: [&'static str; 2],
    },
    /// `everything_revoked`: all sessions of all users.
    RevokedEverything {
        /// How many there were.
        sessions: usize,
    },
    /// `key_rotated`: a signing key was made.
    KeyRotated {
        /// Its name.
        kid: String,
    },
    /// `key_removed`: a signing key was removed; its tokens are refused.
    KeyRemoved {
        /// Its name.
        kid: String,
    },
    /// `cross_site_refused`: a request that a page of another site may have caused was refused.
    CrossSiteRefused {
        /// Where to.
        path: String,
        /// What to change if it was meant to pass.
        remedy: &'static str,
    },
    /// `secure_cookies_over_http`: a login over plain http was answered with cookies that are `Secure`, which
    /// browsers drop there: nobody is logged in.
    SecureCookiesOverHttp {
        /// The session.
        handle: SessionHandle,
    },
    /// `silent_requests`: requests that change something said neither `Sec-Fetch-Site` nor `Origin`, as no
    /// browser of today does, and were let through; told once a minute. `csrf_require_evidence` refuses them.
    SilentRequests {
        /// How many there were since they were told last.
        count: u64,
        /// Where the last one went.
        path: String,
    },
    /// `large_response_head`: an answer with tokens is larger than the buffer that proxies have by default, so that
    /// they may answer 502 in its place. Once a process.
    LargeResponseHead {
        /// About how many bytes its head takes.
        bytes: usize,
    },
    /// `several_users`: a request presents live sessions of different users, so that nobody can say whose
    /// it is; a neighbour planted one, perhaps. The next login ends both.
    SeveralUsers {
        /// The sessions.
        handles: Vec<SessionHandle>,
    },
    /// `clock_skew`: this process's clock is more than 5 s from the database server's, or one of the two jumped
    /// by as much; or the clock moved otherwise than time did, so that nothing may be deleted.
    ClockSkew {
        /// How far the database's clock is ahead, or the clock jumped.
        difference: TimeDelta,
        /// What is done about it.
        consequence: &'static str,
    },
    /// `revocations_restored`: the database had lost revocations, by a failover or a restored backup, that
    /// this process remembers; they are revoked again.
    RevocationsRestored {
        /// The sessions.
        handles: Vec<SessionHandle>,
    },
    /// `revocation_memory_full`: more sessions were revoked lately than a process remembers; told once. Until
    /// the oldest are forgotten, a request of a session that is not remembered asks the database.
    RevocationMemoryFull {
        /// How many are remembered.
        remembered: usize,
    },
    /// `revocation_feed_stalled`: revocations could not be read for longer than the bound; told once, at the
    /// first request that meets it. `revocation_on_stall` decides what becomes of requests meanwhile.
    RevocationFeedStalled,
    /// `store_unavailable`: something could not be read or written; if a request asked for it, that is 503.
    StoreUnavailable {
        /// Why.
        cause: String,
    },
    /// `session_missing`: a session that has just begun is not in the database; another node may have it.
    SessionMissing {
        /// The session.
        handle: SessionHandle,
    },
    /// `request_failed`: a request was answered 500 for an error of sessions.
    RequestFailed {
        /// Why.
        cause: String,
    },
    /// `database_hangs`: a read was not answered in time. Reads are answered 503 at once, but for one now
    /// and then, until the database answers.
    DatabaseHangs,
    /// `database_answers`: it does again.
    DatabaseAnswers,
    /// `connection_refused`: the database refuses a connection while others are open; those do the work.
    /// Once, until another could be opened.
    ConnectionRefused {
        /// What it says.
        cause: String,
        /// The setting that asks for so many: `write_connections` or `read_connections`.
        setting: &'static str,
        /// How many of them are open, and what to set it to.
        open: usize,
    },
    /// `worker_restarted`: a thread that writes to the database or reads from it panicked and was
    /// replaced; whoever waited for what it was doing got an error.
    WorkerRestarted {
        /// What it panicked with.
        cause: String,
    },
}

/// Why sessions were ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevokedBy {
    /// By name.
    Handle,
    /// All of a user.
    User,
    /// All of a user but one.
    Others,
    /// The user signed out.
    SignOut,
    /// A login on the same browser took its place.
    Login,
    /// The user has as many as allowed.
    Limit,
    /// The user's credential changed.
    CredentialChange,
    /// The second factor was tried too often.
    SecondFactor,
    /// All of all users.
    Everything,
}
