//! The tables, as Diesel sees them. `migrations/` creates them.

diesel::table! {
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
    }
}

diesel::table! {
    session_revocation (handle) {
        handle -> Binary,
        number -> Nullable<BigInt>,
        until -> BigInt,
        replaced -> Bool,
    }
}

diesel::table! {
    session_counter (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    session_key (kind, id) {
        id -> Text,
        kind -> Text,
        sealed -> Binary,
        created_at -> BigInt,
    }
}
