-- Whether confirmed orders of a market approve themselves, and up to which total in its currency.
ALTER TABLE markets ADD COLUMN approves_itself BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE markets ADD COLUMN approve_up_to_minor BIGINT;
