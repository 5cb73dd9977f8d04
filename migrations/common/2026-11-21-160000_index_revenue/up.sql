-- What was ordered on a day is read from the index alone.
DROP INDEX orders_placed;
CREATE INDEX orders_placed ON orders (placed_at, base_rank, currency, total_minor, resume_stage);
