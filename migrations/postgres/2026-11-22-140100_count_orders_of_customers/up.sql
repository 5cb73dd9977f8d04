-- Search: one document a customer, as for orders.
CREATE TABLE customer_search (
    customer_id BIGINT PRIMARY KEY REFERENCES customers (id) ON DELETE CASCADE,
    document TSVECTOR NOT NULL
);
CREATE INDEX customer_search_document ON customer_search USING gin (document);

-- Orders and money of each customer, exact at any size: kept by triggers, so that no way of writing can
-- miss it. The customer's row is the last one a change of an order takes.
CREATE FUNCTION count_customers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    home TEXT;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF new.customer_id IS NULL THEN
            RETURN NULL;
        END IF;
        SELECT currency INTO home FROM markets ORDER BY id LIMIT 1;
        UPDATE customers SET
            order_count = order_count + 1,
            first_order_at = CASE WHEN order_count = 0 THEN new.placed_at ELSE LEAST(first_order_at, new.placed_at) END,
            last_order_at = GREATEST(last_order_at, new.placed_at),
            spent_minor = spent_minor + CASE WHEN new.currency = home THEN new.captured_minor - new.refunded_minor ELSE 0 END
        WHERE id = new.customer_id;
        RETURN NULL;
    END IF;
    IF new.customer_id IS DISTINCT FROM old.customer_id THEN
        SELECT currency INTO home FROM markets ORDER BY id LIMIT 1;
        UPDATE customers SET
            order_count = (SELECT COUNT(*) FROM orders WHERE orders.customer_id = customers.id),
            first_order_at = COALESCE((SELECT MIN(placed_at) FROM orders WHERE orders.customer_id = customers.id), 0),
            last_order_at = COALESCE((SELECT MAX(placed_at) FROM orders WHERE orders.customer_id = customers.id), 0),
            spent_minor = COALESCE((SELECT SUM(captured_minor - refunded_minor) FROM orders WHERE orders.customer_id = customers.id AND orders.currency = home), 0)
        WHERE id = new.customer_id OR id = old.customer_id;
    ELSIF new.captured_minor - new.refunded_minor <> old.captured_minor - old.refunded_minor THEN
        SELECT currency INTO home FROM markets ORDER BY id LIMIT 1;
        UPDATE customers SET
            spent_minor = spent_minor + new.captured_minor - new.refunded_minor - old.captured_minor + old.refunded_minor
        WHERE id = new.customer_id AND new.currency = home;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_counted AFTER INSERT OR UPDATE OF customer_id, captured_minor, refunded_minor ON orders
FOR EACH ROW EXECUTE FUNCTION count_customers();
