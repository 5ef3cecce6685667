//! Background tasks. Each ends with Rocket, or when nobody uses the sessions any more; one that
//! fails or panics is tried again at its next turn.

use std::time::Duration;

use rocket::Shutdown;
use rocket::tokio;
use rocket::tokio::time::MissedTickBehavior;

use crate::sessions::{Sessions, Task};

/// How often requests without `Sec-Fetch-Site` and `Origin` are reported.
const MINUTE: Duration = Duration::from_secs(60);

/// Starts all tasks.
pub(in crate::web) fn start(sessions: &Sessions, shutdown: &Shutdown) {
    let config = sessions.config();
    repeat(
        Task::FollowRevocations,
        config.revocation_bound / 4,
        sessions,
        shutdown,
    );
    repeat(Task::RotateKeys, sessions.key_turn(), sessions, shutdown);
    repeat(Task::CleanUp, config.cleanup_interval, sessions, shutdown);
    repeat(
        Task::EndStreams,
        config.revocation_bound / 4,
        sessions,
        shutdown,
    );
    repeat(Task::ReportSilence, MINUTE, sessions, shutdown);
    end_streams_at(shutdown.clone(), sessions);
}

/// Ends the open streams when the application shuts down, so that it need not wait for them.
fn end_streams_at(shutdown: Shutdown, sessions: &Sessions) {
    let sessions = sessions.downgrade();
    tokio::spawn(async move {
        shutdown.await;
        if let Some(sessions) = sessions.upgrade() {
            sessions.end_all_streams();
        }
    });
}

/// Runs a task at every turn, and again at once while it has more to do.
fn repeat(task: Task, pause: Duration, sessions: &Sessions, shutdown: &Shutdown) {
    let sessions = sessions.downgrade();
    let mut shutdown = shutdown.clone();
    let mut turns = tokio::time::interval(pause);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        // The first tick comes at once, but the launch has just done all of it.
        turns.tick().await;
        let mut more = false;
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
            more = sessions.perform(task).await;
        }
    });
}
