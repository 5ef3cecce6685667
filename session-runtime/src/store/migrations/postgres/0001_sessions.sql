-- One row per session. Times are milliseconds since 1970 (UTC).
CREATE TABLE session_info (
    handle       BYTEA   NOT NULL PRIMARY KEY, -- UUIDv7
    user_id      TEXT    COLLATE "C" NOT NULL, -- compared byte for byte
    parent_hash  BYTEA   NOT NULL,             -- SHA-256 of a refresh token
    parent_since BIGINT  NOT NULL,
    generation   BIGINT  NOT NULL,
    children     BYTEA   NOT NULL,             -- (SHA-256, minted at) of each live child
    payload      TEXT    NOT NULL,             -- JSON object
    data         TEXT    NOT NULL,             -- JSON
    created_at   BIGINT  NOT NULL,
    validity     BIGINT  NOT NULL,             -- from each rotation on
    expires_at   BIGINT  NOT NULL
);
CREATE INDEX session_info_user ON session_info (user_id);
CREATE INDEX session_info_expiry ON session_info (expires_at);

-- The feed of revocations. An entry gets its number after its transaction committed.
CREATE TABLE session_revocation (
    handle       BYTEA   NOT NULL PRIMARY KEY,
    "number"     BIGINT,
    "until"      BIGINT  NOT NULL
);
CREATE INDEX session_revocation_number ON session_revocation ("number");
CREATE INDEX session_revocation_until ON session_revocation ("until");
CREATE TABLE session_counter (
    name         TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    "value"      BIGINT  NOT NULL
);
INSERT INTO session_counter (name, "value") VALUES ('revocation', 0);

-- Keys of all kinds, sealed under the master key.
CREATE TABLE session_key (
    id           TEXT    COLLATE "C" NOT NULL,
    kind         TEXT    COLLATE "C" NOT NULL,
    sealed       BYTEA   NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (kind, id)
);
