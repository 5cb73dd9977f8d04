-- Search: one document an order, its rowid the order's id. The text is folded in Rust, so that both
-- databases find the same.
-- Every length of beginning that people type has its own index, so that a word in every order is found as
-- fast as a rare one.
CREATE VIRTUAL TABLE order_search USING fts5 (document, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3 4 5 6 7 8 9 10');

-- Orders in each stage, exact at any size: kept by triggers, so that no way of writing can miss it.
CREATE TABLE stage_counts (
    market_id BIGINT NOT NULL,
    stage TEXT NOT NULL,
    orders BIGINT NOT NULL,
    PRIMARY KEY (market_id, stage)
) WITHOUT ROWID;

CREATE TRIGGER orders_counted_in AFTER INSERT ON orders BEGIN
    INSERT INTO stage_counts (market_id, stage, orders) VALUES (new.market_id, new.stage, 1)
    ON CONFLICT (market_id, stage) DO UPDATE SET orders = orders + 1;
END;
CREATE TRIGGER orders_counted_out AFTER DELETE ON orders BEGIN
    UPDATE stage_counts SET orders = orders - 1 WHERE market_id = old.market_id AND stage = old.stage;
END;
CREATE TRIGGER orders_counted_over AFTER UPDATE OF stage, market_id ON orders
WHEN old.stage <> new.stage OR old.market_id <> new.market_id BEGIN
    UPDATE stage_counts SET orders = orders - 1 WHERE market_id = old.market_id AND stage = old.stage;
    INSERT INTO stage_counts (market_id, stage, orders) VALUES (new.market_id, new.stage, 1)
    ON CONFLICT (market_id, stage) DO UPDATE SET orders = orders + 1;
END;
