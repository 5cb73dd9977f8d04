-- How customers pay what is due in this way: shown on their page and in messages, with words in double braces.
ALTER TABLE payment_methods ADD COLUMN instructions TEXT NOT NULL DEFAULT '';
