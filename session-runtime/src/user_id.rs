//! `UserId`: how an application names its users, and how that is written into tokens and rows.

use std::borrow::Cow;

/// A type of user ids: `String`, an integer, `Uuid` (feature `uuid`), or a newtype that derives it.
///
/// User ids are compared byte by byte; as a string, one may take at most [128
/// bytes](crate::NewSession::MAX_USER_ID).
///
/// ```
/// use session_runtime::UserId;
///
/// #[derive(UserId)]
/// struct AccountNumber(u64);
/// ```
#[doc(alias = "RecipeUserId")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a user id",
    label = "not a user id",
    note = "use `String`, an integer or `uuid::Uuid` (feature `uuid`), or put `#[derive(UserId)]` on a newtype of one"
)]
pub trait UserId: Send + Sync + 'static {
    /// The string in the claim `sub` of a token and in the database.
    fn to_claim(&self) -> Cow<'_, str>;

    /// Parses the string of [`to_claim`](Self::to_claim); `None` if it is not a value of this type.
    fn from_claim(claim: &str) -> Option<Self>
    where
        Self: Sized;
}

/// To name a user where no id is read back, as in `sessions.revoke_all("ada")`.
impl UserId for str {
    fn to_claim(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl UserId for String {
    fn to_claim(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }

    fn from_claim(claim: &str) -> Option<Self> {
        Some(claim.to_owned())
    }
}

macro_rules! integer_user_id {
    ($($integer:ty)*) => {$(
        impl UserId for $integer {
            fn to_claim(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }

            fn from_claim(claim: &str) -> Option<Self> {
                // Only the canonical text: `+7` or `007` would be second names for user 7.
                claim.parse().ok().filter(|id: &Self| id.to_string() == claim)
            }
        }
    )*};
}

integer_user_id!(i16 i32 i64 i128 u16 u32 u64 u128);

#[cfg(feature = "uuid")]
impl UserId for uuid_lib::Uuid {
    fn to_claim(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }

    fn from_claim(claim: &str) -> Option<Self> {
        // Only the canonical text, as with integers.
        claim
            .parse()
            .ok()
            .filter(|id: &Self| id.to_string() == claim)
    }
}
