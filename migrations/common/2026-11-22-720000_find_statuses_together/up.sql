-- Each of two statuses may be that of many orders and both together of few.
CREATE INDEX orders_live_payment_fulfilment ON orders (payment_status, fulfilment_status, placed_at, id)
    WHERE base_rank < 12;
