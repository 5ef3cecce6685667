//! Event streams and WebSockets: they end when their session does.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};

use super::open_streams::{Id, OpenStreams, Stream};
use super::verify::claims_of_row;
use super::{Judge, Sessions, VerifiedSession};
use crate::config::{OnStall, Revocation};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::panics::caught;
use crate::payload::JwtPayload;
use crate::record::CHUNK;
use crate::revocation::Known;
use crate::store::StoreError;
use crate::token::access::Verified;

/// A future that is ready when a session has ended: see
/// [`Session::ended`](crate::Session::ended).
#[must_use = "it does nothing unless it is awaited, beside the stream that is to end"]
pub struct Ended {
    streams: OpenStreams<Judge>,
    id: Id,
}

impl Future for Ended {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.streams.lock().table.watch(self.id, context.waker()) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        // The waker is dropped when the lock is free again.
        let _waker = self.streams.lock().table.close(self.id);
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ended")
            .field("session", &self.id.0)
            .finish_non_exhaustive()
    }
}

impl<P: JwtPayload> VerifiedSession<P> {
    /// A future that is ready when the session ends, so that a WebSocket whose first message was
    /// the token ends with it: see [`Session::ended`](crate::Session::ended).
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # struct Claims {}
    /// async fn greet(sessions: &Sessions, first_message: &str) -> Result<(), Error> {
    ///     let session = sessions.verify::<Claims>(first_message).await?;
    ///     session.ended().await;
    ///     Ok(()) // close the connection
    /// }
    /// ```
    pub fn ended(&self) -> Ended {
        self.sessions.ended(&self.verified, |sessions, row| {
            sessions
                .read_claims::<P>(row.handle, &claims_of_row(row))
                .is_ok()
        })
    }
}

impl Sessions {
    /// A future that is ready when the session of this token ends, or when `judge` refuses it at
    /// the end of the token.
    pub(crate) fn ended(&self, token: &Verified, judge: Judge) -> Ended {
        let streams = self.inner.feed.streams.clone();
        let stream = Stream {
            due: token.expires_at,
            kid: Arc::clone(&token.kid),
            judge,
            waker: None,
        };
        let (id, pushed_out) = streams.lock().table.open(token.handle, stream);
        pushed_out.into_iter().for_each(Waker::wake);
        // Looked at after it was added, so that nothing is missed in between.
        let known = match self.config().revocation {
            Revocation::None => Known::Unrevoked,
            Revocation::Feed | Revocation::Live => self.recall(token.handle),
        };
        match known {
            Known::Unrevoked if self.counts(&token.kid) => {}
            Known::Stale | Known::Forgotten if self.counts(&token.kid) => {
                streams.lock().table.hurry_one(id, self.now());
            }
            _ => drop(streams.lock().table.close(id)),
        }
        Ended { streams, id }
    }

    /// Whether tokens of this key are accepted; that of a pending session has none.
    fn counts(&self, kid: &str) -> bool {
        kid.is_empty() || self.keys().signing_key(kid).is_some()
    }

    /// Ends the streams of sessions that have ended, unless requests would go on until their token
    /// expires.
    pub(super) fn close_streams(&self, ended: impl Iterator<Item = SessionHandle>) {
        if self.config().revocation != Revocation::None {
            self.inner.feed.streams.close(|table| {
                ended
                    .flat_map(|handle| table.close_session(handle))
                    .collect()
            });
        }
    }

    /// Ends the streams of sessions that have expired or are no longer what their routes ask for.
    pub(crate) async fn end_streams(&self) -> Result<(), StoreError> {
        let streams = &self.inner.feed.streams;
        let version = self.keys().version;
        if streams.lock().key_version.replace(version) != Some(version) {
            streams.close(|table| table.close_unsigned(|kid| self.counts(kid)));
        }
        let (now, stalled) = (self.now(), self.is_stalled());
        if stalled {
            self.hurry_streams(now);
        }
        let due = streams.lock().table.due(now);
        for chunk in due.chunks(CHUNK) {
            if let Err(error) = self.judge_streams(chunk, now).await {
                // They end where a request would be answered 503, and wait where it would not.
                let refused = match self.config().revocation {
                    Revocation::Live => true,
                    Revocation::Feed => stalled,
                    Revocation::None => false,
                };
                if refused {
                    let ids = due.iter().map(|(id, _)| *id);
                    streams.close(|table| ids.filter_map(|id| table.close(id)).collect());
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Ends all streams, because the application shuts down.
    pub(crate) fn end_all_streams(&self) {
        self.inner.feed.streams.close(|table| table.close_all(true));
    }

    /// Whether requests are answered by `revocation_on_stall` at present.
    fn is_stalled(&self) -> bool {
        let config = self.config();
        config.revocation == Revocation::Feed
            && config.revocation_on_stall != OnStall::Accept
            && self
                .inner
                .feed
                .revocations
                .is_stale(self.monotonic(), config.revocation_bound)
    }

    /// What a stalled feed does to streams: they end, or their rows are read once in each
    /// `revocation_bound`.
    fn hurry_streams(&self, now: DateTime<Utc>) {
        let (streams, config) = (&self.inner.feed.streams, self.config());
        if config.revocation_on_stall == OnStall::Refuse {
            return streams.close(|table| table.close_all(false));
        }
        let monotonic = self.monotonic();
        let mut inner = streams.lock();
        let last = inner.stalled_at;
        if last.is_none_or(|last| monotonic.saturating_sub(last) >= config.revocation_bound) {
            inner.stalled_at = Some(monotonic);
            inner.table.hurry(now);
        }
    }

    /// Reads the rows of these streams, and ends those that would not be admitted again.
    async fn judge_streams(
        &self,
        due: &[(Id, Judge)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut handles: Vec<_> = due.iter().map(|((handle, _), _)| *handle).collect();
        handles.dedup();
        let rows = self.inner.store.background.summaries(handles).await?;
        let kid = Arc::clone(&self.keys().signer(now).kid);
        let lifetimes = &self.inner.settings.lifetimes;
        let mut ended = Vec::new();
        for (id, judge) in due {
            match rows.iter().find(|row| row.handle == id.0) {
                // A panic of the application's code ends the stream, as it would refuse a request.
                Some(row) if caught(|| judge(self, row)).unwrap_or(false) => {
                    let validity = match row.device_bound {
                        true => lifetimes.bound_access_token,
                        false => lifetimes.access_token,
                    };
                    let due = (now + validity).min(row.ends_at);
                    self.inner.feed.streams.lock().table.go_on(*id, due, &kid);
                }
                None if !matches!(self.missing_row(id.0).await, Error::Unauthorised) => {}
                _ => ended.push(*id),
            }
        }
        self.inner
            .feed
            .streams
            .close(|table| ended.into_iter().filter_map(|id| table.close(id)).collect());
        Ok(())
    }
}

#[cfg(feature = "internals")]
impl Sessions {
    /// Judges the streams that are due now instead of at the next turn, for tests.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn end_streams_now(&self) -> Result<(), Error> {
        Ok(self.end_streams().await?)
    }

    /// How many streams are open in this process.
    pub fn open_streams(&self) -> usize {
        self.inner.feed.streams.lock().table.len()
    }
}
