-- What each GPU is, and whether it is one of the machine's now.
CREATE TABLE gpu_card (
    idx       INTEGER PRIMARY KEY,
    uuid      TEXT    NOT NULL UNIQUE,
    model     TEXT    NOT NULL,        -- as its maker calls it
    memory_mb INTEGER NOT NULL,        -- 0 when it is not known
    bus_id    TEXT    NOT NULL,        -- where it is plugged in; empty when it is simulated
    here      INTEGER NOT NULL         -- 0 when only its index is remembered
) STRICT;

INSERT INTO gpu_card (idx, uuid, model, memory_mb, bus_id, here) SELECT idx, uuid, '', 0, '', 0 FROM gpu;

DROP TABLE gpu;

ALTER TABLE gpu_card RENAME TO gpu;

-- What administrators said of GPUs while the daemon ran.
CREATE TABLE IF NOT EXISTS gpu_steering (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value TEXT    NOT NULL             -- JSON
) STRICT;
