-- What an import will make, why it refused rows, and how far it came.
ALTER TABLE imports ADD COLUMN channel_id BIGINT REFERENCES channels (id);
ALTER TABLE imports ADD COLUMN bytes_total BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN groups_done BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN preview TEXT NOT NULL DEFAULT '';
ALTER TABLE imports ADD COLUMN tally TEXT NOT NULL DEFAULT '';
ALTER TABLE import_problems ADD COLUMN line_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import_problems ADD COLUMN reason TEXT NOT NULL DEFAULT 'noted';
ALTER TABLE import_problems ADD COLUMN rows_refused BIGINT NOT NULL DEFAULT 0;
