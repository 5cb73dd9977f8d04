-- Colleagues who are called in an internal note, until they have seen it.
CREATE TABLE mentions (
    id {{key}},
    note_id BIGINT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    seen_at BIGINT,
    UNIQUE (note_id, staff_id)
);
CREATE INDEX mentions_staff ON mentions (staff_id, id);
CREATE INDEX mentions_order ON mentions (order_id, staff_id);
CREATE INDEX mentions_unseen ON mentions (staff_id, order_id) WHERE seen_at IS NULL;
