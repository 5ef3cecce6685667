-- One row per session. Times are milliseconds since 1970 (UTC).
-- MariaDB commits each statement at once, so each can be run again.
CREATE TABLE IF NOT EXISTS session_info (
    handle       VARBINARY(16)  NOT NULL PRIMARY KEY, -- UUIDv7
    user_id      VARCHAR(128)   CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, -- compared byte for byte
    parent_hash  VARBINARY(32)  NOT NULL,             -- SHA-256 of a refresh token
    parent_since BIGINT         NOT NULL,
    generation   BIGINT         NOT NULL,
    children     BLOB           NOT NULL,             -- (SHA-256, minted at) of each live child
    payload      LONGTEXT       CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, -- JSON object
    data         LONGTEXT       CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL, -- JSON
    created_at   BIGINT         NOT NULL,
    validity     BIGINT         NOT NULL,             -- from each rotation on
    expires_at   BIGINT         NOT NULL,
    INDEX session_info_user (user_id),
    INDEX session_info_expiry (expires_at)
) ENGINE = InnoDB;

-- The feed of revocations. An entry gets its number after its transaction committed.
CREATE TABLE IF NOT EXISTS session_revocation (
    handle       VARBINARY(16)  NOT NULL PRIMARY KEY,
    `number`     BIGINT,
    `until`      BIGINT         NOT NULL,
    INDEX session_revocation_number (`number`),
    INDEX session_revocation_until (`until`)
) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS session_counter (
    name         VARCHAR(128)   CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL PRIMARY KEY,
    `value`      BIGINT         NOT NULL
) ENGINE = InnoDB;
INSERT IGNORE INTO session_counter (name, `value`) VALUES ('revocation', 0);

-- Keys of all kinds, sealed under the master key.
CREATE TABLE IF NOT EXISTS session_key (
    id           VARCHAR(128)   CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    kind         VARCHAR(64)    CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
    sealed       BLOB           NOT NULL,
    created_at   BIGINT         NOT NULL,
    PRIMARY KEY (kind, id)
) ENGINE = InnoDB;
