//! All small lineages: the verdict on each, read off a table.

use session_runtime::internals::rotation::{Child, Lineage, Presented, Verdict, Withheld};

use crate::family::{
    DEAD, GENERATION, M, NEW, born, child, decide_at, family, parent, successor, token,
};
use crate::{K, at};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Parent,
    YoungChild,
    OldChild,
    Superseded,
    FromTheFuture,
}
use Role::{FromTheFuture, OldChild, Parent, Superseded, YoungChild};

/// Role, whether the session has ended, and one letter for each number of children from 0 to K: `m`
/// mints beside the siblings, `a` advances, `c` writes the end that a full row has, or not if a
/// child is young (`f`), `y` too young, `t` theft, `n` takes in what is newer, `r` full for it, `e`
/// ended, `-` cannot be (a child where there is none, a cap met with room left).
const TABLE: [(Role, bool, &str); 10] = [
    (Parent, false, "mmmmmmmmc"),
    (YoungChild, false, "-yyyyyyyy"),
    (OldChild, false, "-aaaaaaaa"),
    (Superseded, false, "ttttttttt"),
    (FromTheFuture, false, "nnnnnnnnr"),
    (Parent, true, "eeeeeeeee"),
    (YoungChild, true, "-eeeeeeee"),
    (OldChild, true, "-eeeeeeee"),
    (Superseded, true, "eeeeeeeee"),
    (FromTheFuture, true, "eeeeeeeee"),
];

#[test]
fn every_role_meets_the_verdict_of_the_table_at_every_number_of_children() {
    let mut checked = 0;
    for (role, ended, row) in TABLE {
        assert_eq!(row.len(), K + 1, "a letter for each number of children");
        for (count, expected) in row.chars().enumerate().filter(|(_, letter)| *letter != '-') {
            for (lineage, presented) in cases(role, ended, count) {
                let verdict = decide_at(&lineage, presented, at(0));
                let got = letter(&lineage, presented, &verdict);
                let young = lineage
                    .children
                    .first()
                    .is_some_and(|child| child.minted_at > at(-M));
                let expected = if expected == 'c' && young {
                    'f'
                } else {
                    expected
                };
                assert_eq!(got, expected, "{role:?}, {count}, {lineage:?}: {verdict:?}");
                checked += 1;
            }
        }
    }
    // Two ages of the siblings for each; a child also stands in each place of 1 to 8 children.
    assert_eq!(
        checked,
        2 * (3 * 2 * (K + 1) + 2 * 2 * (1..=K).sum::<usize>())
    );
}

/// The pattern names every field, so a verdict that grows a lineage to write no longer compiles
/// here.
fn letter(before: &Lineage, presented: Presented, verdict: &Verdict) -> char {
    match verdict {
        Verdict::NewPair {
            next,
            late_parent: _,
        } => shape(before, presented, next),
        Verdict::AccessOnly { reason, next } => withheld(before, presented, *reason, next.as_ref()),
        Verdict::Theft => 't',
        Verdict::Ended => 'e',
    }
}

/// Why there is no refresh token, and whether what is written says no more than that; `?` if it
/// does.
fn withheld(
    before: &Lineage,
    presented: Presented,
    reason: Withheld,
    next: Option<&Lineage>,
) -> char {
    let capped = Lineage {
        capped_since: Some(at(0)),
        ..before.clone()
    };
    let mut taken_in = before.clone();
    taken_in.children.push(Child {
        token: presented.token,
        minted_at: at(0),
    });
    match (reason, next) {
        (Withheld::YoungChild, None) => 'y',
        (Withheld::Capped, None) => 'f',
        (Withheld::Capped, Some(next)) if *next == capped => 'c',
        (Withheld::StoreRolledBack, None) => 'r',
        (Withheld::StoreRolledBack, Some(next)) if *next == taken_in => 'n',
        _ => '?',
    }
}

/// Which of the two ways to write a lineage this is, or `?` if it is neither.
fn shape(before: &Lineage, presented: Presented, next: &Lineage) -> char {
    let (last, others) = next
        .children
        .split_last()
        .expect("a new pair leaves a child");
    if *last != born(NEW, 0) || next.capped_since.is_some() || next.ends_at != successor().ends_at {
        return '?';
    }
    let stayed = (next.parent, next.parent_since, next.generation)
        == (before.parent, before.parent_since, before.generation);
    let moved = (next.parent, next.parent_since, next.generation)
        == (presented.token, at(0), GENERATION + 1);
    match (stayed, moved) {
        (true, false) if others == before.children => 'm',
        (false, true) if others.is_empty() => 'a',
        _ => '?',
    }
}

/// The lineages with `count` children in which a token plays `role`: the siblings all young or all
/// old, a child in every place.
fn cases(role: Role, ended: bool, count: usize) -> Vec<(Lineage, Presented)> {
    let own_age = match role {
        YoungChild => Some(M - 1),
        OldChild => Some(M),
        Parent | Superseded | FromTheFuture => None,
    };
    let places = if own_age.is_some() { count } else { 1 };
    let mut cases = Vec::new();
    for sibling_age in [M - 1, M] {
        for place in 0..places {
            let mut ages = vec![sibling_age; count];
            if let Some(age) = own_age {
                ages[place] = age;
            }
            let mut lineage = family(&ages);
            lineage.ends_at = at(if ended { 0 } else { 1 });
            let presented = match role {
                Parent => parent(),
                YoungChild | OldChild => child(u32::try_from(place).expect("a small number")),
                Superseded => token(DEAD, GENERATION),
                FromTheFuture => token(DEAD, GENERATION + 1),
            };
            cases.push((lineage, presented));
        }
    }
    cases
}
