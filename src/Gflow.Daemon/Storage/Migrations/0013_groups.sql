-- Jobs that were submitted together: arrays, sweeps, and what clients say belongs together.
CREATE TABLE job_group (
    number         INTEGER PRIMARY KEY, -- id of its first job
    id             TEXT    NOT NULL UNIQUE, -- UUID
    user           TEXT    NOT NULL,
    uid            INTEGER NOT NULL,
    submitted_at   INTEGER NOT NULL,
    max_concurrent INTEGER,             -- null for any number
    stopped        INTEGER NOT NULL,    -- whether too many failed for the rest to be started
    completed_at   INTEGER,             -- null while one of its jobs is live
    shared         BLOB    NOT NULL     -- what its jobs share, and what distinguishes them, as JSON
) STRICT;

-- Of a job of a group that asks for what the others do, spec is empty: it is the group's.
ALTER TABLE job ADD COLUMN group_number INTEGER;
ALTER TABLE job ADD COLUMN ordinal INTEGER;      -- which task of the group's plan, from 0
CREATE INDEX job_by_group ON job (group_number, id) WHERE group_number IS NOT NULL;
