//! Panics of the application's code on the library's threads and tasks: they become errors of the
//! caller, and stop nothing.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::error::Error;

/// Messages of std that contain formatted numbers, but no data of the application.
const NUMBERS_ONLY: [&str; 4] = [
    "index out of bounds: the len is ",
    "range end index ",
    "range start index ",
    "slice index starts at ",
];

/// Runs `code`; after a panic, returns what is known about it.
///
/// The caller must drop or repair whatever `code` may have left half changed.
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(describe)
}

/// Runs code of the application: a panic in it is an error, like those it returns.
pub(crate) fn contained<T, E: From<Error>>(code: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    caught(code).unwrap_or_else(|cause| Err(Error::General(of_application(&cause)).into()))
}

/// [`caught`] for a future, including the call that creates it.
pub(crate) async fn caught_async<F: Future>(make: impl FnOnce() -> F) -> Result<F::Output, String> {
    let mut future = pin!(caught(make)?);
    std::future::poll_fn(|context| match caught(|| future.as_mut().poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(cause) => Poll::Ready(Err(cause)),
    })
    .await
}

fn of_application(cause: &str) -> String {
    format!("code of the application panicked: {cause}")
}

/// The message of a panic, unless values were formatted into it, which may be a user's.
fn describe(payload: Box<dyn Any + Send>) -> String {
    let formatted = match payload.downcast::<&'static str>() {
        Ok(literal) => return (*literal).to_owned(),
        Err(payload) => payload.downcast::<String>(),
    };
    match formatted {
        Ok(message) if NUMBERS_ONLY.iter().any(|known| message.starts_with(known)) => *message,
        Ok(_) => "its message may hold data of a user; the panic hook has printed it".into(),
        Err(payload) => {
            // Leaked, because dropping a value of the application may panic again.
            std::mem::forget(payload);
            "without a message".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    /// Panics when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any("dropped");
        }
    }

    fn index(list: &[u8], index: usize) -> u8 {
        list[index]
    }

    #[test]
    fn the_message_is_told_unless_it_may_hold_data() {
        let hidden = "its message may hold data of a user; the panic hook has printed it";
        let secret = "ada@example.com";
        type Case = (fn(&str), &'static str);
        let cases: [Case; 5] = [
            (|_| panic_any("a literal"), "a literal"),
            (
                |_| assert_eq!(index(&[], 3), 0),
                "index out of bounds: the len is 0 but the index is 3",
            ),
            (
                |secret| assert!(secret.parse::<u8>().expect("a number") > 0),
                hidden,
            ),
            (|secret| panic_any(format!("no {secret}")), hidden),
            (|_| panic_any(Bomb), "without a message"),
        ];
        for (code, told) in cases {
            assert_eq!(caught(|| code(secret)), Err(told.to_owned()));
        }
        assert_eq!(caught(|| 1), Ok(1));
    }

    #[tokio::test]
    async fn futures_panic_when_they_are_made_or_polled() {
        let made = caught_async(|| -> std::future::Ready<()> { panic_any("made") });
        assert_eq!(made.await, Err("made".to_owned()));
        let polled = caught_async(|| async {
            tokio::task::yield_now().await;
            panic_any("polled");
        });
        assert_eq!(polled.await, Err::<(), _>("polled".to_owned()));
        assert_eq!(caught_async(|| async { 1 }).await, Ok(1));
    }
}
