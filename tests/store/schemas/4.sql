-- sAccessToken.Djicacs0=eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImQtMTc5MDAwMDAwMDAwMC03NDk5MDNmNiIsInZlcnNpb24iOiI1IiwidHJhbnNwb3J0IjoiY29va2llIiwicGF5bG9hZF90eXBlIjoiQ2xhaW1zIn0.eyJzdWIiOiJhZGEiLCJyc3ViIjoiYWRhIiwidElkIjoicHVibGljIiwiaWF0IjoxNzkwMDAwMDAwLCJleHAiOjE3OTAwMDM1ODEsInNlc3Npb25IYW5kbGUiOiIwMWEwYzQ1MC02YzAwLTcxZmQtYjQxNC0wZTM4OWM2OWNiMzQiLCJyZWZyZXNoVG9rZW5IYXNoMSI6IjdmODQ2MmJjMzhhMmEyMDI3MzAwOGNiODI5ZTQyMTIwYjZjYmU4ODVkNzJmYmRhMWM1Mzg3YTI5MmQ2YjBmZTkiLCJwYXJlbnRSZWZyZXNoVG9rZW5IYXNoMSI6bnVsbCwiYW50aUNzcmZUb2tlbiI6bnVsbCwiaXNzIjoiaHR0cDovLzEyNy4wLjAuMTo4MDAwL2F1dGgiLCJuYW1lIjoiQWRhIn0.l0mlXtAXC0w8a-i5T_72YNFhtP3-3fFCEJ2t9yx62oAzmT6RH5VHzRlIyybzIupl61TalOaE2QXKcbAn81aN2Q; sRefreshHash.Djicacs0=f4RivDiiogJzAIy4KeQhIA; sRefreshToken.Djicacs0=v1.AaDEUGwAcf20FA44nGnLNAABAAAAAAD50frTaUBBobtn7w07YBelUoWBbqoxF7E4sHGPc6CPIPTvZguu6viy8KIR7j_wPwVmuOxnlkNRGmCNCFO2Iu0v
-- sAccessToken.BXNoXEP3=eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImQtMTc5MDAwMDAwMDAwMC03NDk5MDNmNiIsInZlcnNpb24iOiI1IiwidHJhbnNwb3J0IjoiY29va2llIiwicGF5bG9hZF90eXBlIjoiQ2xhaW1zIn0.eyJzdWIiOiJnb25lIiwicnN1YiI6ImdvbmUiLCJ0SWQiOiJwdWJsaWMiLCJpYXQiOjE3OTAwMDAwMDAsImV4cCI6MTc5MDAwMzUxNywic2Vzc2lvbkhhbmRsZSI6IjAxYTBjNDUwLTZjMDAtNzYxNy04YzFmLTA1NzM2ODVjNDNmNyIsInJlZnJlc2hUb2tlbkhhc2gxIjoiMDNmZWM5ODJjY2ZlMzVmZThhNjE2MmQ5NjhmZDU2NzNlMjU4ZWVjZDA1MTIxNzJlMjNkYjUwYjg1YjUzMGIxMCIsInBhcmVudFJlZnJlc2hUb2tlbkhhc2gxIjpudWxsLCJhbnRpQ3NyZlRva2VuIjpudWxsLCJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjgwMDAvYXV0aCIsIm5hbWUiOiJBZGEifQ.lj-hRcGQbISAkODqJ1bFgpOvYLQjjoWkSUd6rMgjPo0z7Wul2vcJSH-z0ufU_v8ITuhQIFUq3KbPd3vPunGmWQ; sRefreshHash.BXNoXEP3=A_7Jgsz-Nf6KYWLZaP1Wcw; sRefreshToken.BXNoXEP3=v1.AaDEUGwAdheMHwVzaFxD9wABAAAAAACQLwpCHXrxCdfRoHu_2ML3fTXttWylly1Uf8w19VWIOnR7Iw-NNBDR0nOYVZGtAgpeyE7dtWedCvwX-mkCQ2mU
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE session_schema (version BIGINT NOT NULL);
INSERT INTO session_schema VALUES(4);
CREATE TABLE session_info (
    handle       BLOB    NOT NULL PRIMARY KEY, -- UUIDv7
    user_id      TEXT    NOT NULL,
    parent_hash  BLOB    NOT NULL,             -- SHA-256 of a refresh token
    parent_since BIGINT  NOT NULL,
    generation   BIGINT  NOT NULL,
    children     BLOB    NOT NULL,             -- (SHA-256, minted at) of each live child
    payload      TEXT    NOT NULL,             -- JSON object
    data         TEXT    NOT NULL,             -- JSON
    created_at   BIGINT  NOT NULL,
    validity     BIGINT  NOT NULL,             -- from each rotation on
    expires_at   BIGINT  NOT NULL
, ends_for_good BIGINT, auth_time BIGINT, anonymous BOOLEAN NOT NULL DEFAULT FALSE, data_version BIGINT NOT NULL DEFAULT 0, device TEXT NOT NULL DEFAULT '', capped_since BIGINT, pending_attempts BIGINT, payload_type TEXT NOT NULL DEFAULT '', device_key BLOB, device_bound_at BIGINT, device_state SMALLINT) WITHOUT ROWID;
INSERT INTO session_info VALUES(X'01a0c4506c0071fdb4140e389c69cb34','ada',X'7f8462bc38a2a20273008cb829e42120b6cbe885d72fbda1c5387a292d6b0fe9',1790000000000,0,X'','{"name":"Ada"}','{"text":"first"}',1790000000000,8640000000,1798640000000,NULL,NULL,0,0,'{"userAgent":"","ip":""}',NULL,NULL,'Claims',NULL,NULL,NULL);
CREATE TABLE session_revocation (
    handle       BLOB    NOT NULL PRIMARY KEY,
    number       BIGINT,
    until        BIGINT  NOT NULL
, replaced BOOLEAN NOT NULL DEFAULT FALSE) WITHOUT ROWID;
INSERT INTO session_revocation VALUES(X'01a0c4506c0076178c1f0573685c43f7',1,1790003600000,0);
CREATE TABLE session_counter (
    name         TEXT    NOT NULL PRIMARY KEY,
    value        BIGINT  NOT NULL
) WITHOUT ROWID;
INSERT INTO session_counter VALUES('key',1);
INSERT INTO session_counter VALUES('revocation',1);
CREATE TABLE session_key (
    id           TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
INSERT INTO session_key VALUES('d-1790000000000-749903f6','ES256',X'0146e96ff434b796104feacb72fd466b25f4b696ecd6266fd147ea136aab1cb75d594bfb5aad869585b7cd84e3d9f1c3da38983fbe9db9b1fb4af9f6ee3106a0479849c3ab805525a0eea1e01aa4a48329cccf9f70b2ea62817d861e4d4ca98dcd1a2a1f166b88eb35df33f1cddb07b4a940a5bdf324893136d5df8c95da5cbd824541e0255fc7cabbb43db18fadc6d25d2acb37d197556d40357da7a5d50aa2c9edc3ddcd01d857162e993cb70ef9',1790000000000);
INSERT INTO session_key VALUES('1','refresh-mac',X'0146e96ff434b7961048afa0937293e956f91ca286e0334308c5b72bd7ec368454028dfc4c878b0232b0ea461c35f5297ff685f9679de61eee8396fc124e4201f804efcada',1790000000000);
CREATE INDEX session_info_user ON session_info (user_id);
CREATE INDEX session_info_expiry ON session_info (expires_at);
CREATE INDEX session_revocation_number ON session_revocation (number);
CREATE INDEX session_revocation_until ON session_revocation (until);
COMMIT;
