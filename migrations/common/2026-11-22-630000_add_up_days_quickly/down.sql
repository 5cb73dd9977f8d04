DROP INDEX orders_taken;
DROP INDEX orders_placed;
CREATE INDEX orders_placed ON orders (placed_at, base_rank, currency, total_minor, resume_stage);
