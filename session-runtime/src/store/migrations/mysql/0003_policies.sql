-- What a login fixes beside its lifetime, where it came from, and the version of the data.
ALTER TABLE session_info
    ADD COLUMN IF NOT EXISTS ends_for_good BIGINT,            -- no rotation moves it
    ADD COLUMN IF NOT EXISTS auth_time BIGINT,                -- when the user last proved who it is
    ADD COLUMN IF NOT EXISTS anonymous BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN IF NOT EXISTS data_version BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS device TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL DEFAULT ''; -- JSON
