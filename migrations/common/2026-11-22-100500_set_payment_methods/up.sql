-- The ways of paying and what each asks for. They were fixed before; the shop may now add and change them.
CREATE TABLE payment_methods (
    id {{key}},
    key TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    position BIGINT NOT NULL,
    -- Whether staff write down what was paid, instead of a provider.
    offline BOOLEAN NOT NULL DEFAULT FALSE,
    -- Whether an order is complete before any money moved.
    completes_unpaid BOOLEAN NOT NULL DEFAULT FALSE,
    -- nothing, promised or received.
    to_approve TEXT NOT NULL DEFAULT 'promised',
    captured_before_ship BOOLEAN NOT NULL DEFAULT TRUE,
    -- approval, packing, shipping or manual.
    capture_at TEXT NOT NULL DEFAULT 'approval',
    -- Above this amount in this currency nothing is captured by itself.
    ceiling_minor BIGINT,
    ceiling_currency TEXT,
    authorization_days BIGINT,
    never_abandons BOOLEAN NOT NULL DEFAULT FALSE,
    active BOOLEAN NOT NULL DEFAULT TRUE
);
-- Nothing is captured by itself where staff have captured by hand so far.
INSERT INTO payment_methods
    (key, label, position, offline, completes_unpaid, to_approve, captured_before_ship, capture_at, authorization_days, never_abandons)
VALUES
    ('card', 'Card', 1, FALSE, FALSE, 'promised', TRUE, 'manual', 7, FALSE),
    ('wallet', 'Wallet', 2, FALSE, FALSE, 'promised', TRUE, 'manual', 7, FALSE),
    ('cash', 'Cash', 3, TRUE, TRUE, 'nothing', TRUE, 'manual', NULL, TRUE),
    ('card_terminal', 'Card terminal', 4, TRUE, TRUE, 'nothing', TRUE, 'manual', NULL, TRUE),
    ('bank_transfer', 'Bank transfer', 5, TRUE, TRUE, 'nothing', TRUE, 'manual', NULL, TRUE),
    ('cash_on_delivery', 'Cash on delivery', 6, TRUE, TRUE, 'nothing', FALSE, 'manual', NULL, TRUE),
    ('invoice', 'Invoice with terms', 7, TRUE, TRUE, 'nothing', FALSE, 'manual', NULL, TRUE);
