//! The chores beside the requests. Each ends with Rocket, or when nobody holds the sessions any more;
//! one that fails or panics is tried again at its next turn.

use std::time::Duration;

use rocket::Shutdown;
use rocket::tokio;
use rocket::tokio::time::MissedTickBehavior;

use crate::panics::caught_async;
use crate::sessions::Sessions;
use crate::store::StoreError;

#[derive(Debug, Clone, Copy)]
enum Chore {
    FollowRevocations,
    RotateKeys,
    CleanUp,
    ReportSilence,
}

/// The pause between two reports of requests that do not say where they come from.
const MINUTE: Duration = Duration::from_secs(60);

/// Starts all chores.
pub(in crate::web) fn start(sessions: &Sessions, shutdown: &Shutdown) {
    let config = sessions.config();
    repeat(
        Chore::FollowRevocations,
        config.revocation_bound / 4,
        sessions,
        shutdown,
    );
    repeat(Chore::RotateKeys, sessions.key_turn(), sessions, shutdown);
    repeat(Chore::CleanUp, config.cleanup_interval, sessions, shutdown);
    repeat(Chore::ReportSilence, MINUTE, sessions, shutdown);
}

/// Does a chore at every turn, and again at once while there is more to do.
fn repeat(chore: Chore, pause: Duration, sessions: &Sessions, shutdown: &Shutdown) {
    let sessions = sessions.downgrade();
    let mut shutdown = shutdown.clone();
    let mut turns = tokio::time::interval(pause);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        // The first turn comes at once, when the launch has just done it all.
        turns.tick().await;
        let (mut more, mut failed) = (false, false);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                () = tokio::task::yield_now(), if more => {}
                _ = turns.tick() => {}
            }
            let Some(sessions) = sessions.upgrade() else {
                return;
            };
            sessions.say_what_was_left_out();
            let done = chore.run(&sessions).await;
            // Told once per outage, not at every turn.
            if let (Err(cause), false) = (&done, failed) {
                tracing::error!(%cause, "{}", chore.failure());
            }
            failed = done.is_err();
            more = done.unwrap_or(false);
        }
    });
}

impl Chore {
    /// Does it once; says whether there is more to do. A panic is a failure like others, for what the
    /// application supplies runs here as well: a clock, say.
    async fn run(self, sessions: &Sessions) -> Result<bool, String> {
        match caught_async(|| self.attempt(sessions)).await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(cause) => Err(format!("it panicked: {cause}")),
        }
    }

    async fn attempt(self, sessions: &Sessions) -> Result<bool, StoreError> {
        match self {
            Self::FollowRevocations => sessions.read_revocations().await.map(|()| false),
            Self::RotateKeys => sessions.rotate_keys().await.map(|()| false),
            Self::CleanUp => sessions.clean_up().await,
            Self::ReportSilence => {
                sessions.report_silent_requests();
                Ok(false)
            }
        }
    }

    fn failure(self) -> &'static str {
        match self {
            Self::FollowRevocations => "revocations cannot be read",
            Self::RotateKeys => "signing keys cannot be renewed",
            Self::CleanUp => "expired sessions cannot be deleted",
            Self::ReportSilence => "requests without evidence cannot be reported",
        }
    }
}
