-- Stock: what lies there, who has a claim on it, and a ledger of every change.

-- Known products keep being sold without being counted until somebody says that they are counted.
ALTER TABLE products ADD COLUMN tracked BOOLEAN NOT NULL DEFAULT FALSE;
-- May be promised although there is none: made to order, back-ordered.
ALTER TABLE products ADD COLUMN oversell BOOLEAN NOT NULL DEFAULT FALSE;
-- Available units at which it counts as low; none means never.
ALTER TABLE products ADD COLUMN low_at BIGINT;
ALTER TABLE products ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Prices where they are not the shop's own, in the currency of the market.
CREATE TABLE product_prices (
    product_id BIGINT NOT NULL REFERENCES products (id),
    market_id BIGINT NOT NULL REFERENCES markets (id),
    price_minor BIGINT NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (product_id, market_id)
);

-- A product with parts is a bundle: its parts are what lies on the shelf.
CREATE TABLE product_parts (
    bundle_id BIGINT NOT NULL REFERENCES products (id),
    part_id BIGINT NOT NULL REFERENCES products (id),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (bundle_id, part_id),
    CHECK (bundle_id <> part_id)
);
CREATE INDEX product_parts_part ON product_parts (part_id);

-- The sums of the ledger below. on_hand may fall below zero: more left than was ever counted.
CREATE TABLE stock_levels (
    product_id BIGINT PRIMARY KEY NOT NULL REFERENCES products (id),
    on_hand BIGINT NOT NULL DEFAULT 0,
    allocated BIGINT NOT NULL DEFAULT 0 CHECK (allocated >= 0),
    soft_held BIGINT NOT NULL DEFAULT 0 CHECK (soft_held >= 0)
);
INSERT INTO stock_levels (product_id) SELECT id FROM products;

-- What a line of an order has a claim on, and what it took.
CREATE TABLE stock_claims (
    line_id BIGINT NOT NULL REFERENCES order_lines (id),
    product_id BIGINT NOT NULL REFERENCES products (id),
    order_id BIGINT NOT NULL REFERENCES orders (id),
    soft_held BIGINT NOT NULL DEFAULT 0 CHECK (soft_held >= 0),
    allocated BIGINT NOT NULL DEFAULT 0 CHECK (allocated >= 0),
    shipped BIGINT NOT NULL DEFAULT 0 CHECK (shipped >= 0),
    put_back BIGINT NOT NULL DEFAULT 0 CHECK (put_back >= 0),
    expires_at BIGINT,
    PRIMARY KEY (line_id, product_id)
);
CREATE INDEX stock_claims_order ON stock_claims (order_id);
CREATE INDEX stock_claims_product ON stock_claims (product_id, order_id) WHERE allocated > 0 OR soft_held > 0;
CREATE INDEX stock_claims_expiry ON stock_claims (expires_at) WHERE soft_held > 0;

-- The ledger: every change with who made it and why; rows are only added. A cause counts once for a
-- line and a product, so nothing is put back twice.
CREATE TABLE stock_movements (
    id {{key}},
    product_id BIGINT NOT NULL REFERENCES products (id),
    line_id BIGINT REFERENCES order_lines (id),
    cause_kind TEXT NOT NULL,
    cause_key TEXT NOT NULL,
    on_hand BIGINT NOT NULL,
    allocated BIGINT NOT NULL,
    soft_held BIGINT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    actor_name TEXT NOT NULL,
    happened_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX stock_movements_cause ON stock_movements (line_id, product_id, cause_kind, cause_key) WHERE line_id IS NOT NULL;
CREATE UNIQUE INDEX stock_movements_shop_cause ON stock_movements (product_id, cause_kind, cause_key) WHERE line_id IS NULL;
CREATE INDEX stock_movements_product ON stock_movements (product_id, id);
