//! What the server makes of a request. The choice among sessions is the production code; the rest
//! mirrors the web layer, and stands in this file only.

use session_runtime::SessionHandle;
use session_runtime::internals::selection::{
    Attempt, Choice, Shown, ShownRefresh, Standing, choose, choose_refresh, rivals,
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
    /// By a script, which reads what the answer says.
    Refresh,
    /// By the page that sends the browser on.
    RefreshPage,
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

/// What a refresh cookie needs beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Its hash: what is built.
    Hash,
    /// The access cookie of its session: what lets a browser go on with a copy.
    Access,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Server {
    pub(super) fates: [Fate; SESSIONS],
    /// Whether a browser was given new tokens for those of a copy.
    pub(super) followed_a_copy: bool,
}

impl Server {
    pub(super) const NEW: Self = Self {
        fates: [Fate::Unborn; SESSIONS],
        followed_a_copy: false,
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

    pub(super) fn decide(
        &mut self,
        deed: Deed,
        jar: &Jar,
        rotation: Rotation,
        needs: Needs,
    ) -> Answer {
        let elsewhere = &jar.without_refresh();
        match deed {
            Deed::Visit => self.verify(elsewhere, needs),
            Deed::Update => self.update(elsewhere, needs),
            Deed::Refresh => self.refresh(jar, rotation, needs),
            Deed::RefreshPage => self.refresh_by_page(jar, rotation, needs),
            Deed::Login(user) => self.log_in(elsewhere, user),
            Deed::SignOut => self.sign_out(elsewhere),
        }
    }

    /// `web/request/verify.rs`, and `Sessions::standing`.
    fn verify(&self, jar: &Jar, needs: Needs) -> Answer {
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
        // Those that a login has just replaced stay until it is answered.
        let revoked = shown.iter().filter(|(session, shown)| {
            let is_replaced = matches!(self.fates[usize::from(*session)], Fate::Replaced(_));
            shown.standing == Standing::Revoked && !is_replaced
        });
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
            Choice::Nothing if needs == Needs::Hash && !jar.without_access().is_empty() => {
                Says::TryRefresh
            }
            Choice::Nothing => Says::NoToken,
        };
        (says, change)
    }

    /// `Session::update_payload` in `web/guards/session/change.rs`.
    fn update(&self, jar: &Jar, needs: Needs) -> Answer {
        let (says, mut change) = self.verify(jar, needs);
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

    /// `web/guards/refresh/mod.rs`, and `Presented::refresh` in `web/request/presented/refresh.rs`.
    fn refresh(&mut self, jar: &Jar, rotation: Rotation, needs: Needs) -> Answer {
        let has_access = |id: Id| jar.access().any(|access| access.session == id);
        let is_own = |id: &Id| jar.has_hash(*id) || (needs == Needs::Access && has_access(*id));
        let own: Vec<Id> = jar.refresh().filter(is_own).collect();
        let copies: Vec<Id> = jar
            .planted()
            .filter(|id| is_own(id) && !own.contains(id))
            .collect();
        let goes_on = |id: Id| own.contains(&id) || needs == Needs::Access && copies.contains(&id);
        let sessions = jar.access().map(|access| access.session);
        let incomplete: Vec<Id> = sessions.filter(|id| !goes_on(*id)).collect();
        let mut left: Vec<(Id, bool)> = own
            .into_iter()
            .map(|session| (session, false))
            .chain(copies.into_iter().map(|session| (session, true)))
            .collect();
        let mut remnants = jar.without_access();
        remnants.retain(|id| needs == Needs::Hash && !left.iter().any(|(found, _)| found == id));
        let rest = [incomplete, remnants].concat();
        if left.is_empty() {
            let is_replaced = |id: &Id| matches!(self.fates[usize::from(*id)], Fate::Replaced(_));
            return match rest.iter().any(is_replaced) {
                true => (Says::Replaced, Change::default()),
                false if rest.is_empty() => (Says::NoToken, Change::default()),
                false => (Says::Unauthorised, Change::removing(rest)),
            };
        }
        let mut removed = Vec::new();
        while let Some((session, is_copy)) = take_newest(&mut left) {
            let is_stolen = is_copy && needs == Needs::Hash && self.is_live(session);
            let attempt = match self.fates[usize::from(session)] {
                Fate::Live(_) if is_stolen => Attempt::Stolen,
                Fate::Live(_) => Attempt::Done,
                Fate::Replaced(_) => Attempt::Undecided,
                Fate::Revoked(_) | Fate::Forgotten(_) => Attempt::Ended,
                Fate::Unborn => unreachable!("a token of no session"),
            };
            if is_stolen {
                self.end(session, Fate::Revoked);
            }
            if attempt.removes() {
                removed.push(session);
            }
            match attempt {
                attempt if attempt.tries_the_next() => {}
                Attempt::Done => {
                    self.followed_a_copy |= is_copy;
                    let mut change = Change::storing(session, rotation == Rotation::Pair);
                    change.removed = [removed, rest].concat();
                    return (Says::Session(session), change);
                }
                Attempt::Undecided => return (Says::Replaced, Change::removing(removed)),
                _ => return (Says::Unauthorised, Change::removing(removed)),
            }
        }
        (Says::Unauthorised, Change::removing(removed))
    }

    /// `web/routes/pages/refresh.rs`: a page that is sent on must not come back with the same.
    fn refresh_by_page(&mut self, jar: &Jar, rotation: Rotation, needs: Needs) -> Answer {
        let (says, mut change) = self.refresh(jar, rotation, needs);
        if says == Says::Replaced {
            let found = jar.refresh().filter(|id| jar.has_hash(*id));
            match found.max_by_key(|id| handle(*id)) {
                Some(newest) => change.removed.push(newest),
                None => change
                    .removed
                    .extend(jar.access().map(|access| access.session)),
            }
        }
        (says, change)
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
        change.removed = [presented, jar.without_access()].concat();
        (Says::Session(session), change)
    }

    /// `web/guards/logout.rs`, and `sign_out` in `web/routes/mod.rs`.
    fn sign_out(&mut self, jar: &Jar) -> Answer {
        let presented: Vec<Id> = jar.access().map(|access| access.session).collect();
        for session in &presented {
            self.end(*session, Fate::Revoked);
        }
        let removed = [presented, jar.without_access()].concat();
        (Says::SignedOut, Change::removing(removed))
    }
}

/// Handles grow with time.
pub(super) fn handle(session: Id) -> SessionHandle {
    format!("01890a5d-ac96-774b-bcce-b302099a80{session:02}")
        .parse()
        .expect("a UUID")
}

/// The refresh token of the newest session, and whether it is of a copy; no other of that session is
/// left.
fn take_newest(left: &mut Vec<(Id, bool)>) -> Option<(Id, bool)> {
    let shown: Vec<ShownRefresh> = left
        .iter()
        .map(|(session, _)| ShownRefresh {
            handle: handle(*session),
            generation: 0,
        })
        .collect();
    let newest = left[choose_refresh(&shown)?];
    left.retain(|(session, _)| *session != newest.0);
    Some(newest)
}
