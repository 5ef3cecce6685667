//! `Session::ended`: an open stream ends with its session.

use super::Session;
use crate::payload::JwtPayload;
use crate::sessions::Ended;
use crate::web::guards::admit::would_admit;
use crate::web::guards::requirement::Requirement;

impl<P: JwtPayload, R: Requirement<P>> Session<P, R> {
    /// A future that is ready when the session has ended, so that an event stream or a WebSocket
    /// ends with it: wait for it beside the next message.
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// use rocket::response::stream::{Event, EventStream};
    /// use rocket::tokio::{select, time};
    /// use session_runtime::{JwtPayload, Session};
    ///
    /// # #[derive(Serialize, Deserialize, JwtPayload)]
    /// # struct Claims {}
    /// #[rocket::get("/events")]
    /// fn events(session: Session<Claims>) -> EventStream![] {
    ///     let mut ended = session.ended();
    ///     EventStream! {
    ///         let mut seconds = time::interval(time::Duration::from_secs(1));
    ///         loop {
    ///             select! {
    ///                 () = &mut ended => break,
    ///                 _ = seconds.tick() => yield Event::data("tick"),
    ///             }
    ///         }
    ///     }
    /// }
    /// # let _ = rocket::routes![events];
    /// ```
    ///
    /// It is ready within `revocation_bound` when the session is revoked, by any process, or when
    /// its signing key is removed; and when the application shuts down. When the access token that
    /// admitted the stream expires, the session's row is read, and again whenever a token issued
    /// then would expire: the stream ends if the session has expired, or if the row no longer meets
    /// the requirement `R`, as with [`LiveSession`](crate::LiveSession). A claim that
    /// [`Fetch`](crate::requirement::Fetch) would have to fetch again ends it too; the client
    /// connects again, and the guard fetches it. With `revocation = "none"` only these reads end a
    /// stream. If the database does not answer, `revocation_on_stall` decides about streams as it
    /// does about requests.
    ///
    /// Waiting costs no query in between. One session has at most 100 open streams in a process;
    /// the oldest ends when another is opened.
    #[doc(alias = "server-sent events")]
    #[doc(alias = "SSE")]
    #[doc(alias = "EventStream")]
    #[doc(alias = "WebSocket")]
    #[doc(alias = "long polling")]
    pub fn ended(&self) -> Ended {
        self.sessions.ended(&self.verified, would_admit::<P, R>)
    }
}
