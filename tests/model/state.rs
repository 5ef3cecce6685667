//! The world between two steps. Times count from now and tokens are named by the part they play, so that worlds which
//! go on alike are one state, and there are finitely many: neither time nor the number of refreshes needs a bound.

use std::hash::{Hash, Hasher};

use crate::setup::{FAR, Server, Setup};

/// A refresh token, as whoever holds it sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token {
    pub(crate) place: Place,
    /// The generation written in it, less the row's. Every negative number is -1: the rule only asks which is greater.
    pub(crate) generation: i8,
    /// Thief and owner held different tokens when one of them advanced, and this was the other's.
    pub(crate) doomed: bool,
    pub(crate) name: Label,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// The parent is 0, the children follow in the order of the row.
    Live(u8),
    /// It was in the row once.
    Dead,
    /// It was never in the row.
    Unwritten,
}

/// A number for whoever reads a trace. Two worlds that differ in labels only are the same.
#[derive(Debug, Clone, Copy, Default, Eq)]
pub(crate) struct Label(pub(crate) u16);

impl PartialEq for Label {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl PartialOrd for Label {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Label {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Hash for Label {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The row of the session: what `Lineage` says, in ticks from now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) parent_since: i8,
    /// When each child was minted.
    pub(crate) children: Vec<i8>,
    pub(crate) ends_in: i8,
}

/// One request of the owner, or the answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Message {
    /// Since the request was sent.
    pub(crate) age: i8,
    pub(crate) content: Content,
    /// The network made it out of another message.
    pub(crate) copy: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Content {
    Request {
        token: Token,
        /// It was sent before the thief copied the jar.
        before_theft: bool,
        /// A server that looks first has seen that the session is there.
        looked: bool,
    },
    Answer(Token),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Revoked {
    AsTheft,
    ByTheApplication,
}

/// What the thief has, and the books of the rounds in which thief and owner both got a new token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Loot {
    pub(crate) tokens: Vec<Token>,
    pub(crate) owner_renewed: bool,
    pub(crate) thief_renewed: bool,
    /// The owner got a new token for the parent since the copy.
    pub(crate) parent_used: bool,
    /// How many more rounds the design allows: two, and one for each lost or parallel answer.
    pub(crate) rounds_left: u8,
}

/// A promise that a step broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    JudgedTheft,
    SentAway,
    DoomedTokenWorks,
    TooManyRounds,
    PutOutUnseen,
    Shape,
    Revived,
    EndMoved,
    Torn,
    ForgedTokenWorks,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) row: Row,
    pub(crate) revoked: Option<Revoked>,
    /// The refresh token in the cookie jar that all tabs share.
    pub(crate) jar: Token,
    /// How much longer the access token in the jar keeps patient tabs from refreshing.
    pub(crate) fresh: i8,
    pub(crate) messages: Vec<Message>,
    pub(crate) loot: Option<Loot>,
    pub(crate) absolute_end: i8,
    pub(crate) broken: Option<Broken>,
    pub(crate) minted: Label,
    pub(crate) tick: Label,
}

impl Loot {
    pub(crate) fn new(jar: Token) -> Self {
        Self {
            tokens: vec![jar],
            owner_renewed: false,
            thief_renewed: false,
            parent_used: false,
            rounds_left: 2,
        }
    }
}

impl State {
    pub(crate) fn login(setup: &Setup) -> Self {
        let absolute_end = setup.absolute_end.unwrap_or(FAR);
        Self {
            row: Row {
                parent_since: 0,
                children: Vec::new(),
                ends_in: setup.validity.unwrap_or(FAR).min(absolute_end),
            },
            revoked: None,
            jar: Token {
                place: Place::Live(0),
                generation: 0,
                doomed: false,
                name: Label(0),
            },
            fresh: setup.patience(),
            messages: Vec::new(),
            loot: None,
            absolute_end,
            broken: None,
            minted: Label(0),
            tick: Label(0),
        }
    }

    /// All tokens that are out, once for each holder.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.owners().chain(self.thiefs())
    }

    /// What the owner's jar holds, or held, or will hold unless an answer is lost.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &Token> {
        let under_way = self.messages.iter().map(|message| match &message.content {
            Content::Request { token, .. } | Content::Answer(token) => token,
        });
        under_way.chain([&self.jar])
    }

    pub(crate) fn thiefs(&self) -> impl Iterator<Item = &Token> {
        self.loot.iter().flat_map(|loot| &loot.tokens)
    }

    /// Gives every token that is out its part in a new row.
    pub(crate) fn rename(&mut self, rename: impl Fn(Token) -> Token) {
        self.jar = rename(self.jar);
        for message in &mut self.messages {
            let (Content::Request { token, .. } | Content::Answer(token)) = &mut message.content;
            *token = rename(*token);
        }
        for token in self.loot.iter_mut().flat_map(|loot| &mut loot.tokens) {
            *token = rename(*token);
        }
        self.tidy();
    }

    /// The order of messages and loot means nothing.
    pub(crate) fn tidy(&mut self) {
        self.messages.sort_unstable();
        if let Some(loot) = &mut self.loot {
            loot.tokens.sort_unstable();
            loot.tokens.dedup();
        }
    }

    /// A tick later. A request that was not decided by now is refused, and nobody waits for an answer any more.
    pub(crate) fn tick(&mut self, setup: &Setup) {
        self.tick.0 += 1;
        // What is M old on the slower clock is old for ever.
        let age = |since: &mut i8| *since = (*since - 1).max(-setup.min_age);
        age(&mut self.row.parent_since);
        self.row.children.iter_mut().for_each(age);
        for end in [&mut self.row.ends_in, &mut self.absolute_end] {
            if *end != FAR {
                // What is over on the slower clock is over for ever.
                *end = (*end - 1).max(0);
            }
        }
        self.fresh = (self.fresh - 1).max(0);
        for message in &mut self.messages {
            message.age += 1;
        }
        self.messages
            .retain(|message| message.age <= setup.round_trip);
    }

    /// The row is deleted. What a refused token was before makes no difference any more, so it is forgotten.
    pub(crate) fn revoke(&mut self, setup: &Setup, how: Revoked) {
        self.revoked = Some(how);
        if setup.server == Server::LooksThenWrites {
            return;
        }
        self.row.parent_since = -setup.min_age;
        self.row.children.clear();
        if let Some(loot) = &mut self.loot {
            loot.owner_renewed = false;
            loot.thief_renewed = false;
            loot.parent_used = false;
            loot.rounds_left = 0;
        }
        self.rename(|token| Token {
            place: Place::Dead,
            generation: -1,
            doomed: false,
            ..token
        });
    }
}
