-- Rows stay: what is over or cancelled can still be shown, and the highest id is never given again.
CREATE TABLE reservation (
    id           INTEGER PRIMARY KEY,
    user         TEXT    NOT NULL,   -- the owner
    gpu_count    INTEGER NOT NULL,
    gpu_indices  TEXT,               -- comma list, ascending; null when any GPUs will do
    start_at     INTEGER NOT NULL,
    end_at       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    cancelled_at INTEGER
) STRICT;
CREATE INDEX reservation_by_end ON reservation (end_at) WHERE cancelled_at IS NULL;
