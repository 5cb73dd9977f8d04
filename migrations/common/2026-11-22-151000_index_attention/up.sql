-- What needs attention is few among very many.
CREATE INDEX orders_owed ON orders (placed_at, id) WHERE base_rank < 12 AND captured_minor - refunded_minor - CASE WHEN base IN ('cancelled', 'rejected') THEN 0 ELSE total_minor - cancelled_minor END > 0;
