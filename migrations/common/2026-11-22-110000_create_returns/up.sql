-- What customers send back: asked for, agreed to, received unit by unit.
CREATE TABLE returns (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    -- Why it was rejected.
    answer TEXT NOT NULL DEFAULT '',
    requested_at BIGINT NOT NULL,
    requested_by TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT NOT NULL DEFAULT '',
    received_at BIGINT,
    received_by TEXT NOT NULL DEFAULT '',
    closed_at BIGINT
);
CREATE INDEX returns_order ON returns (order_id, position);
CREATE INDEX returns_open ON returns (requested_at, id) WHERE state NOT IN ('rejected', 'closed', 'cancelled');

-- Units of a line in a return. What is neither of the four conditions came back without being told apart.
CREATE TABLE return_lines (
    return_id BIGINT NOT NULL REFERENCES returns (id) ON DELETE CASCADE,
    line_id BIGINT NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    restock BIGINT NOT NULL DEFAULT 0,
    damaged BIGINT NOT NULL DEFAULT 0,
    discard BIGINT NOT NULL DEFAULT 0,
    missing BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (return_id, line_id),
    CHECK (restock >= 0 AND damaged >= 0 AND discard >= 0 AND missing >= 0),
    CHECK (restock + damaged + discard + missing <= quantity)
);
CREATE INDEX return_lines_line ON return_lines (line_id);

-- Orders that were marked as returned before there were returns get the one they stand for.
INSERT INTO returns (uid, order_id, position, state, reason, requested_at, requested_by, received_at, received_by, closed_at)
SELECT o.uid, o.id, 1, 'closed', 'other', o.stage_entered_at, 'Slipway', o.stage_entered_at, 'Slipway', o.stage_entered_at
FROM orders o
WHERE EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.returned_quantity > 0);
INSERT INTO return_lines (return_id, line_id, quantity)
SELECT r.id, l.id, l.returned_quantity
FROM returns r
JOIN order_lines l ON l.order_id = r.order_id
WHERE l.returned_quantity > 0;
