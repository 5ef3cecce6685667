//! Where a person who opens a page ends up: guard, refresh, page again, as `web/routes/pages` and
//! `web/guards/variants.rs` lead a browser, and as the front-end SDK repeats a call.

use super::cookies::{Id, Jar, Names};
use super::server::{Deed, Needs, Rotation, Says, Server};

/// A session of each pair that a jar can hold is refreshed or removed once, then there is a last visit.
const MOST_REQUESTS: usize = 2 * super::cookies::SESSIONS + 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Guarded by `Session`.
    Members,
    /// Guarded by `MaybeSession`.
    Everybody,
    /// The page to log in on, guarded by `MaybeSession`.
    Login,
    /// A call of a script, which a front-end SDK makes again after a refresh.
    Api,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The page; `None` as a visitor.
    Shown(Option<Id>),
    LoginForm,
    /// The script is told to try again: a login has just replaced the session.
    Later,
    /// Too many requests.
    Circle,
}

/// The browser of somebody who does nothing else meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    pub(super) server: Server,
    pub(super) jar: Jar,
    pub(super) names: Names,
    pub(super) rotation: Rotation,
    pub(super) needs: Needs,
}

impl Walk {
    fn ask(&mut self, deed: Deed) -> Says {
        let (says, change) = self
            .server
            .decide(deed, &self.jar, self.rotation, self.needs);
        self.jar.apply(&change, self.names);
        says
    }

    /// Asks for one page.
    pub(super) fn visit(&mut self) -> Says {
        self.ask(Deed::Visit)
    }

    /// Opens a page and follows where the answers lead.
    pub(super) fn open(&mut self, mut page: Page) -> End {
        let mut requests = 0;
        while requests < MOST_REQUESTS {
            requests += 1;
            match (self.ask(Deed::Visit), page) {
                (Says::Session(session), _) => return End::Shown(Some(session)),
                (Says::NoToken, Page::Everybody) => return End::Shown(None),
                // The SDK hands the 403 to the script.
                (_, Page::Login) | (Says::NoToken | Says::SeveralUsers, Page::Api) => {
                    return End::LoginForm;
                }
                (Says::SeveralUsers | Says::NoToken, _) => page = Page::Login,
                (Says::TryRefresh | Says::Unauthorised, _) => {
                    requests += 1;
                    let deed = if page == Page::Api {
                        Deed::Refresh
                    } else {
                        Deed::RefreshPage
                    };
                    match (self.ask(deed), page) {
                        (Says::Replaced, Page::Api) => return End::Later,
                        // With the new tokens, or those of a later login, or as a visitor.
                        (Says::Session(_) | Says::Replaced, _) | (_, Page::Everybody) => {}
                        (_, Page::Api) => return End::LoginForm,
                        _ => page = Page::Login,
                    }
                }
                (Says::SignedOut | Says::Replaced, _) => unreachable!("no answer of a guard"),
            }
        }
        End::Circle
    }

    /// Opens a page again and again until that removes no more cookies; returns where it ends then.
    pub(super) fn open_until_quiet(&mut self, page: Page) -> End {
        loop {
            let before = self.jar.sessions().count();
            let end = self.open(page);
            if self.jar.sessions().count() == before {
                return end;
            }
        }
    }

    /// Every access token expires.
    pub(super) fn wait(&mut self) {
        self.server.hour();
        self.jar.expire(|_| true);
    }

    /// Signs out.
    pub(super) fn sign_out(&mut self) {
        self.ask(Deed::SignOut);
    }
}
