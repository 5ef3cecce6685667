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

/// The cookies by name: those of the access tokens, of the refresh tokens, and of the hashes of these; and the
/// refresh tokens, of copies of the sessions, that a sibling host has planted under the names of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Jar {
    access: [Option<Access>; SESSIONS],
    refresh: [Option<Id>; SESSIONS],
    hashes: [Option<Id>; SESSIONS],
    planted: [Option<Id>; SESSIONS],
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

    pub(super) fn planted(&self) -> impl Iterator<Item = Id> {
        self.planted.iter().copied().flatten()
    }

    pub(super) fn has_hash(&self, session: Id) -> bool {
        self.hashes.contains(&Some(session))
    }

    /// The sessions with a cookie here that is ours.
    pub(super) fn sessions(&self) -> impl Iterator<Item = Id> {
        let access = self.access().map(|access| access.session);
        let hashes = self.hashes.iter().copied().flatten();
        access.chain(self.refresh()).chain(hashes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sessions().next().is_none()
    }

    pub(super) fn has_pair(&self, session: Id) -> bool {
        let mut access = self.access().map(|access| access.session);
        let has_refresh = self.refresh().any(|held| held == session);
        access.any(|held| held == session) && has_refresh && self.has_hash(session)
    }

    /// What goes to any path but the one of the refresh cookies.
    pub(super) fn without_refresh(&self) -> Self {
        Self {
            access: self.access,
            hashes: self.hashes,
            ..Self::default()
        }
    }

    /// The sessions of which there is a cookie, but not the access cookie.
    pub(super) fn without_access(&self) -> Vec<Id> {
        let rest = [&self.refresh, &self.hashes, &self.planted];
        let rest = rest.into_iter().flatten().copied().flatten();
        let has_access = |id: &Id| self.access().any(|access| access.session == *id);
        let mut lost: Vec<Id> = rest.filter(|id| !has_access(id)).collect();
        lost.sort_unstable();
        lost.dedup();
        lost
    }

    /// Removals come first (`web/response/wire.rs`), so that what is stored under a removed name stays.
    pub(super) fn apply(&mut self, change: &Change, names: Names) {
        for session in &change.removed {
            let name = names.of(*session);
            (self.access[name], self.refresh[name]) = (None, None);
            self.hashes[name] = None;
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
                self.hashes[name] = Some(access.session);
            }
        }
    }

    /// The access tokens of these sessions expire.
    pub(super) fn expire(&mut self, is_meant: impl Fn(Id) -> bool) {
        for access in self.access.iter_mut().flatten() {
            access.expired |= is_meant(access.session);
        }
    }

    /// A refresh cookie comes to its end, with its session and its hash; the access cookie stays for a year.
    pub(super) fn drop_refresh(&mut self, session: Id) {
        for cookie in self.refresh.iter_mut().chain(&mut self.hashes) {
            cookie.take_if(|held| *held == session);
        }
    }

    /// Somebody deletes an access cookie.
    pub(super) fn drop_access(&mut self, session: Id) {
        for access in &mut self.access {
            access.take_if(|held| held.session == session);
        }
    }

    /// A sibling host fills the jar, and ours is dropped.
    pub(super) fn evict_refresh(&mut self, session: Id) {
        for refresh in &mut self.refresh {
            refresh.take_if(|held| *held == session);
        }
    }

    /// A sibling host plants the newest refresh token of a copy.
    pub(super) fn plant(&mut self, session: Id, names: Names) {
        self.planted[names.of(session)] = Some(session);
    }
}
