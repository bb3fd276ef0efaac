-- Targets to which nothing is sent until somebody resumes them. By name, whether or not one of that name is configured now.
CREATE TABLE target_pause (
    target TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    user   TEXT    NOT NULL          -- who paused it
) STRICT, WITHOUT ROWID;

-- For people who look for deliveries: by target, by job, the dead ones of a target, and those of one user's events.
CREATE INDEX delivery_by_target ON delivery (target, seq);
CREATE INDEX delivery_by_key ON delivery (order_key, seq) WHERE order_key IS NOT NULL;
CREATE INDEX delivery_dead ON delivery (target, settled_at) WHERE state = 2;
CREATE INDEX event_by_user ON event (user, seq) WHERE user IS NOT NULL;
