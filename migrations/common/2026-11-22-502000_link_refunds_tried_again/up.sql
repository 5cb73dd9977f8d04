-- The failed refund that a refund tries again. Until now one of the same payment and amount that failed as well was
-- taken for it.
ALTER TABLE payments ADD COLUMN retries_id BIGINT REFERENCES payments (id);
UPDATE payments SET retries_id = (
    SELECT MAX(first.id) FROM payments AS first
    WHERE first.order_id = payments.order_id AND first.id < payments.id AND first.kind = 'refund'
        AND first.state = 'failed' AND COALESCE(first.parent_id, 0) = COALESCE(payments.parent_id, 0)
        AND first.amount_minor = payments.amount_minor
)
WHERE kind = 'refund' AND state = 'failed';
