-- What is promised and still in the house, with its stage: counting by both reads nothing else.
DROP INDEX orders_open_due;
CREATE INDEX orders_open_due ON orders (due_at, stage, base_rank, id) WHERE base_rank <= 5 AND due_at IS NOT NULL;
-- Holds that are open, by their reason.
CREATE INDEX holds_open ON holds (reason, order_id) WHERE released_at IS NULL;
-- Money that is promised and not received.
CREATE INDEX orders_promised ON orders (currency, payment_status, authorized_minor, base_rank) WHERE authorized_minor > 0 AND base_rank < 12;
