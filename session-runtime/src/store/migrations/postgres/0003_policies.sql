-- What a login fixes beside its lifetime, where it came from, and the version of the data.
ALTER TABLE session_info
    ADD COLUMN ends_for_good BIGINT,            -- no rotation moves it
    ADD COLUMN auth_time BIGINT,                -- when the user last proved who it is
    ADD COLUMN anonymous BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN data_version BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN device TEXT NOT NULL DEFAULT ''; -- JSON
