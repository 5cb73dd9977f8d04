-- Search: one document an order. The text is folded and split into words in Rust, so that both
-- databases find the same; no text search configuration is involved.
CREATE TABLE order_search (
    order_id BIGINT PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
    document TSVECTOR NOT NULL
);
CREATE INDEX order_search_document ON order_search USING gin (document);

-- Orders in each stage, exact at any size: kept by triggers, so that no way of writing can miss it.
-- Changes are added as rows of their own and folded together now and then, so that writers never
-- wait for one another; the count is the sum.
CREATE TABLE stage_counts (
    market_id BIGINT NOT NULL,
    stage TEXT NOT NULL,
    orders BIGINT NOT NULL
);
CREATE INDEX stage_counts_stage ON stage_counts (market_id, stage);

CREATE FUNCTION count_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND old.stage = new.stage AND old.market_id = new.market_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO stage_counts (market_id, stage, orders) VALUES (old.market_id, old.stage, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO stage_counts (market_id, stage, orders) VALUES (new.market_id, new.stage, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER orders_counted AFTER INSERT OR DELETE OR UPDATE OF stage, market_id ON orders
FOR EACH ROW EXECUTE FUNCTION count_orders();
