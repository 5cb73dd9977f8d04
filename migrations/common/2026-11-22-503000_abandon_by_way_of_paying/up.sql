-- Minutes after which an order with this way of paying counts as abandoned; none for those of its market.
ALTER TABLE payment_methods ADD COLUMN abandon_after_minutes BIGINT;
