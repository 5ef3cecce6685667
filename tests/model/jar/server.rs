//! What the server makes of a request. The choice among sessions is the production code; the rest
//! mirrors the web layer, and stands in this file only.

use session_runtime::SessionHandle;
use session_runtime::selection::{
    Choice, Shown, ShownRefresh, Standing, choose, choose_refresh, rivals,
};

use super::cookies::{Change, Id, Jar, SESSIONS};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum User {
    Ada,
    Bob,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    Unborn,
    Live(User),
    /// Ended by a later login of the same browser, at most two minutes ago.
    Replaced(User),
    /// Ended; the feed of revocations knows it.
    Revoked(User),
    /// Ended, and so long ago that the feed has forgotten it.
    Forgotten(User),
}

/// What a request asks for. A guarded page and one for everybody differ in what they say, not in what
/// they do to cookies, so one kind of visit stands for both until `ways.rs` tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Deed {
    Visit,
    /// A guarded route that changes the payload, so that it answers with a new access token.
    Update,
    Refresh,
    Login(User),
    /// On a `#[logout]` route. `POST /auth/signout` does the same where an access token still holds, and
    /// nothing otherwise.
    SignOut,
}

/// Whether a refresh of a live session gets a new refresh token: the rotation rule has its own model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Rotation {
    Pair,
    AccessOnly,
}

/// What an answer says, beside its cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The page, a login or a refresh of this session.
    Session(Id),
    SignedOut,
    SeveralUsers,
    TryRefresh,
    Unauthorised,
    NoToken,
    Replaced,
}

type Answer = (Says, Change);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Server {
    pub(super) fates: [Fate; SESSIONS],
}

impl Server {
    pub(super) const NEW: Self = Self {
        fates: [Fate::Unborn; SESSIONS],
    };

    fn fate(&mut self, session: Id) -> &mut Fate {
        &mut self.fates[usize::from(session)]
    }

    pub(super) fn is_live(&self, session: Id) -> bool {
        matches!(self.fates[usize::from(session)], Fate::Live(_))
    }

    pub(super) fn unborn(&self) -> Option<Id> {
        let unborn = |id: &Id| self.fates[usize::from(*id)] == Fate::Unborn;
        (0..).take(SESSIONS).find(unborn)
    }

    /// Ends a session, as far as it is live.
    pub(super) fn end(&mut self, session: Id, how: fn(User) -> Fate) {
        if let Fate::Live(user) = *self.fate(session) {
            *self.fate(session) = how(user);
        }
    }

    /// What is known of a replacement is forgotten first, then what is known of the end.
    pub(super) fn two_minutes(&mut self) {
        for fate in &mut self.fates {
            if let Fate::Replaced(user) = *fate {
                *fate = Fate::Revoked(user);
            }
        }
    }

    /// The feed keeps an end for as long as an access token lives.
    pub(super) fn hour(&mut self) {
        for fate in &mut self.fates {
            if let Fate::Replaced(user) | Fate::Revoked(user) = *fate {
                *fate = Fate::Forgotten(user);
            }
        }
    }

    pub(super) fn decide(&mut self, deed: Deed, jar: &Jar, rotation: Rotation) -> Answer {
        match deed {
            Deed::Visit => self.verify(jar),
            Deed::Update => self.update(jar),
            Deed::Refresh => self.refresh(jar, rotation),
            Deed::Login(user) => self.log_in(jar, user),
            Deed::SignOut => self.sign_out(jar),
        }
    }

