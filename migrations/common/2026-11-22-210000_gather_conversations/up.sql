-- The inbox: when something was last said about an order, and since when the customer waits for an answer.
ALTER TABLE orders ADD COLUMN talked_at BIGINT;
ALTER TABLE orders ADD COLUMN asked_at BIGINT;
UPDATE orders SET
    talked_at = (SELECT MAX(said.created_at) FROM messages AS said WHERE said.order_id = orders.id),
    asked_at = (
        SELECT MIN(said.created_at) FROM messages AS said
        WHERE said.order_id = orders.id AND said.direction = 'in' AND NOT EXISTS (
            SELECT 1 FROM messages AS answer
            WHERE answer.order_id = orders.id AND answer.direction = 'out'
                AND (answer.created_at > said.created_at OR (answer.created_at = said.created_at AND answer.id > said.id))
        )
    )
WHERE message_count > 0;
CREATE INDEX orders_talked ON orders (talked_at, id) WHERE talked_at IS NOT NULL;
CREATE INDEX orders_awaiting ON orders (talked_at, id) WHERE asked_at IS NOT NULL;
CREATE INDEX orders_unread_talked ON orders (talked_at, id) WHERE unread_count > 0;
CREATE INDEX orders_assignee_talked ON orders (assignee_id, talked_at, id) WHERE talked_at IS NOT NULL;
