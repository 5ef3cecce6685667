//! Clients around the server: tabs that share one jar, a network that delays, reorders and loses,
//! and a thief.

use std::collections::{BTreeMap, BTreeSet};

use session_runtime::internals::rotation::{Policy, Withheld};

use crate::script::{End, Fate, Heist, Move, Pick, Step};
use crate::server::{Broken, D, M, Reply, Rule, SKEW, Server, Token};

#[derive(Debug, Clone, Copy)]
enum Event {
    Send(Step),
    Serve(Token, Step, i64),
    Store(Token),
    Copy,
    Steal(Move),
    Cut,
    FailOver,
}

pub(crate) struct World {
    server: Server,
    jar: Token,
    busy_until: [i64; 3],
    /// By time; at the same instant in the order of entry, so that a tab may still send the old
    /// token at the instant that a new one is stored.
    queue: BTreeMap<(i64, usize), Event>,
    entered: usize,
    now: i64,
    /// What the thief holds; empty before the copy.
    loot: Vec<Token>,
    /// When the jar was copied.
    copied_at: i64,
    /// Tokens for which the owner got a pair since the copy.
    used: BTreeSet<u32>,
    /// The owner's pairs since the copy that a lost or parallel answer accounts for.
    repeats: usize,
    owner_renewed: bool,
    thief_renewed: bool,
    /// How many more rounds a failover allows.
    forgiven: usize,
    /// How often both got a new token since the copy.
    pub(crate) rounds: usize,
}

impl World {
    pub(crate) fn new(rule: Rule, policy: Policy, steps: &[Step], heist: Option<&Heist>) -> Self {
        let (server, jar) = Server::login(rule, policy);
        let mut world = Self {
            server,
            jar,
            busy_until: [0; 3],
            queue: BTreeMap::new(),
            entered: 0,
            now: 0,
            loot: Vec::new(),
            copied_at: i64::MAX,
            used: BTreeSet::new(),
            repeats: 0,
            owner_renewed: false,
            thief_renewed: false,
            forgiven: 0,
            rounds: 0,
        };
        let mut time = 0;
        for step in steps {
            time += step.wait;
            world.enter(time, Event::Send(*step));
        }
        if let Some(heist) = heist {
            let mut time = heist.copy_at;
            world.enter(time, Event::Copy);
            for step in &heist.moves {
                time += step.wait;
                world.enter(time, Event::Steal(*step));
            }
        }
        world
    }

    /// A standby misses what is committed from `cut` on, and takes over at the other time.
    pub(crate) fn with_failover(mut self, cut: i64, takes_over: i64) -> Self {
        self.enter(cut, Event::Cut);
        self.enter(takes_over, Event::FailOver);
        self
    }

    fn enter(&mut self, time: i64, event: Event) {
        self.queue.insert((time, self.entered), event);
        self.entered += 1;
    }

    /// Runs the schedule to its end or to the first broken promise.
    pub(crate) fn play(&mut self) -> Result<End, Broken> {
        while let Some(((now, _), event)) = self.queue.pop_first() {
            self.now = now;
            let end = match event {
                Event::Send(step) => {
                    self.send(step);
                    End::Working
                }
                Event::Serve(token, step, sent) => self.serve(token, step, sent)?,
                Event::Store(token) => {
                    self.jar = token;
                    End::Working
                }
                Event::Copy => {
                    self.loot.push(self.jar);
                    self.copied_at = now;
                    End::Working
                }
                Event::Steal(step) => self.steal(step)?,
                Event::Cut => {
                    self.server.cut();
                    End::Working
                }
                Event::FailOver => {
                    self.fail_over();
                    End::Working
                }
            };
            if end != End::Working {
                return Ok(end);
            }
            self.server.audit()?;
            if self.loot.is_empty() && !self.server.accepts(self.jar) {
                return Err(Broken::JarDead);
            }
        }
        Ok(End::Working)
    }

    /// Thief and owner begin anew with the tokens that they have.
    fn fail_over(&mut self) {
        self.server.fail_over();
        self.used.clear();
        self.owner_renewed = false;
        self.thief_renewed = false;
        self.forgiven += 2;
    }

    fn send(&mut self, step: Step) {
        let sent = self.now;
        if sent < self.busy_until[step.tab] && !step.impatient {
            return;
        }
        // A tab gives up after D.
        let patience = if step.fate == Fate::Answered {
            step.answer
        } else {
            D
        };
        self.busy_until[step.tab] = sent + patience;
        if step.fate != Fate::RequestLost {
            self.enter(sent + step.serve, Event::Serve(self.jar, step, sent));
        }
    }

