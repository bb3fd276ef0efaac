-- What each GPU is called here: also of those that are away, until another takes the place.
CREATE TABLE IF NOT EXISTS gpu (
    idx  INTEGER PRIMARY KEY,
    uuid TEXT    NOT NULL UNIQUE
) STRICT;
