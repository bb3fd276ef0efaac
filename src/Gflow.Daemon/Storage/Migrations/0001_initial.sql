-- Instants are milliseconds since 1970-01-01 UTC. JSON is canonical: written by one serializer, compact.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

-- Scripts and environments, once each, by SHA-256.
CREATE TABLE content (
    hash  TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id           INTEGER PRIMARY KEY,
    user         TEXT    NOT NULL,
    uid          INTEGER NOT NULL,
    state        INTEGER NOT NULL,   -- JobState
    attempt      INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    ended_at     INTEGER,
    script       TEXT REFERENCES content (hash),
    environment  TEXT REFERENCES content (hash),
    spec         BLOB    NOT NULL,   -- JobSpec as JSON
    status       BLOB    NOT NULL    -- JobStatus as JSON
) STRICT;
CREATE INDEX job_by_end ON job (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX job_by_script ON job (script) WHERE script IS NOT NULL;
CREATE INDEX job_by_environment ON job (environment) WHERE environment IS NOT NULL;
CREATE INDEX job_live ON job (id) WHERE state < 10;
CREATE INDEX job_by_user ON job (user, id);
CREATE INDEX job_by_state ON job (state, id);

-- Append-only: the history, the event stream and all notifications come from here.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    uid     TEXT    NOT NULL UNIQUE,
    type    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    job     INTEGER,
    user    TEXT,
    stream_type TEXT NOT NULL,       -- the event stream's word for it
    frame   BLOB    NOT NULL,        -- StreamFrame as JSON, as the event stream sends it
    payload BLOB    NOT NULL         -- NotificationPayload as JSON, as webhooks send it
) STRICT;
CREATE INDEX event_by_job ON event (job, seq) WHERE job IS NOT NULL;
CREATE INDEX event_by_time ON event (at);

-- The outbox. "In flight" is not stored: what is pending at start is sent.
CREATE TABLE delivery (
    seq        INTEGER PRIMARY KEY,
    event      INTEGER NOT NULL REFERENCES event (seq),
    target     TEXT    NOT NULL,
    recipient  TEXT,                 -- e-mail: one delivery per recipient
    order_key  INTEGER,              -- job id: sent to one target strictly in order of seq
    state      INTEGER NOT NULL,     -- 0 pending, 1 delivered, 2 dead, 3 cancelled
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    deadline   INTEGER NOT NULL,
    reason     TEXT,
    body       BLOB,                 -- frozen at the first failure, so that retries are byte-identical
    settled_at INTEGER
) STRICT;
CREATE INDEX delivery_due ON delivery (target, next_at, seq) WHERE state = 0;
CREATE INDEX delivery_order ON delivery (target, order_key, seq) WHERE state = 0;
CREATE INDEX delivery_by_event ON delivery (event);

CREATE TABLE attempt (
    delivery INTEGER NOT NULL REFERENCES delivery (seq),
    n        INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    ms       INTEGER NOT NULL,
    code     INTEGER,                -- HTTP status or SMTP reply
    outcome  TEXT    NOT NULL,
    detail   TEXT,
    PRIMARY KEY (delivery, n)
) STRICT, WITHOUT ROWID;
