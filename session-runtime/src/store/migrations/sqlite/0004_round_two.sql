-- Whether a later session of the same browser took the place of one that was ended.
ALTER TABLE session_revocation ADD COLUMN replaced BOOLEAN NOT NULL DEFAULT FALSE;
