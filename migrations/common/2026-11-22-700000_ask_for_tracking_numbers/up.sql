-- Ways of sending whose parcels leave with a tracking number, one a line as orders name them; `*` is every way.
ALTER TABLE markets ADD COLUMN tracked_ways TEXT NOT NULL DEFAULT '';
