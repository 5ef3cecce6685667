//! The world between two steps. Times count from now and tokens are named by the part they play, so
//! that worlds which go on alike are one state, and there are finitely many: neither time nor the
//! number of refreshes needs a bound.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use crate::setup::{FAR, Server, Setup};

/// A refresh token, as whoever holds it sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token {
    pub(crate) place: Place,
    /// The generation written in it, less the row's. Every negative number is -1: the rule only
    /// asks which is greater.
    pub(crate) generation: i8,
    /// Thief and owner held different tokens when one of them advanced, and this was the other's.
    pub(crate) doomed: bool,
    /// What the token is to a standby that no longer follows.
    pub(crate) behind: Option<Behind>,
    pub(crate) name: Label,
}

/// A token as the row of the standby has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Behind {
    pub(crate) place: Place,
    pub(crate) generation: i8,
    pub(crate) doomed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// The parent is 0, the children follow in the order of the row.
    Live(u8),
    /// It was in the row once.
    Dead,
    /// Its generation is above the row's, and the row does not know it: the commit that wrote it
    /// was lost.
    Lost(u8),
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
    pub(crate) capped_since: Option<i8>,
    pub(crate) ends_in: i8,
}

/// A copy of the store that no longer gets what is committed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Standby {
    pub(crate) row: Row,
    pub(crate) capped: Option<i8>,
    /// So many commits it did not get.
    pub(crate) missed: u8,
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
    FalseAlarm,
    CappedTooLong,
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
    /// How much longer the session may answer since the cap was first met.
    pub(crate) capped: Option<i8>,
    pub(crate) standby: Option<Standby>,
    pub(crate) failed_over: bool,
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

impl Token {
    fn lost(&self) -> Option<u8> {
        match self.place {
            Place::Lost(number) => Some(number),
            _ => None,
        }
    }
}

impl Row {
    fn tick(&mut self, setup: &Setup) {
        // What is M old on the slower clock is old for ever.
        let age = |since: &mut i8| *since = (*since - 1).max(-setup.min_age);
        age(&mut self.parent_since);
        self.children.iter_mut().for_each(age);
        // The rule only asks whether the cap was met.
        self.capped_since = self.capped_since.map(|_| 0);
        count_down(&mut self.ends_in);
    }
}

/// What is over on the slower clock is over for ever.
fn count_down(ticks: &mut i8) {
    if *ticks != FAR {
        *ticks = (*ticks - 1).max(0);
    }
}

impl State {
    pub(crate) fn login(setup: &Setup) -> Self {
        let absolute_end = setup.absolute_end.unwrap_or(FAR);
        Self {
            row: Row {
                parent_since: 0,
                children: Vec::new(),
                capped_since: None,
                ends_in: setup.validity.unwrap_or(FAR).min(absolute_end),
            },
            revoked: None,
            jar: Token {
                place: Place::Live(0),
                generation: 0,
                doomed: false,
                behind: None,
                name: Label(0),
            },
            fresh: setup.patience(),
            messages: Vec::new(),
            loot: None,
            absolute_end,
            capped: None,
            standby: None,
            failed_over: false,
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
        self.each_token(|token| *token = rename(*token));
        self.tidy();
    }

    fn each_token(&mut self, change: impl Fn(&mut Token)) {
        change(&mut self.jar);
        for message in &mut self.messages {
            let (Content::Request { token, .. } | Content::Answer(token)) = &mut message.content;
            change(token);
        }
        let loot = self.loot.iter_mut();
        loot.flat_map(|loot| &mut loot.tokens).for_each(change);
    }

    /// The order of messages and loot means nothing, nor do the numbers of lost tokens.
    pub(crate) fn tidy(&mut self) {
        let numbers: BTreeSet<u8> = self.tokens().filter_map(Token::lost).collect();
        if numbers.iter().copied().ne(0..numbers.len() as u8) {
            self.each_token(|token| {
                if let Place::Lost(number) = &mut token.place {
                    *number = numbers.range(..*number).count() as u8;
                }
            });
        }
        self.messages.sort_unstable();
        if let Some(loot) = &mut self.loot {
            loot.tokens.sort_unstable();
            loot.tokens.dedup();
        }
    }

    /// A tick later. A request that was not decided by now is refused, and nobody waits for an
    /// answer any more.
    pub(crate) fn tick(&mut self, setup: &Setup) {
        self.tick.0 += 1;
        self.row.tick(setup);
        if let Some(standby) = &mut self.standby {
            standby.row.tick(setup);
            standby.capped.iter_mut().for_each(count_down);
        }
        self.capped.iter_mut().for_each(count_down);
        count_down(&mut self.absolute_end);
        self.fresh = (self.fresh - 1).max(0);
        for message in &mut self.messages {
            message.age += 1;
        }
        self.messages
            .retain(|message| message.age <= setup.round_trip);
    }

    /// The row is deleted. What a refused token was before makes no difference any more, so it is
    /// forgotten.
    pub(crate) fn revoke(&mut self, setup: &Setup, how: Revoked) {
        self.revoked = Some(how);
        if setup.server == Server::LooksThenWrites {
            return;
        }
        self.row.parent_since = -setup.min_age;
        self.row.children.clear();
        self.row.capped_since = None;
        self.capped = None;
        self.standby = None;
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
            behind: None,
            ..token
        });
    }
}
