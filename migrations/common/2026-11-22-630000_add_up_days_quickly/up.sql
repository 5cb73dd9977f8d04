-- What was taken on a day is added up from an index that holds nothing else; the one of all orders by date is for
-- lists again and as small as that needs.
DROP INDEX orders_placed;
CREATE INDEX orders_placed ON orders (placed_at, id);
CREATE INDEX orders_taken ON orders (currency, placed_at, total_minor, market_id)
    WHERE base_rank NOT IN (9, 10, 11) AND COALESCE(resume_stage, '') NOT IN ('cancelled', 'rejected', 'abandoned');
