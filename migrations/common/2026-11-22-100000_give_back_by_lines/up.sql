-- Whether a capture lets the rest of its authorisation go.
ALTER TABLE payments ADD COLUMN is_final BOOLEAN NOT NULL DEFAULT TRUE;
-- Why money went back, as a key.
ALTER TABLE payments ADD COLUMN reason TEXT NOT NULL DEFAULT '';
-- What of a refund is for carriage, and what for no line at all.
ALTER TABLE payments ADD COLUMN shipping_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN adjustment_minor BIGINT NOT NULL DEFAULT 0;
-- What the other side said when it refused.
ALTER TABLE payments ADD COLUMN problem TEXT NOT NULL DEFAULT '';

CREATE INDEX payments_failed ON payments (created_at) WHERE state = 'failed';
CREATE INDEX payments_expiring ON payments (expires_at) WHERE kind = 'authorization' AND state = 'succeeded';

-- What of a refund is for which line.
CREATE TABLE refund_lines (
    id {{key}},
    payment_id BIGINT NOT NULL REFERENCES payments (id) ON DELETE CASCADE,
    line_id BIGINT NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
    quantity BIGINT NOT NULL CHECK (quantity >= 0),
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    -- The tax within the amount.
    tax_minor BIGINT NOT NULL CHECK (tax_minor >= 0 AND tax_minor <= amount_minor),
    UNIQUE (payment_id, line_id)
);
CREATE INDEX refund_lines_line ON refund_lines (line_id);