    /// `web/request/verdict.rs`, and `Sessions::standing`.
    fn verify(&self, jar: &Jar) -> Answer {
        let mut shown: Vec<(Id, Shown<'static>)> = jar
            .access()
            .map(|access| {
                let (user, standing) = match self.fates[usize::from(access.session)] {
                    Fate::Replaced(user) | Fate::Revoked(user) => (user, Standing::Revoked),
                    Fate::Live(user) | Fate::Forgotten(user) if access.expired => {
                        (user, Standing::Stale)
                    }
                    Fate::Live(user) | Fate::Forgotten(user) => (user, Standing::Live),
                    Fate::Unborn => unreachable!("a token of no session"),
                };
                let user_id = match user {
                    User::Ada => "ada",
                    User::Bob => "bob",
                };
                let handle = handle(access.session);
                let shown = Shown {
                    handle,
                    user_id,
                    standing,
                    pending: false,
                    visitor: false,
                };
                (access.session, shown)
            })
            .collect();
        let tokens = |shown: &[(Id, Shown<'static>)]| -> Vec<Shown<'static>> {
            shown.iter().map(|(_, shown)| *shown).collect()
        };
        let mut choice = choose(&tokens(&shown));
        if let Choice::Session(chosen) = choice {
            let rivals = rivals(&tokens(&shown), chosen);
            for (session, shown) in &mut shown {
                if rivals.contains(&shown.handle) {
                    let goes_on = self.is_live(*session);
                    shown.standing = if goes_on {
                        Standing::Away
                    } else {
                        Standing::Revoked
                    };
                }
            }
            choice = choose(&tokens(&shown));
        }
        let revoked = shown
            .iter()
            .filter(|(_, shown)| shown.standing == Standing::Revoked);
        let change = Change::removing(revoked.map(|(session, _)| *session).collect());
        let says = match choice {
            Choice::Session(chosen) => {
                let mut ids = shown.iter();
                let found = ids.find(|(_, shown)| shown.handle == chosen);
                Says::Session(found.expect("one of those that were shown").0)
            }
            Choice::SeveralUsers => Says::SeveralUsers,
            Choice::TryRefresh => Says::TryRefresh,
            Choice::Revoked => Says::Unauthorised,
            Choice::Nothing => Says::NoToken,
        };
        (says, change)
    }

    /// `Session::update_payload` in `web/guards/session.rs`.
    fn update(&self, jar: &Jar) -> Answer {
        let (says, mut change) = self.verify(jar);
        match says {
            Says::Session(session) if self.is_live(session) => {
                change.stored = Change::storing(session, false).stored;
                (says, change)
            }
            Says::Session(session) => {
                change.removed.push(session);
                (Says::Unauthorised, change)
            }
            _ => (says, change),
        }
    }

    /// `web/guards/refresh.rs`, and `Presented::refresh` in `web/request/presented/refresh.rs`.
    fn refresh(&self, jar: &Jar, rotation: Rotation) -> Answer {
        let ids: Vec<Id> = jar.refresh().filter(|id| jar.has_pair(*id)).collect();
        let sessions = jar.access().map(|access| access.session);
        let incomplete: Vec<Id> = sessions.filter(|id| !jar.has_pair(*id)).collect();
        let shown: Vec<ShownRefresh> = ids
            .iter()
            .map(|session| ShownRefresh {
                handle: handle(*session),
                generation: 0,
                paired: true,
            })
            .collect();
        let Some(index) = choose_refresh(&shown) else {
            let says = if incomplete.is_empty() {
                Says::NoToken
            } else {
                Says::Unauthorised
            };
            return (says, Change::removing(incomplete));
        };
        let session = ids[index];
        let gone = Change::removing(vec![session]);
        match self.fates[usize::from(session)] {
            Fate::Live(_) => {
                let mut change = Change::storing(session, rotation == Rotation::Pair);
                change.removed = incomplete;
                (Says::Session(session), change)
            }
            Fate::Replaced(_) => (Says::Replaced, gone),
            Fate::Revoked(_) | Fate::Forgotten(_) => (Says::Unauthorised, gone),
            Fate::Unborn => unreachable!("a token of no session"),
        }
    }

    /// `web/guards/login.rs`, and `Caller::remove_presented` in `web/request/caller.rs`.
    fn log_in(&mut self, jar: &Jar, user: User) -> Answer {
        let presented: Vec<Id> = jar.access().map(|access| access.session).collect();
        for session in &presented {
            self.end(*session, Fate::Replaced);
        }
        let session = self.unborn().expect("no more logins than sessions");
        *self.fate(session) = Fate::Live(user);
        let mut change = Change::storing(session, true);
        change.removed = presented;
        (Says::Session(session), change)
    }

    /// `web/guards/logout.rs`, and `sign_out` in `web/routes/mod.rs`.
    fn sign_out(&mut self, jar: &Jar) -> Answer {
        let presented: Vec<Id> = jar.access().map(|access| access.session).collect();
        for session in &presented {
            self.end(*session, Fate::Revoked);
        }
        (Says::SignedOut, Change::removing(presented))
    }
}

/// Handles grow with time.
pub(super) fn handle(session: Id) -> SessionHandle {
    format!("01890a5d-ac96-774b-bcce-b302099a80{session:02}")
        .parse()
        .expect("a UUID")
}
