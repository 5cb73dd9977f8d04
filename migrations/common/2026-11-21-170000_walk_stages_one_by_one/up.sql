-- The list sorted by stage walks one stage after the other. An index that begins with the rank of the
-- stage drew SQLite to it for every condition on the living.
DROP INDEX orders_live_stage;
-- Notes and gifts of what was put away are not counted along.
DROP INDEX orders_noted;
DROP INDEX orders_gift;
CREATE INDEX orders_live_noted ON orders (placed_at, id) WHERE note_count > 0 AND base_rank < 12;
CREATE INDEX orders_live_gift ON orders (placed_at, id) WHERE gift AND base_rank < 12;
