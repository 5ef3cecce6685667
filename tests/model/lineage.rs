//! Between the row of the model and the `Lineage` of the rule.

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::{Child, Lineage, Presented, TokenHash};

use crate::state::{Place, Row, Token};

/// The generation that the row has whenever the rule is asked: the model only keeps differences.
const GENERATION: i32 = 1_000;

/// The token that is handed out if the verdict allows it.
pub(crate) const NEWBORN: TokenHash = TokenHash([255; 32]);
const DEAD: TokenHash = TokenHash([253; 32]);
const UNWRITTEN: TokenHash = TokenHash([254; 32]);
/// The first of the tokens that the store lost.
const LOST: u8 = 200;

/// `tick` ticks of a second from now.
pub(crate) fn at(tick: i8) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(i64::from(tick))
}

/// `minutes` after the login, for worlds that count from there.
pub(crate) fn minute(minutes: u8) -> DateTime<Utc> {
    at(0) + TimeDelta::minutes(i64::from(minutes))
}

fn tick(time: DateTime<Utc>) -> i8 {
    i8::try_from((time - at(0)).num_seconds()).expect("a rule writes no time of its own")
}

fn live(part: u8) -> TokenHash {
    TokenHash([part; 32])
}

pub(crate) fn generation(relative: i8) -> u32 {
    (GENERATION + i32::from(relative)).unsigned_abs()
}

/// How many generations a lineage is ahead of the one that was handed to the rule.
pub(crate) fn advanced(next: &Lineage) -> i8 {
    let steps = i64::from(next.generation) - i64::from(GENERATION);
    i8::try_from(steps).unwrap_or(i8::MAX)
}

pub(crate) fn presented(token: Token) -> Presented {
    let hash = match token.place {
        Place::Live(part) => live(part),
        Place::Lost(number) => TokenHash([LOST + number; 32]),
        Place::Dead => DEAD,
        Place::Unwritten => UNWRITTEN,
    };
    Presented {
        token: hash,
        generation: generation(token.generation),
    }
}

pub(crate) fn lineage(row: &Row) -> Lineage {
    Lineage {
        parent: live(0),
        parent_since: at(row.parent_since),
        generation: generation(0),
        children: (1..)
            .zip(&row.children)
            .map(|(part, minted_at)| Child {
                token: live(part),
                minted_at: at(*minted_at),
            })
            .collect(),
        capped_since: row.capped_since.map(at),
        ends_at: at(row.ends_in),
    }
}

pub(crate) fn row(lineage: &Lineage) -> Row {
    Row {
        parent_since: tick(lineage.parent_since),
        children: lineage
            .children
            .iter()
            .map(|child| tick(child.minted_at))
            .collect(),
        capped_since: lineage.capped_since.map(tick),
        ends_in: tick(lineage.ends_at),
    }
}

/// The part that a token plays in a lineage.
pub(crate) fn place(lineage: &Lineage, hash: TokenHash) -> Place {
    if lineage.parent == hash {
        return Place::Live(0);
    }
    (1..)
        .zip(&lineage.children)
        .find(|(_, child)| child.token == hash)
        .map_or(Place::Dead, |(part, _)| Place::Live(part))
}
