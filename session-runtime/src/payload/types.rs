//! Payload types by name: tokens and rows name the type of a session, and a name must mean one
//! type.

use std::any::{TypeId, type_name};
use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use crate::payload::JwtPayload;

/// A payload type, as tokens and rows name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PayloadType {
    /// The name for new sessions.
    pub(crate) name: &'static str,
    /// Names of sessions that began before the type was renamed.
    was: &'static [&'static str],
    /// The page that asks for the second factor, if its sessions await one.
    pub(crate) pending: Option<&'static str>,
    id: TypeId,
    /// The path of the type, for messages.
    path: &'static str,
}

impl PayloadType {
    pub(crate) fn of<P: JwtPayload>() -> Self {
        Self {
            name: P::NAME,
            was: P::WAS,
            pending: P::PENDING,
            id: TypeId::of::<P>(),
            path: type_name::<P>(),
        }
    }

    /// Whether a session whose token or row has the name `name` is of this type.
    pub(crate) fn accepts(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name].into_iter().chain(self.was.iter().copied())
    }
}

/// The payload types that guards and logins of this application have used.
#[derive(Debug, Default)]
pub(crate) struct PayloadTypes {
    by_name: RwLock<HashMap<&'static str, PayloadType>>,
    /// The types for which it was already logged that JavaScript rounds a number.
    rounded: RwLock<HashSet<String>>,
}

/// Two types with one name, so that a session of one would be accepted as the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SharedName {
    pub(crate) name: &'static str,
    /// The paths of the types: first the one that was there.
    pub(crate) types: [&'static str; 2],
}

impl PayloadTypes {
    /// Whether this is the first number of a type that JavaScript rounds.
    pub(crate) fn is_first_rounded(&self, name: &str) -> bool {
        let told = self.rounded.read().unwrap_or_else(PoisonError::into_inner);
        if told.contains(name) {
            return false;
        }
        drop(told);
        let mut told = self.rounded.write().unwrap_or_else(PoisonError::into_inner);
        told.insert(name.to_owned())
    }

    /// Registers a type under its names, including former ones.
    ///
    /// # Errors
    /// If another type has one of them; nothing is registered then.
    pub(crate) fn enter(&self, new: PayloadType) -> Result<(), SharedName> {
        let missing = {
            let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
            Self::missing(&known, new)?
        };
        if missing {
            let mut known = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
            // Another request may have registered a type meanwhile.
            Self::missing(&known, new)?;
            known.extend(new.names().map(|name| (name, new)));
        }
        Ok(())
    }

    /// The page that asks for the second factor of sessions of this type.
    pub(crate) fn page_of(&self, name: &str) -> Option<&'static str> {
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        known.get(name)?.pending
    }

    /// Whether this page asks for a second factor.
    pub(crate) fn is_page(&self, path: &str) -> bool {
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let mut pages = known.values().filter_map(|known| known.pending);
        pages.any(|page| page.split('?').next() == Some(path))
    }

    /// Whether a name of `new` is not registered yet.
    fn missing(
        known: &HashMap<&'static str, PayloadType>,
        new: PayloadType,
    ) -> Result<bool, SharedName> {
        let mut missing = false;
        for name in new.names() {
            match known.get(name) {
                Some(other) if other.id != new.id => {
                    let types = [other.path, new.path];
                    return Err(SharedName { name, types });
                }
                Some(_) => {}
                None => missing = true,
            }
        }
        Ok(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload_type<T: 'static>(name: &'static str, was: &'static [&'static str]) -> PayloadType {
        PayloadType {
            name,
            was,
            pending: None,
            id: TypeId::of::<T>(),
            path: type_name::<T>(),
        }
    }

    #[test]
    fn a_type_takes_its_own_names_and_no_other() {
        let staff = payload_type::<u8>("Staff", &["Employee", "Clerk"]);
        for (name, accepted) in [
            ("Staff", true),
            ("Employee", true),
            ("Clerk", true),
            ("staff", false),
            ("Staff2", false),
            ("", false),
        ] {
            assert_eq!(staff.accepts(name), accepted, "{name}");
        }
    }

    #[test]
    fn a_name_belongs_to_one_type() {
        let types = PayloadTypes::default();
        let first = payload_type::<u8>("A", &["Old"]);
        assert_eq!(types.enter(first), Ok(()));
        assert_eq!(types.enter(first), Ok(()));
        for (second, shared) in [
            (payload_type::<u16>("A", &[]), Some("A")),
            (payload_type::<u16>("Old", &[]), Some("Old")),
            (payload_type::<u16>("B", &["A"]), Some("A")),
            (payload_type::<u16>("B", &["C", "Old"]), Some("Old")),
            // A refused type leaves nothing behind.
            (payload_type::<u32>("B", &["C"]), None),
        ] {
            let entered = types.enter(second);
            assert_eq!(entered.err().map(|shared| shared.name), shared);
        }
        let shared = types
            .enter(payload_type::<u64>("C", &[]))
            .expect_err("C is taken");
        assert_eq!(shared.types, ["u32", "u64"]);
    }
}
