-- Who looks at which order at this moment. Screens say so again and again; what was not said again is over.
CREATE TABLE presences (
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    staff_id BIGINT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, staff_id)
);
