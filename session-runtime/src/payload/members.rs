//! The members that a claim adds to the object around it when serde flattens it, as far as they are
//! known at compile time: a clash would make every login fail.

use crate::payload::RESERVED_CLAIMS;

/// What a claim becomes with `#[serde(flatten)]`.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_enums, reason = "only the derives write it")]
pub enum Members {
    /// A value that is not an object, which serde refuses.
    Value,
    /// Members that are only known at run time: those of a map, or of a type that does not declare
    /// them.
    Open,
    /// A member with this name.
    Named(&'static str),
    /// All of these.
    All(&'static [Self]),
    /// One of these: the variants of an enum.
    OneOf(&'static [Self]),
}

impl Members {
    /// Whether flattening fails, whatever the value is.
    const fn is_value(&self) -> bool {
        match self {
            Self::Value => true,
            Self::Open | Self::Named(_) | Self::All(_) => false,
            Self::OneOf(variants) => {
                let mut index = 0;
                while index < variants.len() {
                    if !variants[index].is_value() {
                        return false;
                    }
                    index += 1;
                }
                !variants.is_empty()
            }
        }
    }

    /// Whether `name` may be one of them.
    const fn have(&self, name: &str) -> bool {
        match self {
            Self::Value | Self::Open => false,
            Self::Named(own) => is_same(own, name),
            Self::All(members) | Self::OneOf(members) => {
                let mut index = 0;
                while index < members.len() {
                    if members[index].have(name) {
                        return true;
                    }
                    index += 1;
                }
                false
            }
        }
    }

    /// The first name that may also be one of `others`.
    const fn shared_with(&self, others: &[Self]) -> Option<&'static str> {
        match self {
            Self::Value | Self::Open => None,
            Self::Named(name) => {
                if Self::have_any(others, name) {
                    Some(name)
                } else {
                    None
                }
            }
            Self::All(members) | Self::OneOf(members) => {
                let mut index = 0;
                while index < members.len() {
                    if let Some(name) = members[index].shared_with(others) {
                        return Some(name);
                    }
                    index += 1;
                }
                None
            }
        }
    }

    const fn have_any(all: &[Self], name: &str) -> bool {
        let mut index = 0;
        while index < all.len() {
            if all[index].have(name) {
                return true;
            }
            index += 1;
        }
        false
    }
}

/// The claims of the protocol, which a payload must not have.
const RESERVED: &[Members] = &{
    let mut names = [Members::Open; RESERVED_CLAIMS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Members::Named(RESERVED_CLAIMS[index]);
        index += 1;
    }
    names
};

/// Where a claim is flattened.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_enums, reason = "only the derives write it")]
pub enum Level {
    /// In the payload, beside the claims of the protocol.
    Token,
    /// Inside a claim.
    Claim,
}

/// Fails to compile if `members`, of the type `ty`, cannot stand beside `others`.
///
/// Of a generic payload that is known where it is used:
///
/// ```compile_fail,E0080
/// # use serde::{Deserialize, Serialize};
/// # use session_runtime::{JwtPayload, NewSession, PublicClaim};
/// #[derive(Serialize, Deserialize, JwtPayload)]
/// #[session(name = "claims")]
/// struct Claims<T> {
///     #[serde(flatten)]
///     rest: T,
/// }
///
/// #[derive(Serialize, Deserialize, PublicClaim)]
/// struct Account {
///     exp: u64,
/// }
///
/// NewSession::new("ada".to_owned(), Claims { rest: Account { exp: 1 } }, ());
/// ```
#[track_caller]
pub const fn require_room(ty: &str, members: &Members, others: &Members, level: Level) {
    if members.is_value() {
        Message::new()
            .with("`")
            .with(ty)
            .with("` does not become a JSON object: flatten a struct or a map, or remove `#[serde(flatten)]`")
            .fail();
    }
    if let (Some(name), Level::Token) = (members.shared_with(RESERVED), level) {
        Message::new()
            .with("the claim `")
            .with(name)
            .with("`, a member of `")
            .with(ty)
            .with("`, belongs to the session protocol: give it another name there, or `#[serde(rename = \"app_")
            .with(name)
            .with("\")]`")
            .fail();
    }
    if let Some(name) = members.shared_with(std::slice::from_ref(others)) {
        Message::new()
            .with("`")
            .with(ty)
            .with("` has a member `")
            .with(name)
            .with("`, and so has what it is flattened into: rename one of them")
            .fail();
    }
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// A message that is put together at compile time.
struct Message {
    bytes: [u8; 512],
    len: usize,
}

impl Message {
    const fn new() -> Self {
        Self {
            bytes: [0; 512],
            len: 0,
        }
    }

    /// Adds `text` if there is room for it. The longest part is the type, which the compiler shows
    /// as well.
    const fn with(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if text.len() + 200 > self.bytes.len() - self.len {
            return self;
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.len] = text[index];
            self.len += 1;
            index += 1;
        }
        self
    }

    #[track_caller]
    const fn fail(&self) -> ! {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("a flattened type and what it is flattened into share a member"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Members::{All, Named, OneOf, Open, Value};

    #[test]
    fn names_are_found_at_any_depth() {
        const INNER: Members = OneOf(&[All(&[Named("kind"), Named("seats")]), Open, Value]);
        for (members, others, shared) in [
            (Named("a"), &[Named("a")][..], Some("a")),
            (Named("a"), &[Named("b"), Named("aa"), Open, Value], None),
            (Open, &[Named("a"), Open], None),
            (All(&[]), &[All(&[])], None),
            (INNER, &[Named("seats")], Some("seats")),
            (Named("kind"), &[Open, All(&[INNER])], Some("kind")),
            (INNER, &[Named("plan")], None),
        ] {
            assert_eq!(members.shared_with(others), shared, "{members:?}");
        }
        for name in RESERVED_CLAIMS {
            assert_eq!(Named(name).shared_with(RESERVED), Some(*name));
        }
    }

    #[test]
    fn what_never_becomes_an_object_is_a_value() {
        for (members, value) in [
            (Value, true),
            (OneOf(&[Value, Value]), true),
            (OneOf(&[Value, Named("a")]), false),
            (OneOf(&[]), false),
            (All(&[]), false),
            (Open, false),
        ] {
            assert_eq!(members.is_value(), value, "{members:?}");
        }
    }
}