    fn serve(&mut self, token: Token, step: Step, sent: i64) -> Result<End, Broken> {
        let reply = self.server.refresh(token, self.now + step.skew);
        if let Reply::NewPair(new) = reply {
            if step.fate == Fate::Answered {
                self.enter(sent + step.answer, Event::Store(new));
            }
            self.owner_renews(token, sent)?;
        }
        self.end(reply, step.skew)
    }

    fn steal(&mut self, step: Move) -> Result<End, Broken> {
        let newest = self.loot.len() - 1;
        let token = match step.pick {
            Pick::Newest => self.loot[newest],
            Pick::Any(number) => self.loot[number % self.loot.len()],
        };
        let reply = self.server.refresh(token, self.now + step.skew);
        if let Reply::NewPair(new) = reply {
            self.loot.push(new);
            self.thief_renewed = true;
            self.count_round()?;
        }
        self.end(reply, step.skew)
    }

    fn end(&self, reply: Reply, skew: i64) -> Result<End, Broken> {
        match reply {
            Reply::AccessOnly(Withheld::StoreRolledBack) if !self.server.failed_over => {
                Err(Broken::FalseAlarm)
            }
            Reply::NewPair(_) | Reply::AccessOnly(_) => Ok(End::Working),
            Reply::Ended if self.now + skew < self.server.ends_at() => Err(Broken::EndedEarly),
            Reply::Ended if self.server.is_capped() => Ok(End::Capped),
            Reply::Ended => Ok(End::Expired),
            Reply::Theft if self.loot.is_empty() => Err(Broken::JudgedTheft),
            Reply::Theft => Ok(End::Detected),
            Reply::Refused => Err(Broken::LoggedOut),
        }
    }

    fn owner_renews(&mut self, token: Token, sent: i64) -> Result<(), Broken> {
        if self.loot.is_empty() {
            return Ok(());
        }
        let repeated = !self.used.insert(token.id) || sent < self.copied_at;
        self.repeats += usize::from(repeated);
        self.owner_renewed = true;
        self.count_round()
    }

    /// Two rounds and one per repeat. The owner gets a first pair for the copied token, and either
    /// that token or the thief's copy of it lives on. The first pair for any other token is an
    /// advance by a token that the thief does not hold, and kills all that it holds. Every other
    /// pair of the owner is a second one for the same token, because the first answer was lost or
    /// was under way, or was under way when the jar was copied.
    fn count_round(&mut self) -> Result<(), Broken> {
        if self.owner_renewed && self.thief_renewed {
            self.rounds += 1;
            self.owner_renewed = false;
            self.thief_renewed = false;
        }
        if self.rounds > 2 + self.repeats + self.forgiven {
            return Err(Broken::SharedTooLong);
        }
        Ok(())
    }

    /// A while later, and nothing lost: each refresh of an honest client rotates, unless as many
    /// answers as the cap allows were lost since it last rotated.
    pub(crate) fn settle(&mut self) -> Result<End, Broken> {
        for _ in 0..3 {
            self.now += M + SKEW;
            match self.server.refresh(self.jar, self.now) {
                Reply::NewPair(new) => self.jar = new,
                Reply::AccessOnly(Withheld::Capped) if self.server.is_full() => {}
                // Taken in, or there was no room for it.
                Reply::AccessOnly(Withheld::StoreRolledBack) if self.server.failed_over => {}
                Reply::AccessOnly(_) => return Err(Broken::Stuck),
                other => return self.end(other, 0),
            }
            self.server.audit()?;
        }
        Ok(End::Working)
    }

    /// Thief and owner both go on, a while apart and each with its newest token, for this many
    /// rounds.
    pub(crate) fn go_on(&mut self, rounds: usize, thief_first: bool) -> Result<End, Broken> {
        for turn in 0..2 * rounds {
            self.now += M + SKEW;
            let thief = (turn % 2 == 0) == thief_first;
            let held = if thief {
                self.loot.last().copied()
            } else {
                Some(self.jar)
            };
            let held = held.expect("the jar was copied");
            let reply = self.server.refresh(held, self.now);
            match reply {
                Reply::NewPair(new) if thief => self.loot.push(new),
                Reply::NewPair(new) => self.jar = new,
                _ => {}
            }
            let end = self.end(reply, 0)?;
            if end != End::Working {
                return Ok(end);
            }
        }
        Err(Broken::Unseen)
    }
}
