//! Sessions that are bound to a key of their browser's device (W3C draft "Device Bound Session
//! Credentials").

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Sessions;
use super::refresh::Exchanged;
use crate::config::DeviceBound;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::record::{BoundDevice, DeviceState, Record, RefreshKind};
use crate::rules::rotation::bound::{self, After, Registration, after_reading};
use crate::token::access::{self, Verified};
use crate::token::challenge::{self, Challenge, Purpose, REGISTER_AGE, refresh_age};
use crate::token::device_bound::FIRST_MARKER;
use crate::token::device_key::DeviceKey;
use crate::token::refresh::Authentic;
use crate::token::{SessionTokens, Transport, front, proof};

/// What the row of a session says about a request of the browser's own.
#[derive(Debug)]
pub(crate) enum Asked {
    /// The session has ended.
    Gone,
    /// The session may have got its key a moment ago.
    NotYet,
    /// The session has no key.
    Unbound,
    /// The key that has to have signed.
    Key(DeviceKey),
}

impl Sessions {
    /// What the browser of a new session signs to register a key; `None` for a session that is not
    /// offered it.
    pub(super) fn registration_challenge(&self, record: &Record, way: Transport) -> Option<String> {
        let offered = self.is_offered(record, way);
        offered.then(|| self.challenge(Purpose::Register, record.handle))
    }

    /// Whether the browser of a session is asked to register a key.
    pub(super) fn is_offered(&self, record: &Record, way: Transport) -> bool {
        self.config().device_bound == DeviceBound::WhenSupported
            && way == Transport::Cookie
            && !record.is_pending()
            && !record.anonymous
    }

    /// What a device has to sign.
    pub(crate) fn challenge(&self, purpose: Purpose, handle: SessionHandle) -> String {
        challenge::mint(purpose, handle, self.now(), self.keys().mac())
    }

    /// Whether a challenge is of this session and purpose, and young enough; costs no query.
    pub(crate) fn check_challenge(
        &self,
        challenge: &str,
        purpose: Purpose,
        handle: SessionHandle,
    ) -> Challenge {
        let max_age = match purpose {
            Purpose::Register => REGISTER_AGE,
            Purpose::Refresh => refresh_age(self.inner.settings.lifetimes.bound_access_token),
        };
        let (now, keys) = (self.now(), self.keys());
        challenge::check(challenge, purpose, handle, now, max_age, keys.macs())
    }

    /// Binds a session to the key of a registration whose challenge is good, and issues an access
    /// token that says so. `refresh` is the refresh token beside it, which stays in use.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended or another key is there,
    /// [`Error::Unavailable`] if the store does not answer.
    pub(crate) async fn bind_device(
        &self,
        refresh: Authentic,
        registration: &proof::Registration,
    ) -> Result<SessionTokens, Error> {
        let handle = refresh.handle;
        let key = registration.key.spki().to_vec();
        let bound = self
            .inner
            .store
            .requests
            .bind_device(handle, key.clone())
            .await?;
        let Some((mut record, decided)) = bound else {
            return Err(self.missing_row(handle).await);
        };
        let now = self.now();
        match decided {
            Registration::Bind => {
                record.bound = Some(BoundDevice {
                    key,
                    since: now,
                    state: DeviceState::Unproved,
                });
                self.emit(&Event::DeviceBound { handle });
            }
            Registration::Again => {}
            Registration::Refused => {
                return Err(self.refuse_device(handle, "the session has another key"));
            }
        }
        let binding = self.binding(refresh.binding.transport);
        let tokens = self.issue(&record, binding, refresh.presented.token, None, now)?;
        // Until the key has proved itself, somebody with copied cookies could claim that it cannot.
        let first = now + FIRST_MARKER;
        Ok(SessionTokens {
            bound_until: tokens.bound_until.map(|end| end.min(first)),
            ..tokens
        })
    }

    /// What the row says about a request of the browser's own, whose challenge is good.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer, or another node may have the session.
    pub(crate) async fn ask_for_key(&self, handle: SessionHandle) -> Result<Asked, Error> {
        let found = self.inner.store.requests.find_current(handle).await?;
        let Some(record) = found else {
            return match self.missing_row(handle).await {
                Error::Unauthorised => Ok(Asked::Gone),
                error => Err(error),
            };
        };
        let row = Some((record.binding(), record.created_at));
        Ok(match after_reading(row, self.now()) {
            After::Gone => Asked::Gone,
            After::NotYet => Asked::NotYet,
            After::Unbound => Asked::Unbound,
            After::Verify => {
                let key = record.bound.map(|device| device.key).unwrap_or_default();
                match DeviceKey::from_spki(&key) {
                    Some(key) => Asked::Key(key),
                    None => {
                        let cause = format!("the stored device key of {handle} is damaged");
                        self.emit(&Event::RequestFailed { cause });
                        Asked::Unbound
                    }
                }
            }
        })
    }

    /// Exchanges a refresh token beside which this key has proved itself, in a request that
    /// `arrived` then (monotonic); `None` if the session has another key by now.
    ///
    /// # Errors
    /// Those of [`exchange`](Self::exchange).
    pub(crate) async fn exchange_proved(
        &self,
        token: Authentic,
        key: &DeviceKey,
        arrived: Duration,
    ) -> Result<Option<SessionTokens>, Error> {
        let kind = RefreshKind::Proved(key.spki().to_vec());
        match self.exchange(token, kind, arrived).await? {
            Exchanged::Issued(tokens) => Ok(Some(*tokens)),
            Exchanged::OtherKey => Ok(None),
            // These answer a refresh without a proof.
            Exchanged::Refreshed | Exchanged::SendBack => Err(Error::Unavailable),
        }
    }

    /// Notes what a refresh made of the binding, in the record that its tokens are issued from.
    pub(super) fn note_binding(&self, record: &mut Record, binding: Option<bound::Binding>) {
        let state = binding.and_then(DeviceState::of);
        if let (Some(device), Some(state)) = (&mut record.bound, state) {
            device.state = state;
            if state == DeviceState::Dropped {
                let handle = record.handle;
                self.emit(&Event::DeviceBindingDropped { handle });
            }
        }
    }

    /// The front-token of an access token that is good.
    pub(crate) fn front_token(&self, token: &str, verified: &Verified) -> Option<String> {
        let payload = access::payload(token)?;
        front::encode(verified.claims.user_id(), verified.expires_at, &payload).ok()
    }

    /// Whether that token comes from a refresh that its browser has just made for this request.
    pub(crate) fn is_just_refreshed(
        &self,
        token: &Verified,
        sent_back_at: Option<DateTime<Utc>>,
    ) -> bool {
        let policy = self.inner.settings.lifetimes.rotation;
        bound::is_just_refreshed(token.issued_at, sent_back_at, self.now(), policy)
    }

    /// Reports a proof that is refused.
    pub(crate) fn refuse_device(&self, handle: SessionHandle, cause: impl ToString) -> Error {
        self.emit(&Event::DeviceRefused {
            handle,
            cause: cause.to_string(),
        });
        Error::Unauthorised
    }
}
