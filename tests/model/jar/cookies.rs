//! The cookies of one browser, and what an answer changes among them.

/// The most sessions of one browser.
pub(super) const SESSIONS: usize = 3;

/// A session, by the order in which the server made them.
pub(super) type Id = u8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// A cookie's name carries its session: what is built.
    OfTheSession,
    /// One name for all sessions: what loses logins.
    OneForAll,
}

impl Names {
    fn of(self, session: Id) -> usize {
        match self {
            Self::OfTheSession => session.into(),
            Self::OneForAll => 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Access {
    pub(super) session: Id,
    pub(super) expired: bool,
}

/// The cookies by name: those of the access tokens, and those of the refresh tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Jar {
    access: [Option<Access>; SESSIONS],
    refresh: [Option<Id>; SESSIONS],
}

/// What an answer stores. A refresh token may be withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tokens {
    pub(super) access: Access,
    pub(super) with_refresh: bool,
}

/// What an answer changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Change {
    pub(super) removed: Vec<Id>,
    pub(super) stored: Option<Tokens>,
}

impl Change {
    pub(super) fn removing(removed: Vec<Id>) -> Self {
        Self {
            removed,
            stored: None,
        }
    }

    pub(super) fn storing(session: Id, with_refresh: bool) -> Self {
        let access = Access {
            session,
            expired: false,
        };
        Self {
            removed: Vec::new(),
            stored: Some(Tokens {
                access,
                with_refresh,
            }),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.removed.is_empty() && self.stored.is_none()
    }
}

impl Jar {
    pub(super) fn access(&self) -> impl Iterator<Item = Access> {
        self.access.iter().copied().flatten()
    }

    pub(super) fn refresh(&self) -> impl Iterator<Item = Id> {
        self.refresh.iter().copied().flatten()
    }

    /// The sessions with a cookie here.
    pub(super) fn sessions(&self) -> impl Iterator<Item = Id> {
        let access = self.access().map(|access| access.session);
        access.chain(self.refresh())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sessions().next().is_none()
    }

    pub(super) fn has_pair(&self, session: Id) -> bool {
        let mut access = self.access().map(|access| access.session);
        access.any(|held| held == session) && self.refresh().any(|held| held == session)
    }

    /// What goes to any path but the one of the refresh cookies.
    pub(super) fn without_refresh(&self) -> Self {
        Self {
            access: self.access,
            refresh: Default::default(),
        }
    }

    /// Removals come first (`web/response/wire.rs`), so that what is stored under a removed name stays.
    pub(super) fn apply(&mut self, change: &Change, names: Names) {
        for session in &change.removed {
            let name = names.of(*session);
            (self.access[name], self.refresh[name]) = (None, None);
        }
        if let Some(Tokens {
            access,
            with_refresh,
        }) = change.stored
        {
            let name = names.of(access.session);
            self.access[name] = Some(access);
            if with_refresh {
                self.refresh[name] = Some(access.session);
            }
        }
    }

    /// The access tokens of these sessions expire.
    pub(super) fn expire(&mut self, is_meant: impl Fn(Id) -> bool) {
        for access in self.access.iter_mut().flatten() {
            access.expired |= is_meant(access.session);
        }
    }

    /// A refresh cookie comes to its end, with its session; the access cookie stays for a year.
    pub(super) fn drop_refresh(&mut self, session: Id) {
        for refresh in &mut self.refresh {
            refresh.take_if(|held| *held == session);
        }
    }
}
