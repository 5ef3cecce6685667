//! What a schedule is made of: the steps of the owner's tabs, the moves of a thief.

/// A request that a tab sends. `serve` and `answer` count from its sending and are at most D: a
/// request that the server cannot decide within that time is answered 503 and not executed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Since the step before.
    pub(crate) wait: i64,
    pub(crate) tab: usize,
    /// A double click: the tab does not wait for the answer to its last request.
    pub(crate) impatient: bool,
    pub(crate) serve: i64,
    pub(crate) answer: i64,
    pub(crate) fate: Fate,
    /// How far the clock of the replica that serves is ahead.
    pub(crate) skew: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    RequestLost,
    AnswerLost,
}

/// A thief copies the jar once, then refreshes on a schedule of its own and loses nothing.
#[derive(Debug, Clone)]
pub(crate) struct Heist {
    pub(crate) copy_at: i64,
    pub(crate) moves: Vec<Move>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    /// Since the move before, at first since the copy.
    pub(crate) wait: i64,
    pub(crate) pick: Pick,
    pub(crate) skew: i64,
}

/// Which of the tokens it ever got a thief presents.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pick {
    Newest,
    Any(usize),
}

/// How a schedule ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Working,
    Expired,
    /// As many answers as the cap allows were lost, and then no child came back in time.
    Capped,
    Detected,
}
