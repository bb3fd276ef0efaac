-- Requests for changes: a row for each that was done, written with what it did, and one for many that changed nothing.
-- Neither bodies nor queries are in it: they may hold secrets.
CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,      -- of several the last
    first_at  INTEGER,               -- of those that changed nothing the first; null for one that was done
    uid       INTEGER,               -- null, as user is, for callers whom the kernel did not name
    user      TEXT,
    via       INTEGER NOT NULL,      -- 0 the Unix socket, 1 TCP
    port      INTEGER,               -- the caller's
    method    TEXT    NOT NULL,
    path      TEXT    NOT NULL,      -- of several the first one's, as job and request are
    first_job INTEGER,               -- the jobs that it was about have numbers that follow each other
    last_job  INTEGER,
    status    INTEGER,               -- of HTTP; null when the caller had gone before the answer
    code      TEXT,                  -- of the first problem
    request   TEXT    NOT NULL,      -- x-request-id
    count     INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_user ON audit (user, seq) WHERE user IS NOT NULL;
CREATE INDEX audit_by_job ON audit (first_job, last_job) WHERE first_job IS NOT NULL;
