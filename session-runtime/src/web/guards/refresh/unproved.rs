//! What an ordinary refresh brings, by which it is answered if its session is bound to a device.

use chrono::DateTime;
use rocket::Request;

use crate::event::Event;
use crate::rules::rotation::bound::Ordinary;
use crate::sessions::Sessions;
use crate::token::device_bound::SKIPPED;
use crate::token::refresh::Authentic;
use crate::web::local_url::LocalUrl;
use crate::web::request::presented::Presented;
use crate::web::response::device::has_marker;

/// What a refresh without a proof brings, by which it is answered if its session is bound to a
/// device.
#[derive(Debug)]
pub(super) struct Unproved {
    pub(super) ordinary: Ordinary,
    /// What a front end reads of the access token beside it, if that one has just been issued.
    pub(super) front: Option<String>,
    /// Where the request is sent back to.
    pub(super) path: LocalUrl,
    /// Whether the browser believes that it need not prove its device.
    pub(super) marker: bool,
}

/// In the query of a request that was sent back: when (milliseconds).
const SENT_BACK: &str = "device";

impl Unproved {
    pub(super) fn of(
        request: &Request<'_>,
        presented: &Presented<'_>,
        sessions: &Sessions,
        token: &Authentic,
    ) -> Self {
        let sent_back_at = request.query_value::<i64>(SENT_BACK);
        let sent_back_at = sent_back_at.and_then(Result::ok);
        let sent_back_at = sent_back_at.and_then(DateTime::from_timestamp_millis);
        let beside = presented.bound_beside(sessions, token.handle);
        let just = beside.filter(|(token, _)| sessions.is_just_refreshed(token, sent_back_at));
        let outer_path = sessions.config().outer_path.as_deref();
        let path = format!(
            "{}?{SENT_BACK}={}",
            request.uri().path(),
            sessions.now().timestamp_millis()
        );
        Self {
            ordinary: Ordinary {
                just_refreshed: just.is_some(),
                sent_back: sent_back_at.is_some(),
                skipped: request.headers().contains(SKIPPED),
            },
            front: just.and_then(|(verified, token)| sessions.front_token(token, &verified)),
            path: LocalUrl::or_root(&path).below(outer_path),
            marker: has_marker(request, token.handle),
        }
    }
}

/// Reports that a browser knows the key and did not refresh with it.
pub(super) fn report_skipped(request: &Request<'_>, sessions: &Sessions) {
    if let Some(skipped) = request.headers().get_one(SKIPPED) {
        let reason = reason(skipped);
        sessions.emit(&Event::DeviceProofSkipped { reason });
    }
}

/// Why a browser did not refresh, in its own word; anything else would be for a script to fill our
/// log.
fn reason(skipped: &str) -> String {
    let word = skipped.split(';').next().unwrap_or_default().trim();
    let is_word = word
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word && (1..=32).contains(&word.len()) {
        word.to_owned()
    } else {
        "unknown".to_owned()
    }
}
