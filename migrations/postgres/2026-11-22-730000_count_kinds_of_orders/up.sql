-- Orders of each kind: those that have everything in common that lists are narrowed to by a few fixed words. Exact
-- at any size and kept by triggers, as the stages are, so that a list of several such conditions knows how many orders
-- it has, and which kinds have any, without looking at an order. Changes are rows of their own, folded together now
-- and then.
CREATE TABLE order_kinds (
    stage TEXT NOT NULL,
    market_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    payment_status TEXT NOT NULL,
    fulfilment_status TEXT NOT NULL,
    gift BOOLEAN NOT NULL,
    noted BOOLEAN NOT NULL,
    printed BOOLEAN NOT NULL,
    orders BIGINT NOT NULL
);

INSERT INTO order_kinds
SELECT stage, market_id, channel_id, payment_status, fulfilment_status, gift, note_count > 0, printed_at IS NOT NULL, COUNT(*)
FROM orders
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- The orders of a kind by date, with what else they are sorted by. First what nothing else asks for, so that nothing
-- else is answered by it. It knows two statuses together, and a stage with a payment, which had indexes of their own.
CREATE INDEX orders_kind ON orders ((printed_at IS NOT NULL), (note_count > 0), gift, stage, market_id, channel_id, payment_status, fulfilment_status, placed_at, total_minor, payment_sort, stage_entered_at, id);
DROP INDEX orders_live_payment_fulfilment;
DROP INDEX orders_stage_payment_placed;

CREATE FUNCTION count_kinds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (old.stage, old.market_id, old.channel_id, old.payment_status, old.fulfilment_status, old.gift, old.note_count > 0, old.printed_at IS NOT NULL)
        = (new.stage, new.market_id, new.channel_id, new.payment_status, new.fulfilment_status, new.gift, new.note_count > 0, new.printed_at IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO order_kinds VALUES (old.stage, old.market_id, old.channel_id, old.payment_status, old.fulfilment_status, old.gift, old.note_count > 0, old.printed_at IS NOT NULL, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO order_kinds VALUES (new.stage, new.market_id, new.channel_id, new.payment_status, new.fulfilment_status, new.gift, new.note_count > 0, new.printed_at IS NOT NULL, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER orders_kind_counted AFTER INSERT OR DELETE OR UPDATE OF stage, market_id, channel_id, payment_status, fulfilment_status, gift, note_count, printed_at ON orders
FOR EACH ROW EXECUTE FUNCTION count_kinds();
