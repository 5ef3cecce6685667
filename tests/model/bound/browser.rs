//! The browser, as Chromium was seen to behave: it renews by itself, one renewal at a time; a request that
//! was sent back waits for it, once; a renewal whose connection is cut is sent a second time as it was.

use session_runtime::internals::rotation::Presented;

use super::Setup;
use super::server::{DeviceReply, Reply};
use super::world::{Broken, Content, Request, State};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Browser {
    /// The refresh token in the jar.
    pub(crate) token: Presented,
    /// When the access token in the jar was issued.
    pub(crate) issued: u8,
    /// Whether it knows a key for the session.
    pub(crate) key: bool,
    /// What it will sign next.
    pub(crate) challenge: Option<u8>,
    /// The renewal under way: what it signed, and whether it was sent a second time.
    pub(crate) renewing: Option<(Option<u8>, bool)>,
    /// Requests that wait for it, each with the minute that it was sent back in.
    pub(crate) waiting: Vec<u8>,
    /// It was told that its session is over.
    pub(crate) put_out: bool,
}

impl Browser {
    pub(crate) fn logged_in(token: Presented) -> Self {
        Self {
            token,
            issued: 0,
            key: false,
            challenge: None,
            renewing: None,
            waiting: Vec::new(),
            put_out: false,
        }
    }
}

pub(crate) fn send_ordinary(state: &mut State, sent_back: Option<u8>, skipped: bool) {
    let Browser { token, issued, .. } = state.browser;
    state.send(Content::Ordinary(Request {
        token,
        issued,
        sent_back,
        skipped,
    }));
}

pub(crate) fn start_renewal(state: &mut State) {
    let proof = state.browser.challenge;
    state.browser.renewing = Some((proof, false));
    let token = state.browser.token;
    state.send(Content::Device { token, proof });
}

/// The renewal is over; what waited for it goes out.
fn finish_renewal(state: &mut State, skipped: bool) {
    state.browser.renewing = None;
    for sent_back in std::mem::take(&mut state.browser.waiting) {
        send_ordinary(state, Some(sent_back), skipped);
    }
}

pub(crate) fn lose(state: &mut State, index: usize) {
    let message = state.messages.remove(index);
    if !matches!(
        message.content,
        Content::Device { .. } | Content::DeviceAnswer(_)
    ) {
        return;
    }
    match state.browser.renewing {
        Some((proof, false)) => {
            state.browser.renewing = Some((proof, true));
            let token = state.browser.token;
            state.send(Content::Device { token, proof });
        }
        _ => finish_renewal(state, true),
    }
}

pub(crate) fn deliver(setup: &Setup, state: &mut State, index: usize) {
    let content = state.messages.remove(index).content;
    match content {
        Content::Registered { challenge } if !setup.refuses => {
            state.browser.key = true;
            state.browser.challenge = Some(challenge);
        }
        Content::DeviceAnswer(reply) => renewed(state, reply),
        Content::OrdinaryAnswer(reply) => answered(state, reply),
        _ => {}
    }
}

fn renewed(state: &mut State, reply: DeviceReply) {
    match reply {
        DeviceReply::Renewed {
            token,
            issued,
            challenge,
        } => {
            store(state, token, issued);
            state.browser.challenge = Some(challenge);
            finish_renewal(state, false);
        }
        DeviceReply::AskAgain { challenge } => {
            state.browser.challenge = Some(challenge);
            start_renewal(state);
        }
        DeviceReply::Later => finish_renewal(state, true),
        DeviceReply::Ended { cookies } => {
            state.browser.key = false;
            state.browser.challenge = None;
            finish_renewal(state, false);
            if cookies {
                put_out(state);
            }
        }
    }
}

fn answered(state: &mut State, reply: Reply) {
    match reply {
        Reply::New { token, issued } => store(state, token, issued),
        Reply::Refreshed | Reply::Later => {}
        Reply::SentBack(minute) if state.browser.key => {
            state.browser.waiting.push(minute);
            if state.browser.renewing.is_none() {
                start_renewal(state);
            }
        }
        Reply::SentBack(minute) => send_ordinary(state, Some(minute), false),
        Reply::Out => put_out(state),
    }
}

fn store(state: &mut State, token: Option<Presented>, issued: u8) {
    state.browser.issued = issued;
    if let Some(token) = token {
        state.browser.token = token;
    }
}

fn put_out(state: &mut State) {
    state.browser.put_out = true;
    if state.thief.is_none() {
        state.note(Broken::HonestPutOut);
    }
}
