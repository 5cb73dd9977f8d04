-- Orders of each kind: those that have everything in common that lists are narrowed to by a few fixed words. Exact
-- at any size and kept by triggers, as the stages are, so that a list of several such conditions knows how many orders
-- it has, and which kinds have any, without looking at an order.
CREATE TABLE order_kinds (
    stage TEXT NOT NULL,
    market_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    payment_status TEXT NOT NULL,
    fulfilment_status TEXT NOT NULL,
    gift BOOLEAN NOT NULL,
    noted BOOLEAN NOT NULL,
    printed BOOLEAN NOT NULL,
    orders BIGINT NOT NULL,
    PRIMARY KEY (stage, market_id, channel_id, payment_status, fulfilment_status, gift, noted, printed)
) WITHOUT ROWID;

INSERT INTO order_kinds
SELECT stage, market_id, channel_id, payment_status, fulfilment_status, gift, note_count > 0, printed_at IS NOT NULL, COUNT(*)
FROM orders
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- The orders of a kind by date, with what else they are sorted by. First what nothing else asks for, so that nothing
-- else is answered by it. It knows two statuses together, and a stage with a payment, which had indexes of their own.
CREATE INDEX orders_kind ON orders ((printed_at IS NOT NULL), (note_count > 0), gift, stage, market_id, channel_id, payment_status, fulfilment_status, placed_at, total_minor, payment_sort, stage_entered_at, id);
DROP INDEX orders_live_payment_fulfilment;
DROP INDEX orders_stage_payment_placed;

CREATE TRIGGER orders_kind_in AFTER INSERT ON orders BEGIN
    INSERT INTO order_kinds VALUES (new.stage, new.market_id, new.channel_id, new.payment_status, new.fulfilment_status, new.gift, new.note_count > 0, new.printed_at IS NOT NULL, 1)
    ON CONFLICT DO UPDATE SET orders = orders + 1;
END;
CREATE TRIGGER orders_kind_out AFTER DELETE ON orders BEGIN
    INSERT INTO order_kinds VALUES (old.stage, old.market_id, old.channel_id, old.payment_status, old.fulfilment_status, old.gift, old.note_count > 0, old.printed_at IS NOT NULL, -1)
    ON CONFLICT DO UPDATE SET orders = orders - 1;
END;
CREATE TRIGGER orders_kind_over AFTER UPDATE OF stage, market_id, channel_id, payment_status, fulfilment_status, gift, note_count, printed_at ON orders
WHEN (old.stage, old.market_id, old.channel_id, old.payment_status, old.fulfilment_status, old.gift, old.note_count > 0, old.printed_at IS NOT NULL)
    <> (new.stage, new.market_id, new.channel_id, new.payment_status, new.fulfilment_status, new.gift, new.note_count > 0, new.printed_at IS NOT NULL) BEGIN
    INSERT INTO order_kinds VALUES (old.stage, old.market_id, old.channel_id, old.payment_status, old.fulfilment_status, old.gift, old.note_count > 0, old.printed_at IS NOT NULL, -1)
    ON CONFLICT DO UPDATE SET orders = orders - 1;
    INSERT INTO order_kinds VALUES (new.stage, new.market_id, new.channel_id, new.payment_status, new.fulfilment_status, new.gift, new.note_count > 0, new.printed_at IS NOT NULL, 1)
    ON CONFLICT DO UPDATE SET orders = orders + 1;
END;
