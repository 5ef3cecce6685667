//! Differences between clocks in words, for the log.

use chrono::TimeDelta;

/// The size of a difference in its largest fitting unit, such as `3 h`.
pub(crate) fn in_words(difference: TimeDelta) -> String {
    let seconds = (difference.abs().num_milliseconds() + 500) / 1_000;
    let (unit, length) = match seconds {
        ..120 => ("s", 1),
        120..7_200 => ("min", 60),
        7_200..172_800 => ("h", 3_600),
        _ => ("d", 86_400),
    };
    format!("{} {unit}", (seconds + length / 2) / length)
}

/// This machine's clock beside the database server's, which is `ahead` of it.
pub(crate) fn beside_database(ahead: TimeDelta) -> String {
    let side = if ahead > TimeDelta::zero() {
        "behind"
    } else {
        "ahead of"
    };
    let by = in_words(ahead);
    format!("this machine's clock is {by} {side} the database server's")
}

/// A clock that jumped.
pub(crate) fn jumped(by: TimeDelta) -> String {
    let direction = if by > TimeDelta::zero() {
        "ahead"
    } else {
        "back"
    };
    format!("the clock jumped {direction} by {}", in_words(by))
}

#[test]
fn a_difference_is_rounded_to_one_unit() {
    for (millis, words) in [
        (0, "0 s"),
        (499, "0 s"),
        (5_001, "5 s"),
        (-7_000, "7 s"),
        (119_000, "119 s"),
        (120_000, "2 min"),
        (-300_400, "5 min"),
        (10_799_999, "3 h"),
        (-10_799_999, "3 h"),
        (172_799_999, "2 d"),
        (31_536_000_000, "365 d"),
    ] {
        assert_eq!(in_words(TimeDelta::milliseconds(millis)), words, "{millis}");
    }
}

#[test]
fn words_say_which_clock_is_ahead() {
    let (ahead, back) = (TimeDelta::hours(3), TimeDelta::hours(-3));
    assert_eq!(
        beside_database(ahead),
        "this machine's clock is 3 h behind the database server's"
    );
    assert_eq!(
        beside_database(back),
        "this machine's clock is 3 h ahead of the database server's"
    );
    assert_eq!(jumped(ahead), "the clock jumped ahead by 3 h");
    assert_eq!(jumped(back), "the clock jumped back by 3 h");
}
