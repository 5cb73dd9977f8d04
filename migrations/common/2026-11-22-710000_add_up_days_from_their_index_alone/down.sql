DROP INDEX orders_taken;
CREATE INDEX orders_taken ON orders (currency, placed_at, total_minor, market_id)
    WHERE base_rank NOT IN (9, 10, 11) AND COALESCE(resume_stage, '') NOT IN ('cancelled', 'rejected', 'abandoned');
