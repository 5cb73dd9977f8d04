-- The secret addresses under which customers see their orders. One of an order is live at a time; those
-- revoked stay, so that whoever follows one is told what became of it.
CREATE TABLE customer_links (
    id {{key}},
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    -- Plain, because it is shown to staff again and again; see src/customer_page/mod.rs.
    token TEXT {{bytes}} NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX customer_links_live ON customer_links (order_id) WHERE revoked_at IS NULL;
CREATE INDEX customer_links_order ON customer_links (order_id);
