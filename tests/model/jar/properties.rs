//! What must hold in every state, and signs that the checks are not idle.

use stateright::Property;

use super::cookies::{Id, SESSIONS};
use super::server::{Deed, Fate, Needs, Rotation, Says, handle};
use super::ways::{End, Page, Walk};
use super::world::{State, World};

pub(super) const LAST_LOGIN: &str = "the last acknowledged login stays while its session lives";
const EVERY_LOGIN: &str = "every acknowledged login stays while its session lives";
const CLEAN: &str = "dead cookies are removed in the end";
const ARRIVES: &str = "every way ends in a page or a login form";
const COMES_BACK: &str = "a session that has lost its access cookie comes back";
pub(super) const NO_COPY: &str = "no browser goes on with a copy of its session";
const LOGIN_FORM: &str = "the login page is a form or a page at the first request";

pub(super) fn is_promise(name: &str) -> bool {
    let promises = [
        LAST_LOGIN,
        EVERY_LOGIN,
        CLEAN,
        ARRIVES,
        LOGIN_FORM,
        COMES_BACK,
        NO_COPY,
    ];
    promises.contains(&name)
}

/// Beside a sibling host that fills the jar a login can get lost.
pub(super) fn of(world: &World) -> Vec<Property<World>> {
    let mut all = all();
    if world.drops > 0 {
        all.retain(|property| [ARRIVES, LOGIN_FORM].contains(&property.name));
        all.push(Property::always(
            COMES_BACK,
            |world: &World, state: &State| {
                let mut held: Vec<Id> = state.jar.sessions().collect();
                held.dedup();
                let alone = match held[..] {
                    [only]
                        if state.server.is_live(only)
                            && state.jar.refresh().next() == Some(only) =>
                    {
                        only
                    }
                    _ => return true,
                };
                let shown = End::Shown(Some(alone));
                walks(world, state).all(|mut walk| walk.open(Page::Members) == shown)
            },
        ));
        all.push(Property::sometimes(
            "an access cookie is lost",
            |_, state: &State| {
                let lost = state.jar.without_access();
                lost.iter().any(|id| state.server.is_live(*id))
            },
        ));
        return all;
    }
    if world.plants > 0 {
        let still = [ARRIVES, LOGIN_FORM, NO_COPY];
        all.retain(|property| still.contains(&property.name) || !is_promise(property.name));
        all.push(Property::sometimes(
            "a copy is found out",
            |_, state: &State| {
                let is_copied = |id: &Id| state.server.is_live(*id) && is_found_out(state, *id);
                state.jar.planted().any(|id| is_copied(&id))
            },
        ));
    }
    all
}

fn is_found_out(state: &State, session: Id) -> bool {
    let mut server = state.server.clone();
    server.decide(Deed::Refresh, &state.jar, Rotation::Pair, Needs::Hash);
    !server.is_live(session)
}

fn all() -> Vec<Property<World>> {
    vec![
        Property::always(NO_COPY, |_, state: &State| !state.server.followed_a_copy),
        Property::always(LAST_LOGIN, |_, state: &State| {
            let last = state.acknowledged.last();
            last.is_none_or(|session| is_kept(state, *session))
        }),
        Property::always(EVERY_LOGIN, |_, state: &State| {
            let mut logins = state.acknowledged.iter();
            logins.all(|session| is_kept(state, *session))
        }),
        Property::always(CLEAN, |world: &World, state: &State| {
            walks(world, state).all(|walk| is_cleaned(&walk))
        }),
        Property::always(ARRIVES, |world: &World, state: &State| {
            let pages = [Page::Members, Page::Everybody, Page::Api];
            walks(world, state).all(|walk| {
                let mut ends = pages.map(|page| walk.clone().open(page)).into_iter();
                ends.all(|end| matches!(end, End::Shown(_) | End::LoginForm | End::Later))
            })
        }),
        Property::always(LOGIN_FORM, |world: &World, state: &State| {
            let end = |mut walk: Walk| walk.open(Page::Login);
            let fits = |end| matches!(end, End::Shown(Some(_)) | End::LoginForm);
            walks(world, state).map(end).all(fits)
        }),
        Property::sometimes("every login in one jar", |world: &World, state: &State| {
            (0..world.logins).all(|session| state.jar.has_pair(session))
        }),
        Property::sometimes("sessions of two users", |_, state: &State| {
            asked(state, Deed::Visit) == Says::SeveralUsers
        }),
        Property::sometimes("a session was replaced", |_, state: &State| {
            asked(state, Deed::Refresh) == Says::Replaced
        }),
        Property::sometimes("an access cookie alone", |_, state: &State| {
            !state.jar.is_empty() && state.jar.refresh().next().is_none()
        }),
        Property::sometimes(
            "an older live pair behind a dead one",
            |_, state: &State| {
                let is_pair = |session: Id| state.jar.has_pair(session);
                let live = |session: Id| is_pair(session) && state.server.is_live(session);
                let dead = |session: Id| is_pair(session) && !state.server.is_live(session);
                live(0) && dead(1)
            },
        ),
    ]
}

fn is_kept(state: &State, session: Id) -> bool {
    !state.server.is_live(session) || state.jar.has_pair(session)
}

/// From here, with and without new refresh tokens. Whatever is under way may get lost, so only states in
/// which nothing is have to be looked at.
fn walks(world: &World, state: &State) -> impl Iterator<Item = Walk> {
    let is_quiet = state.under_way.is_empty();
    let rotations = [Rotation::Pair, Rotation::AccessOnly].into_iter();
    rotations.filter(move |_| is_quiet).map(|rotation| Walk {
        server: state.server.clone(),
        jar: state.jar.clone(),
        names: world.names,
        rotation,
        needs: world.needs,
    })
}

fn asked(state: &State, deed: Deed) -> Says {
    let mut server = state.server.clone();
    server
        .decide(deed, &state.jar, Rotation::Pair, Needs::Hash)
        .0
}

/// Once the access tokens have expired, visits alone remove every access cookie without its refresh cookie, and
/// the dead pairs that are newer than the session which they go on with. Pairs that are older go with a login,
/// with a sign-out, or when that session has ended as well.
fn is_cleaned(start: &Walk) -> bool {
    let mut used = start.clone();
    used.wait();
    let goes_on_with = match used.open_until_quiet(Page::Members) {
        End::Shown(Some(session)) => Some(session),
        // Sessions of two users: a login ends both.
        End::LoginForm if used.clone().visit() == Says::SeveralUsers => {
            let live = used
                .jar
                .sessions()
                .filter(|left| used.server.is_live(*left));
            live.max_by_key(|session| handle(*session))
        }
        _ => None,
    };
    let left_is_fine = used.jar.sessions().all(|left| {
        let is_older = goes_on_with.is_some_and(|session| handle(left) < handle(session));
        let may_wait = is_older || (goes_on_with.is_some() && used.server.is_live(left));
        used.jar.has_pair(left) && may_wait
    });
    used.sign_out();

    let mut over = start.clone();
    for session in (0..).take(SESSIONS) {
        over.server.end(session, Fate::Forgotten);
    }
    over.wait();
    over.open_until_quiet(Page::Members);
    left_is_fine && used.jar.is_empty() && over.jar.is_empty()
}
