-- What was written off: above zero what the customer owed, below zero what the shop owed them.
ALTER TABLE orders ADD COLUMN written_off_minor BIGINT NOT NULL DEFAULT 0;
-- What is owed is without it, and few orders owe anything.
DROP INDEX orders_owed;
CREATE INDEX orders_owed ON orders (placed_at, id) WHERE base_rank < 12 AND captured_minor - refunded_minor + written_off_minor - CASE WHEN base IN ('cancelled', 'rejected') THEN 0 ELSE total_minor - cancelled_minor END > 0;
