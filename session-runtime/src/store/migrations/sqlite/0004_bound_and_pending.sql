-- Whether a later session of the same browser took the place of one that was ended.
ALTER TABLE session_revocation ADD COLUMN replaced BOOLEAN NOT NULL DEFAULT FALSE;
-- When a session first had as many unused refresh tokens as may live at once.
ALTER TABLE session_info ADD COLUMN capped_since BIGINT;
-- How often the second factor was tried, if the session awaits one; such a row counts as no session of the user.
ALTER TABLE session_info ADD COLUMN pending_attempts BIGINT;

-- The name of the payload type; empty in rows of before, which end with their next refresh.
ALTER TABLE session_info ADD COLUMN payload_type TEXT NOT NULL DEFAULT '';

-- The public key of the device that a session is bound to, since when, and whether it proved itself:
-- 0 not yet, 1 yes, 2 the session went on without.
ALTER TABLE session_info ADD COLUMN device_key BLOB;
ALTER TABLE session_info ADD COLUMN device_bound_at BIGINT;
ALTER TABLE session_info ADD COLUMN device_state SMALLINT;
