-- The targets of the last configuration, and those of earlier ones for which something waits: to know them again when their addresses change.
CREATE TABLE target (
    name    TEXT PRIMARY KEY,
    named   INTEGER NOT NULL,        -- 1 when the configuration names it
    kind    INTEGER NOT NULL,        -- 0 webhook, 1 e-mail
    address TEXT    NOT NULL,        -- host and a hash of the address without its secrets
    place   INTEGER,                 -- among those of its kind in the file
    sender  TEXT,                    -- as whom mail is sent
    away    INTEGER NOT NULL         -- 1 when it is not in the last configuration
) STRICT, WITHOUT ROWID;
