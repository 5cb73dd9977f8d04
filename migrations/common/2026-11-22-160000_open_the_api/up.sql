-- What a program may do, whose it is and how often it may ask. Markets between single spaces; empty for all.
ALTER TABLE api_keys ADD COLUMN staff_id BIGINT REFERENCES staff (id) ON DELETE CASCADE;
ALTER TABLE api_keys ADD COLUMN markets TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN rate_per_minute BIGINT;
ALTER TABLE api_keys ADD COLUMN requires_match BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX api_keys_staff ON api_keys (staff_id) WHERE staff_id IS NOT NULL;

-- Keys that sign short-lived tokens. The newest that is not retired signs; the others still prove what they signed.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    private_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);

-- Who ordered, by the name that the shop's own system gives them, and what else it wants kept, as a JSON object.
ALTER TABLE orders ADD COLUMN user_ref TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN custom TEXT NOT NULL DEFAULT '';
CREATE INDEX orders_user ON orders (user_ref, placed_at, id) WHERE user_ref <> '';
CREATE INDEX orders_updated ON orders (updated_at, id);

-- Carts that programs put down before they are ordered: JSON as it was sent.
CREATE TABLE carts (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    channel_id BIGINT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    cart_id TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (channel_id, cart_id)
);
CREATE INDEX carts_age ON carts (updated_at);

-- Actions for more orders than one request takes. `orders` holds the numbers still to come and `results` what came
-- of the others, both as JSON.
CREATE TABLE bulk_jobs (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    key_id BIGINT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    action TEXT NOT NULL,
    orders TEXT NOT NULL,
    results TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX bulk_jobs_key ON bulk_jobs (key_id);
