//! One browser, two tabs, one server, and a network that delivers answers in any order or never.

use stateright::{Model, Property};

use super::cookies::{Change, Id, Jar, Names, SESSIONS};
use super::properties;
use super::server::{Deed, Fate, Needs, Rotation, Server, User};

/// How much there may be of what a browser and its surroundings do.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) names: Names,
    /// So many requests can be under way at once.
    pub(super) tabs: usize,
    pub(super) logins: u8,
    /// Other requests.
    pub(super) requests: u8,
    /// Sessions that end although nobody in this browser asked for it.
    pub(super) ends: u8,
    /// Access cookies that somebody deletes.
    pub(super) drops: u8,
    /// So often a sibling host plants a refresh token of a copy.
    pub(super) plants: u8,
    pub(super) needs: Needs,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Message {
    /// A request, with the cookies that the jar held when it left.
    Asked(Deed, Jar),
    /// The answer, with the session that it acknowledges if it is a login's.
    Answered(Change, Option<Id>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) server: Server,
    pub(super) jar: Jar,
    /// In order, so that the same messages are the same state.
    pub(super) under_way: Vec<Message>,
    /// The sessions whose logins were acknowledged, in the order of their answers.
    pub(super) acknowledged: Vec<Id>,
    logins: u8,
    requests: u8,
    ends: u8,
    drops: u8,
    plants: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Send(Deed),
    Decide(usize, Rotation),
    Receive(usize),
    Lose(usize),
    /// An operator, another device or a theft ends it.
    Revoke(Id),
    /// It reaches its end, and so do its access tokens.
    End(Id),
    /// Somebody deletes an access cookie.
    DropAccess(Id),
    /// The browser drops a refresh cookie at its end.
    DropRefresh(Id),
    /// A sibling host plants the refresh token of a copy; ours it may have had dropped.
    Plant(Id),
    Evict(Id),
    TwoMinutes,
    /// Longer than an access token lives.
    Hour,
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            server: Server::NEW,
            jar: Jar::default(),
            under_way: Vec::new(),
            acknowledged: Vec::new(),
            logins: self.logins,
            requests: self.requests,
            ends: self.ends,
            drops: self.drops,
            plants: self.plants,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.under_way.len() < self.tabs {
            actions.extend(sendable(state).map(Action::Send));
        }
        for (index, message) in state.under_way.iter().enumerate() {
            match message {
                Message::Asked(deed, _) => {
                    actions.push(Action::Decide(index, Rotation::Pair));
                    if matches!(deed, Deed::Refresh | Deed::RefreshPage) {
                        actions.push(Action::Decide(index, Rotation::AccessOnly));
                    }
                }
                Message::Answered(..) => actions.push(Action::Receive(index)),
            }
            actions.push(Action::Lose(index));
        }
        for session in (0..).take(SESSIONS) {
            if state.server.is_live(session) && state.ends > 0 {
                actions.extend([Action::Revoke(session), Action::End(session)]);
            }
            if state.drops > 0 && state.jar.access().any(|held| held.session == session) {
                actions.push(Action::DropAccess(session));
            }
            if state.server.is_live(session) && state.plants > 0 {
                actions.push(Action::Plant(session));
            }
            // The cookies for all paths are used by every request, and go last.
            if self.plants > 0 && state.jar.refresh().any(|held| held == session) {
                actions.push(Action::Evict(session));
            }
            if !state.server.is_live(session) && state.jar.refresh().any(|held| held == session) {
                actions.push(Action::DropRefresh(session));
            }
        }
        actions.extend([Action::TwoMinutes, Action::Hour]);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        next.perform(action, self);
        (next != *last).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

/// What would do something: without cookies only a login does.
fn sendable(state: &State) -> impl Iterator<Item = Deed> {
    let others = [Deed::Visit, Deed::Update, Deed::SignOut];
    let shows_access = state.requests > 0 && state.jar.access().next().is_some();
    let shows_any = state.requests > 0 && !state.jar.is_empty();
    // The first to log in is called Ada.
    let is_first = state.server.unborn() == Some(0) && state.under_way.is_empty();
    let users: &[User] = if is_first {
        &[User::Ada]
    } else {
        &[User::Ada, User::Bob]
    };
    let logins = users.iter().copied().map(Deed::Login);
    others
        .into_iter()
        .filter(move |_| shows_access)
        .chain(
            [Deed::Refresh, Deed::RefreshPage]
                .into_iter()
                .filter(move |_| shows_any),
        )
        .chain(logins.filter(|_| state.logins > 0))
}

impl State {
    fn perform(&mut self, action: Action, world: &World) {
        match action {
            Action::Send(deed) => {
                let cookies = match deed {
                    Deed::Refresh | Deed::RefreshPage => self.jar.clone(),
                    _ => self.jar.without_refresh(),
                };
                match deed {
                    Deed::Login(_) => self.logins -= 1,
                    _ => self.requests -= 1,
                }
                self.under_way.push(Message::Asked(deed, cookies));
            }
            Action::Decide(index, rotation) => {
                if let Message::Asked(deed, cookies) = self.under_way.remove(index) {
                    self.decide(deed, &cookies, rotation, world.needs);
                }
            }
            Action::Receive(index) => {
                if let Message::Answered(change, login) = self.under_way.remove(index) {
                    self.jar.apply(&change, world.names);
                    self.acknowledged.extend(login);
                }
            }
            Action::Lose(index) => {
                self.under_way.remove(index);
            }
            Action::Revoke(session) => {
                self.ends -= 1;
                self.server.end(session, Fate::Revoked);
            }
            Action::End(session) => {
                self.ends -= 1;
                self.server.end(session, Fate::Forgotten);
                self.expire(|expiring| expiring == session);
            }
            Action::DropAccess(session) => {
                self.drops -= 1;
                self.jar.drop_access(session);
            }
            Action::DropRefresh(session) => self.jar.drop_refresh(session),
            Action::Evict(session) => self.jar.evict_refresh(session),
            Action::Plant(session) => {
                self.plants -= 1;
                self.jar.plant(session, world.names);
            }
            Action::TwoMinutes => self.server.two_minutes(),
            Action::Hour => {
                self.server.hour();
                self.expire(|_| true);
            }
        }
        self.under_way.sort_unstable();
    }

    fn decide(&mut self, deed: Deed, cookies: &Jar, rotation: Rotation, needs: Needs) {
        let login = match deed {
            Deed::Login(_) => self.server.unborn(),
            _ => None,
        };
        let (_, change) = self.server.decide(deed, cookies, rotation, needs);
        if !change.is_nothing() {
            self.under_way.push(Message::Answered(change, login));
        }
    }

    /// The access tokens of these sessions expire, wherever they are.
    fn expire(&mut self, is_meant: impl Fn(Id) -> bool) {
        self.jar.expire(&is_meant);
        for message in &mut self.under_way {
            match message {
                Message::Asked(_, cookies) => cookies.expire(&is_meant),
                Message::Answered(change, _) => {
                    if let Some(tokens) = &mut change.stored {
                        tokens.access.expired |= is_meant(tokens.access.session);
                    }
                }
            }
        }
    }
}
