-- Programs that are told what happens.
CREATE TABLE webhook_endpoints (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    -- Names of events with a space between; empty for all.
    events TEXT NOT NULL DEFAULT '',
    -- Only orders of this market.
    market_id BIGINT REFERENCES markets (id),
    whole_order BOOLEAN NOT NULL DEFAULT FALSE,
    -- Kept readable, since it signs.
    secret TEXT NOT NULL,
    former_secret TEXT,
    former_until_at BIGINT,
    -- The place in the diary after which it is told.
    starts_after BIGINT NOT NULL,
    paused_until_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    -- Whether the desk did it, which the shop has to be told.
    disabled_by_desk BOOLEAN NOT NULL DEFAULT FALSE,
    disabled_reason TEXT NOT NULL DEFAULT '',
    removed_at BIGINT
);

-- One message to one endpoint, sent until it is taken or given up.
CREATE TABLE webhook_deliveries (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    endpoint_id BIGINT NOT NULL REFERENCES webhook_endpoints (id),
    -- The same whenever this message is sent to this endpoint.
    message TEXT NOT NULL,
    -- The place in the diary; none for a test.
    seq BIGINT,
    name TEXT NOT NULL,
    order_number BIGINT,
    body TEXT NOT NULL,
    -- waiting, delivered or failed.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    claimed_until_at BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    last_status BIGINT,
    last_ms BIGINT,
    UNIQUE (endpoint_id, message)
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint_id, due_at, id) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at);

-- Every time a message was sent, and what came back.
CREATE TABLE webhook_attempts (
    id {{key}},
    delivery_id BIGINT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    sent_at BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    status BIGINT,
    problem TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id, id);

-- Stretches of the diary that an endpoint is told again: after `position`, up to `until_position`.
CREATE TABLE webhook_replays (
    id {{key}},
    endpoint_id BIGINT NOT NULL REFERENCES webhook_endpoints (id),
    position BIGINT NOT NULL,
    until_position BIGINT NOT NULL
);

-- How far the diary was read for all endpoints: one row.
CREATE TABLE webhook_relay (
    id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    position BIGINT NOT NULL
);
INSERT INTO webhook_relay (id, position) SELECT 1, COALESCE(MAX(id), 0) FROM events;

-- When the shop was told that there is little of a product; none while there is enough.
ALTER TABLE stock_levels ADD COLUMN low_told_at BIGINT;
