-- What the list of customers shows and is sorted by, and what becomes of two that are one or of one
-- who is forgotten.

-- Name folded to plain lower case, for sorting.
ALTER TABLE customers ADD COLUMN sort_key TEXT {{bytes}} NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN order_count BIGINT NOT NULL DEFAULT 0;
-- Received and kept, in the shop's own currency.
ALTER TABLE customers ADD COLUMN spent_minor BIGINT NOT NULL DEFAULT 0;
-- 0 while there is no order.
ALTER TABLE customers ADD COLUMN first_order_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN last_order_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE customers ADD COLUMN erased_at BIGINT;
-- The customer this one turned out to be.
ALTER TABLE customers ADD COLUMN merged_into_id BIGINT REFERENCES customers (id);
-- When search learned of it; never, until the desk has folded its name.
ALTER TABLE customers ADD COLUMN indexed_at BIGINT;

UPDATE customers SET
    order_count = (SELECT COUNT(*) FROM orders WHERE orders.customer_id = customers.id),
    first_order_at = COALESCE((SELECT MIN(placed_at) FROM orders WHERE orders.customer_id = customers.id), 0),
    last_order_at = COALESCE((SELECT MAX(placed_at) FROM orders WHERE orders.customer_id = customers.id), 0),
    spent_minor = COALESCE((SELECT SUM(captured_minor - refunded_minor) FROM orders WHERE orders.customer_id = customers.id AND orders.currency = (SELECT currency FROM markets ORDER BY id LIMIT 1)), 0);

CREATE INDEX customers_sort ON customers (sort_key, id) WHERE merged_into_id IS NULL;
CREATE INDEX customers_last_order ON customers (last_order_at, id) WHERE merged_into_id IS NULL;
CREATE INDEX customers_order_count ON customers (order_count, id) WHERE merged_into_id IS NULL;
CREATE INDEX customers_spent ON customers (spent_minor, id) WHERE merged_into_id IS NULL;
CREATE INDEX customers_merged ON customers (merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX customers_unindexed ON customers (id) WHERE indexed_at IS NULL;
