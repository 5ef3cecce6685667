-- Whether a later session of the same browser took the place of one that was ended.
ALTER TABLE session_revocation ADD COLUMN IF NOT EXISTS replaced BOOLEAN NOT NULL DEFAULT FALSE;
-- When a session first had as many unused refresh tokens as may live at once.
ALTER TABLE session_info ADD COLUMN IF NOT EXISTS capped_since BIGINT;
-- How often the second factor was tried, if the session awaits one; such a row counts as no session of the user.
ALTER TABLE session_info ADD COLUMN IF NOT EXISTS pending_attempts BIGINT;

-- The name of the payload type; empty in rows of before, which end with their next refresh.
ALTER TABLE session_info
    ADD COLUMN IF NOT EXISTS payload_type VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL DEFAULT '';

-- The row of a user is locked while their sessions are counted; it is deleted a day after it was last used.
CREATE TABLE IF NOT EXISTS session_user_lock (
    user_id      VARCHAR(128)   CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL PRIMARY KEY,
    used_at      BIGINT         NOT NULL
) ENGINE = InnoDB;

-- The public key of the device that a session is bound to, since when, and whether it proved itself:
-- 0 not yet, 1 yes, 2 the session went on without.
ALTER TABLE session_info
    ADD COLUMN IF NOT EXISTS device_key VARBINARY(600),
    ADD COLUMN IF NOT EXISTS device_bound_at BIGINT,
    ADD COLUMN IF NOT EXISTS device_state SMALLINT;
