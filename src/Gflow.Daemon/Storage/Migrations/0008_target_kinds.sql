-- Kinds of targets are called by their names, so that there can be others.
CREATE TABLE target_by_kind (
    name    TEXT PRIMARY KEY,
    named   INTEGER NOT NULL,        -- 1 when the configuration names it
    kind    TEXT    NOT NULL,        -- such as webhook
    address TEXT    NOT NULL,        -- host and a hash of the address without its secrets
    place   INTEGER,                 -- among those of its kind in the file
    sender  TEXT,                    -- as whom it writes
    away    INTEGER NOT NULL         -- 1 when it is not in the last configuration
) STRICT, WITHOUT ROWID;

INSERT INTO target_by_kind (name, named, kind, address, place, sender, away)
SELECT name, named, CASE kind WHEN 0 THEN 'webhook' ELSE 'email' END, address, place, sender, away FROM target;

DROP TABLE target;

ALTER TABLE target_by_kind RENAME TO target;
