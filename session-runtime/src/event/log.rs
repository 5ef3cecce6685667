//! The log line of each event.

use super::{CHAPTER, Event};

impl Event {
    /// Whether the event is normal operation, which is logged at `debug`.
    pub(super) fn is_detail(&self) -> bool {
        matches!(
            self,
            Self::Created { .. }
                | Self::SecondFactorAwaited { .. }
                | Self::Refreshed { .. }
                | Self::Updated { .. }
                | Self::Revoked { .. }
                | Self::DeviceBound { .. }
                | Self::DeviceNotBound { .. }
        )
    }

    /// The event's cause, if it has one: each cause has lines of its own, so that one does not hide
    /// another.
    pub(super) fn cause(&self) -> Option<&str> {
        match self {
            Self::StoreUnavailable { cause }
            | Self::TaskFailed { cause, .. }
            | Self::RequestFailed { cause }
            | Self::ConnectionRefused { cause, .. }
            | Self::WorkerRestarted { cause } => Some(cause),
            _ => None,
        }
    }

    /// Logs the event.
    pub(super) fn log(&self) {
        match self {
            Self::Created { handle, .. } => {
                tracing::debug!(event = "session_created", %handle);
            }
            Self::SecondFactorAwaited { handle, .. } => {
                tracing::debug!(event = "second_factor_awaited", %handle);
            }
            Self::SecondFactorFailed { .. } => {
                tracing::warn!(
                    event = "second_factor_failed",
                    see = CHAPTER,
                    "a second factor was tried too often: all sessions of this user that await one are ended"
                );
            }
            Self::Refreshed { handle } => tracing::debug!(event = "session_refreshed", %handle),
            Self::Updated { handle } => tracing::debug!(event = "session_updated", %handle),
            Self::Revoked { handles, by } => {
                for handle in handles {
                    tracing::debug!(event = "sessions_revoked", %handle, ?by);
                }
            }
            Self::TokenTheft { handle, .. } => {
                tracing::warn!(event = "token_theft", see = CHAPTER, %handle, "a superseded refresh token was used, or one that the browser was not given; the session is ended");
            }
            Self::LateParentUse { handle } => {
                tracing::info!(event = "late_parent_use", %handle, "an old refresh token was used again: a lost answer, or a copy");
            }
            Self::RotationStopped { handle, ends_at } => {
                tracing::warn!(event = "rotation_stopped", see = CHAPTER, %handle, %ends_at, "as many refresh tokens as allowed are unused: the session ends in a day unless one of them is used");
            }
            Self::StoreRollbackSuspected { handle } => {
                tracing::error!(event = "store_rollback_suspected", see = CHAPTER, %handle, "a refresh token is newer than its row: a failover or a restored backup lost commits; the session goes on");
            }
            Self::DeviceBound { handle } => tracing::debug!(event = "device_bound", %handle),
            Self::DeviceNotBound { handle } => tracing::debug!(event = "device_not_bound", %handle),
            Self::DeviceRefused { handle, cause } => {
                tracing::warn!(event = "device_refused", see = CHAPTER, %handle, cause, "a registration or a proof of a device was refused; nothing changed");
            }
            Self::DeviceBindingDropped { handle } => {
                tracing::warn!(event = "device_binding_dropped", see = CHAPTER, %handle, "a device never proved itself: its session goes on without it, for a day");
            }
            Self::DeviceProofSkipped { reason } => {
                tracing::info!(
                    event = "device_proof_skipped",
                    reason,
                    "a browser says that it could not prove its device before a refresh"
                );
            }
            Self::UnprovedRefresh { handle } => {
                tracing::warn!(event = "unproved_refresh", see = CHAPTER, %handle, "a refresh token of a session that is bound to a device came without a proof: it was copied, or the browser has lost the key; nothing changed");
            }
            Self::PayloadMismatch {
                handle,
                expected,
                found,
                reason,
            } => {
                tracing::warn!(event = "payload_mismatch", see = CHAPTER, %handle, expected, found, reason, "a session does not fit the payload type that a guard asks for: its user has to log in again");
            }
            Self::PayloadNameShared {
                name,
                types: [first, second],
            } => {
                tracing::error!(
                    event = "payload_name_shared",
                    see = CHAPTER,
                    name,
                    first,
                    second,
                    "two payload types have one name, so whatever uses the second is refused: give it another one, as in \
                     `#[session(name = \"Staff\")]`"
                );
            }
            Self::RevokedEverything { sessions } => {
                tracing::warn!(
                    event = "everything_revoked",
                    see = CHAPTER,
                    sessions,
                    "all sessions of all users were ended"
                );
            }
            Self::KeyRotated { kid } => {
                tracing::info!(event = "key_rotated", kid, "made a signing key");
            }
            Self::KeyRemoved { kid } => {
                tracing::warn!(
                    event = "key_removed",
                    see = CHAPTER,
                    kid,
                    "removed a signing key; its tokens are refused"
                );
            }
            Self::CrossSiteRefused {
                path,
                origin,
                sec_fetch_site,
                remedy,
            } => {
                tracing::warn!(
                    event = "cross_site_refused",
                    see = CHAPTER,
                    path,
                    origin,
                    sec_fetch_site,
                    remedy,
                    "a request was refused that a page of another site may have sent"
                );
            }
            Self::SecureCookiesOverHttp { handle } => {
                tracing::error!(
                    event = "secure_cookies_over_http", see = CHAPTER,
                    %handle,
                    "a login over plain http was answered with `Secure` cookies, which browsers drop: serve over https, or set \
                     `sessions.cookie_secure = \"no\"` in the debug profile"
                );
            }
            Self::SilentRequests { count, path } => {
                tracing::info!(
                    event = "silent_requests",
                    count,
                    path,
                    "requests that change something had neither `Sec-Fetch-Site` nor `Origin`, as no browser of today sends \
                     them: `sessions.csrf_require_evidence = true` would refuse them"
                );
            }
            Self::LargeResponseHead { bytes } => {
                tracing::warn!(
                    event = "large_response_head",
                    see = CHAPTER,
                    bytes,
                    "the head of an answer with tokens is larger than 4000 bytes, and nginx answers 502 in its place unless \
                     its buffers are larger: write `proxy_buffer_size 16k; proxy_buffers 8 16k;`, or keep the payload small"
                );
            }
            Self::LargeRequestHead { bytes } => {
                tracing::warn!(
                    event = "large_request_head",
                    see = CHAPTER,
                    bytes,
                    "the cookies of a request are larger than 6000 bytes, and from about 8000 on nginx and Apache answer 400 or 431 \
                     in our place: set `large_client_header_buffers 4 32k` or `LimitRequestFieldSize 32768`, or keep payload \
                     and cookies small"
                );
            }
            Self::RefreshCookieMissing {
                handle,
                cookie_path,
                remedy,
            } => {
                tracing::warn!(event = "refresh_cookie_missing", see = CHAPTER, %handle, cookie_path, remedy, "a browser did not send the refresh cookie of a live session to the refresh route: it is logged out");
            }
            Self::SeveralUsers { handles } => {
                tracing::warn!(
                    event = "several_users",
                    see = CHAPTER,
                    ?handles,
                    "a request presents live sessions of different users, so it is answered 403; the next login ends them"
                );
            }
            Self::ClockSkew {
                found, consequence, ..
            } => {
                tracing::warn!(
                    event = "clock_skew",
                    see = CHAPTER,
                    found,
                    consequence,
                    "a clock is wrong, or jumped"
                );
            }
            Self::ClocksAgree => {
                tracing::info!(
                    event = "clocks_agree",
                    "the clocks of this machine and of the database server agree again"
                );
            }
            Self::RevocationsRestored { handles } => {
                tracing::error!(
                    event = "revocations_restored",
                    see = CHAPTER,
                    sessions = handles.len(),
                    "the database had lost revocations that this process remembers; they are revoked again"
                );
            }
            Self::RevocationMemoryFull { remembered } => {
                tracing::error!(
                    event = "revocation_memory_full",
                    see = CHAPTER,
                    remembered,
                    "more sessions were revoked lately than are remembered: until the oldest are forgotten, requests of other \
                     sessions ask the database"
                );
            }
            Self::RevocationFeedStalled => {
                tracing::error!(
                    event = "revocation_feed_stalled",
                    see = CHAPTER,
                    "revocations could not be read in time: until they can, requests are answered as \
                     `sessions.revocation_on_stall` says"
                );
            }
            Self::StoreUnavailable { cause } => {
                tracing::error!(
                    event = "store_unavailable",
                    see = CHAPTER,
                    cause,
                    "the session store did not do what was asked of it: a request is answered 503"
                );
            }
            Self::TaskFailed { task, cause } => {
                tracing::error!(
                    event = "task_failed",
                    see = CHAPTER,
                    task,
                    cause,
                    "a task beside the requests failed; it is tried again at its next turn"
                );
            }
            Self::TaskRecovered { task } => {
                tracing::info!(
                    event = "task_recovered",
                    task,
                    "a task that failed succeeded"
                );
            }
            Self::WrongDatabase { found } => {
                tracing::error!(
                    event = "wrong_database",
                    see = CHAPTER,
                    found,
                    "`Sessions::within` was given a connection that does not lead to `sessions.database`, and changed nothing: \
                     give the pool that it comes from the same URL"
                );
            }
            Self::SessionMissing { handle } => {
                tracing::warn!(event = "session_missing", see = CHAPTER, %handle, "a session that has just begun is not in the database: another node may have it");
            }
            Self::RequestFailed { cause } => {
                tracing::error!(
                    event = "request_failed",
                    see = CHAPTER,
                    cause,
                    "a request was answered 500 for an error of sessions"
                );
            }
            Self::DatabaseHangs => {
                tracing::error!(
                    event = "database_hangs",
                    see = CHAPTER,
                    "the database does not answer: until it does, requests that read it are answered 503"
                );
            }
            Self::DatabaseAnswers => {
                tracing::info!(event = "database_answers", "the database answers again");
            }
            Self::ConnectionRefused {
                cause,
                setting,
                open,
            } => {
                tracing::warn!(
                    event = "connection_refused",
                    see = CHAPTER,
                    cause,
                    "the database refuses another connection; those that are open do the work: set \
                     `sessions.{setting}` to {open}, or allow its user more. A process opens `write_connections` + \
                     `read_connections` + 1, which are three at least"
                );
            }
            Self::WorkerRestarted { cause } => {
                tracing::error!(
                    event = "worker_restarted",
                    see = CHAPTER,
                    cause,
                    "a thread of the session store panicked and was replaced: who waited for it got an error"
                );
            }
        }
    }
}
