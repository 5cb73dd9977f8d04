-- Keys of the markets that somebody is kept to, between single spaces; empty for all of them.
ALTER TABLE staff ADD COLUMN markets TEXT NOT NULL DEFAULT '';
