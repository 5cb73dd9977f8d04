-- Invoices and credit notes: written once, numbered without a gap in each series, never changed. What
-- they say is a snapshot of its own, so that nothing that happens later changes it.
CREATE TABLE invoices (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    -- invoice or credit_note.
    kind TEXT NOT NULL,
    series TEXT NOT NULL,
    number BIGINT NOT NULL,
    -- The invoice that a credit note takes back.
    credits_id BIGINT REFERENCES invoices (id),
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL CHECK (total_minor >= 0),
    content TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    issued_by TEXT NOT NULL,
    UNIQUE (series, number)
);
CREATE INDEX invoices_order ON invoices (order_id, id);
