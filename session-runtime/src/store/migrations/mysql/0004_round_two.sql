-- Whether a later session of the same browser took the place of one that was ended.
ALTER TABLE session_revocation ADD COLUMN IF NOT EXISTS replaced BOOLEAN NOT NULL DEFAULT FALSE;
