-- What statistics count of a job, beside what jobs are listed by.
ALTER TABLE job ADD COLUMN started_at INTEGER;          -- null before its process has run
ALTER TABLE job ADD COLUMN gpus INTEGER NOT NULL DEFAULT 0; -- how many it asks for
ALTER TABLE job ADD COLUMN project TEXT;

UPDATE job SET
    started_at = CAST(status AS TEXT) ->> '$.started_at',
    gpus = coalesce(CAST(spec AS TEXT) ->> '$.gpus', 0),
    project = CAST(spec AS TEXT) ->> '$.project';

-- All of it, so that the rows with their long texts need not be read. Of what has ended, and changes no more; the rest is few.
CREATE INDEX job_figures ON job (user, submitted_at, state, started_at, ended_at, gpus, project) WHERE ended_at IS NOT NULL;
