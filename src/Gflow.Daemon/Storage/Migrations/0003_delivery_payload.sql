-- What this delivery's target is told beyond the event's payload; null where it is told just that.
ALTER TABLE delivery ADD COLUMN payload BLOB;
