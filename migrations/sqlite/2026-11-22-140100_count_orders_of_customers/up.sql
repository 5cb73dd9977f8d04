-- Search: one document a customer, its rowid the customer's id, as for orders.
CREATE VIRTUAL TABLE customer_search USING fts5 (document, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3 4 5 6 7 8 9 10');

-- Orders and money of each customer, exact at any size: kept by triggers, so that no way of writing can
-- miss it.
CREATE TRIGGER customers_counted_in AFTER INSERT ON orders WHEN new.customer_id IS NOT NULL BEGIN
    UPDATE customers SET
        order_count = order_count + 1,
        first_order_at = CASE WHEN order_count = 0 THEN new.placed_at ELSE MIN(first_order_at, new.placed_at) END,
        last_order_at = MAX(last_order_at, new.placed_at),
        spent_minor = spent_minor + CASE WHEN new.currency = (SELECT currency FROM markets ORDER BY id LIMIT 1) THEN new.captured_minor - new.refunded_minor ELSE 0 END
    WHERE id = new.customer_id;
END;
CREATE TRIGGER customers_counted_paid AFTER UPDATE OF captured_minor, refunded_minor ON orders
WHEN new.customer_id IS NOT NULL AND new.customer_id = old.customer_id
    AND new.captured_minor - new.refunded_minor <> old.captured_minor - old.refunded_minor BEGIN
    UPDATE customers SET
        spent_minor = spent_minor + new.captured_minor - new.refunded_minor - old.captured_minor + old.refunded_minor
    WHERE id = new.customer_id AND new.currency = (SELECT currency FROM markets ORDER BY id LIMIT 1);
END;
CREATE TRIGGER customers_counted_over AFTER UPDATE OF customer_id ON orders
WHEN new.customer_id IS NOT old.customer_id BEGIN
    UPDATE customers SET
        order_count = (SELECT COUNT(*) FROM orders WHERE orders.customer_id = customers.id),
        first_order_at = COALESCE((SELECT MIN(placed_at) FROM orders WHERE orders.customer_id = customers.id), 0),
        last_order_at = COALESCE((SELECT MAX(placed_at) FROM orders WHERE orders.customer_id = customers.id), 0),
        spent_minor = COALESCE((SELECT SUM(captured_minor - refunded_minor) FROM orders WHERE orders.customer_id = customers.id AND orders.currency = (SELECT currency FROM markets ORDER BY id LIMIT 1)), 0)
    WHERE id = new.customer_id OR id = old.customer_id;
END;
