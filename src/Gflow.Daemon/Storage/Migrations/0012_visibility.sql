-- Trouble of targets that others have been told of, once, and that is not over: of each kind at most one.
CREATE TABLE target_spell (
    target TEXT    NOT NULL,
    kind   TEXT    NOT NULL,         -- the event that told of it
    since  INTEGER NOT NULL,
    PRIMARY KEY (target, kind)
) STRICT, WITHOUT ROWID;

-- The id under which a delivery is sent again as a new message; null where it is its event's.
ALTER TABLE delivery ADD COLUMN uid TEXT;
CREATE INDEX delivery_by_uid ON delivery (uid) WHERE uid IS NOT NULL;

-- As for the dead ones: whoever looks for the few cancelled ones need not walk over all.
CREATE INDEX delivery_cancelled ON delivery (seq) WHERE state = 3;
