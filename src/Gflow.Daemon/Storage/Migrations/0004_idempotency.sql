-- First answers to requests that came with a key, by caller; what repeats of them are answered.
CREATE TABLE answer (
    uid         INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    fingerprint BLOB    NOT NULL,   -- SHA-256 of the request
    status      INTEGER NOT NULL,   -- of HTTP
    location    TEXT,
    body        BLOB    NOT NULL,
    PRIMARY KEY (uid, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_by_time ON answer (at);
