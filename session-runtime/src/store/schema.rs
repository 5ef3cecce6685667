//! The tables, as Diesel sees them, and as a launch expects to find them. `migrations/` creates
//! them.

use diesel::prelude::QueryableByName;
use diesel::sql_types::{Bool, Text};

/// A column that was found.
#[derive(Debug, QueryableByName)]
pub(super) struct Column {
    /// Its table.
    #[diesel(sql_type = Text)]
    pub(super) table_name: String,
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    /// Its type, without a length.
    #[diesel(sql_type = Text)]
    pub(super) kind: String,
    /// Whether a row must give it a value: NOT NULL, and no default.
    #[diesel(sql_type = Bool)]
    pub(super) needed: bool,
}

/// An index that was found, that of a primary key included.
#[derive(Debug, QueryableByName)]
pub(super) struct Index {
    /// Its table.
    #[diesel(sql_type = Text)]
    pub(super) table_name: String,
    #[diesel(sql_type = Bool)]
    pub(super) is_unique: bool,
    /// Its columns in order, with commas between.
    #[diesel(sql_type = Text)]
    pub(super) parts: String,
}

/// The table that says which steps of the migrations were done.
pub(super) const VERSIONS: &str = "session_schema";

/// A primary key that must be there: its table, and its columns with commas between.
pub(super) type Key = (&'static str, &'static str);

/// The indexes without which a query reads every row: the name, the table, the first column.
pub(super) const INDEXES: [(&str, &str, &str); 4] = [
    ("session_info_user", "session_info", "user_id"),
    ("session_info_expiry", "session_info", "expires_at"),
    ("session_revocation_number", "session_revocation", "number"),
    ("session_revocation_until", "session_revocation", "until"),
];

/// The primary key of every table that all databases have.
pub(super) const KEYS: [Key; 4] = [
    ("session_info", "handle"),
    ("session_revocation", "handle"),
    ("session_counter", "name"),
    ("session_key", "kind,id"),
];

/// A column that must be there: its table, its name, its type to Diesel without `Nullable`.
pub(super) type Expected = (&'static str, &'static str, &'static str);

/// Makes Diesel's tables and the list of their columns of one text.
macro_rules! tables {
    ($(
        $table:ident ($($key:ident),+) {
            $($column:ident -> $type:ident $(<$inner:ident>)?,)+
        }
    )+) => {
        $(diesel::table! {
            $table ($($key),+) {
                $($column -> $type $(<$inner>)?,)+
            }
        })+

        /// Every column of every table that all databases have.
        pub(super) const COLUMNS: &[Expected] = &[$($(
            (stringify!($table), stringify!($column), kind!($type $($inner)?)),
        )+)+];
    };
}

macro_rules! kind {
    (Nullable $inner:ident) => {
        stringify!($inner)
    };
    ($type:ident) => {
        stringify!($type)
    };
}

tables! {
    session_info (handle) {
        handle -> Binary,
        user_id -> Text,
        parent_hash -> Binary,
        parent_since -> BigInt,
        generation -> BigInt,
        children -> Binary,
        payload -> Text,
        data -> Text,
        created_at -> BigInt,
        validity -> BigInt,
        expires_at -> BigInt,
        ends_for_good -> Nullable<BigInt>,
        auth_time -> Nullable<BigInt>,
        anonymous -> Bool,
        data_version -> BigInt,
        device -> Text,
        capped_since -> Nullable<BigInt>,
        payload_type -> Text,
        pending_attempts -> Nullable<BigInt>,
        device_key -> Nullable<Binary>,
        device_bound_at -> Nullable<BigInt>,
        device_state -> Nullable<SmallInt>,
    }
    session_revocation (handle) {
        handle -> Binary,
        number -> Nullable<BigInt>,
        until -> BigInt,
        replaced -> Bool,
    }
    session_counter (name) {
        name -> Text,
        value -> BigInt,
    }
    session_key (kind, id) {
        id -> Text,
        kind -> Text,
        sealed -> Binary,
        created_at -> BigInt,
    }
}
