-- A gift card is a way of paying: it covers a part of what is due, and prices and taxes stay as they are.
INSERT INTO payment_methods
    (key, label, position, offline, completes_unpaid, to_approve, captured_before_ship, capture_at, authorization_days, never_abandons)
SELECT 'gift_card', 'Gift card', (SELECT COALESCE(MAX(position), 0) + 1 FROM payment_methods), TRUE, FALSE, 'received',
    TRUE, 'manual', NULL, FALSE
WHERE NOT EXISTS (SELECT 1 FROM payment_methods WHERE key = 'gift_card');
