-- Orders, their lines, ledgers and diary.

-- The twelve built-in stages and the shop's own, each on one of twelve bases that all rules look at.
CREATE TABLE stages (
    slug TEXT PRIMARY KEY NOT NULL,
    label TEXT NOT NULL,
    public_label TEXT,
    base TEXT NOT NULL,
    position BIGINT NOT NULL,
    colour TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    hidden BOOLEAN NOT NULL DEFAULT FALSE,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    sla_minutes BIGINT
);
INSERT INTO stages (slug, label, public_label, base, position, colour, is_default) VALUES
    ('placed', 'Placed', 'Received, waiting for you', 'placed', 1, 'mute', TRUE),
    ('confirmed', 'Confirmed', 'Confirmed', 'confirmed', 2, 'info', TRUE),
    ('on_hold', 'On hold', 'Confirmed', 'on_hold', 3, 'warn', TRUE),
    ('approved', 'Approved', 'Being prepared', 'approved', 4, 'info', TRUE),
    ('processed', 'Processed', 'Packed', 'processed', 5, 'info', TRUE),
    ('shipped', 'Shipped', 'On its way', 'shipped', 6, 'ok', TRUE),
    ('delivered', 'Delivered', 'Delivered', 'delivered', 7, 'ok', TRUE),
    ('returned', 'Returned', 'Returned', 'returned', 8, 'warn', TRUE),
    ('cancelled', 'Cancelled', 'Cancelled', 'cancelled', 9, 'mute', TRUE),
    ('rejected', 'Rejected', 'Declined', 'rejected', 10, 'bad', TRUE),
    ('abandoned', 'Abandoned', 'Expired', 'abandoned', 11, 'mute', TRUE),
    ('archived', 'Archived', NULL, 'archived', 12, 'mute', TRUE);

CREATE TABLE customers (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    phone_digits TEXT,
    locale TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE INDEX customers_email ON customers (email);
CREATE INDEX customers_phone ON customers (phone_digits);

CREATE TABLE products (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    sku TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    variant TEXT NOT NULL DEFAULT '',
    picture TEXT NOT NULL DEFAULT '',
    bin TEXT NOT NULL DEFAULT '',
    barcode TEXT NOT NULL DEFAULT '',
    grams BIGINT NOT NULL DEFAULT 0,
    price_minor BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);

CREATE TABLE orders (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    number BIGINT NOT NULL UNIQUE,
    market_id BIGINT NOT NULL REFERENCES markets (id),
    channel_id BIGINT NOT NULL REFERENCES channels (id),
    cart_id TEXT,
    -- Its name where it came from, such as #1001 of a web shop.
    source_ref TEXT,
    stage TEXT NOT NULL REFERENCES stages (slug),
    base TEXT NOT NULL,
    base_rank BIGINT NOT NULL,
    resume_stage TEXT REFERENCES stages (slug),
    resume_base TEXT,
    stage_entered_at BIGINT NOT NULL,
    payment_status TEXT NOT NULL,
    -- Orders by how complete the payment is: below 100 a degree, above it the instant it was completed.
    payment_sort BIGINT NOT NULL,
    payment_method TEXT NOT NULL DEFAULT '',
    fulfilment_status TEXT NOT NULL,
    currency TEXT NOT NULL,
    subtotal_minor BIGINT NOT NULL,
    discount_minor BIGINT NOT NULL,
    shipping_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_included BOOLEAN NOT NULL,
    total_minor BIGINT NOT NULL,
    -- Worth of the units taken out of it.
    cancelled_minor BIGINT NOT NULL DEFAULT 0,
    authorized_minor BIGINT NOT NULL DEFAULT 0,
    captured_minor BIGINT NOT NULL DEFAULT 0,
    refunded_minor BIGINT NOT NULL DEFAULT 0,
    paid_at BIGINT,
    customer_id BIGINT REFERENCES customers (id),
    customer_name TEXT NOT NULL DEFAULT '',
    -- Folded to plain lower case, for sorting.
    customer_sort TEXT {{bytes}} NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '',
    ship_address TEXT,
    bill_address TEXT,
    ship_city TEXT NOT NULL DEFAULT '',
    ship_country TEXT NOT NULL DEFAULT '',
    shipping_method TEXT NOT NULL DEFAULT '',
    unit_count BIGINT NOT NULL,
    gift BOOLEAN NOT NULL DEFAULT FALSE,
    gift_message TEXT NOT NULL DEFAULT '',
    customer_note TEXT NOT NULL DEFAULT '',
    note_count BIGINT NOT NULL DEFAULT 0,
    message_count BIGINT NOT NULL DEFAULT 0,
    unread_count BIGINT NOT NULL DEFAULT 0,
    -- A copy of order_tags for the list, one tag a line.
    tags TEXT NOT NULL DEFAULT '',
    assignee_id BIGINT REFERENCES staff (id) ON DELETE SET NULL,
    due_at BIGINT,
    abandon_at BIGINT,
    placed_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    printed_at BIGINT,
    print_count BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX orders_source ON orders (channel_id, source_ref);
-- A cart makes one order; it may make another only once that one is over.
CREATE UNIQUE INDEX orders_live_cart ON orders (channel_id, cart_id) WHERE base NOT IN ('cancelled', 'rejected', 'abandoned', 'archived');
CREATE INDEX orders_placed ON orders (placed_at, id);
CREATE INDEX orders_payment ON orders (payment_sort, id);
CREATE INDEX orders_total ON orders (total_minor, id);
CREATE INDEX orders_customer_name ON orders (customer_sort, id);
CREATE INDEX orders_entered ON orders (stage_entered_at, id);
CREATE INDEX orders_base ON orders (base_rank, placed_at, id);
CREATE INDEX orders_stage_placed ON orders (stage, placed_at, id);
CREATE INDEX orders_stage_payment ON orders (stage, payment_sort, id);
CREATE INDEX orders_stage_total ON orders (stage, total_minor, id);
CREATE INDEX orders_stage_customer ON orders (stage, customer_sort, id);
CREATE INDEX orders_stage_entered ON orders (stage, stage_entered_at, id);
CREATE INDEX orders_payment_placed ON orders (payment_status, placed_at, id);
CREATE INDEX orders_fulfilment_placed ON orders (fulfilment_status, placed_at, id);
CREATE INDEX orders_channel_placed ON orders (channel_id, placed_at, id);
CREATE INDEX orders_customer ON orders (customer_id, placed_at);
CREATE INDEX orders_due ON orders (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX orders_abandon ON orders (abandon_at) WHERE abandon_at IS NOT NULL;
CREATE INDEX orders_assignee ON orders (assignee_id, placed_at, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX orders_unread ON orders (placed_at, id) WHERE unread_count > 0;

CREATE TABLE order_lines (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    product_id BIGINT REFERENCES products (id),
    sku TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL,
    variant TEXT NOT NULL DEFAULT '',
    picture TEXT NOT NULL DEFAULT '',
    bin TEXT NOT NULL DEFAULT '',
    properties TEXT NOT NULL DEFAULT '',
    quantity BIGINT NOT NULL,
    unit_minor BIGINT NOT NULL,
    discount_minor BIGINT NOT NULL DEFAULT 0,
    tax_minor BIGINT NOT NULL DEFAULT 0,
    total_minor BIGINT NOT NULL,
    grams BIGINT NOT NULL DEFAULT 0,
    requires_shipping BOOLEAN NOT NULL DEFAULT TRUE,
    gift BOOLEAN NOT NULL DEFAULT FALSE,
    cancelled_quantity BIGINT NOT NULL DEFAULT 0,
    packed_quantity BIGINT NOT NULL DEFAULT 0,
    shipped_quantity BIGINT NOT NULL DEFAULT 0,
    returned_quantity BIGINT NOT NULL DEFAULT 0,
    CHECK (quantity >= 0),
    CHECK (cancelled_quantity >= 0 AND packed_quantity >= 0 AND shipped_quantity >= 0 AND returned_quantity >= 0),
    CHECK (cancelled_quantity + packed_quantity + shipped_quantity <= quantity),
    CHECK (returned_quantity <= shipped_quantity)
);
CREATE INDEX order_lines_order ON order_lines (order_id, position);
CREATE INDEX order_lines_sku ON order_lines (sku, order_id);

-- What was added to or taken off the sum of the lines, in parts people can check.
CREATE TABLE order_charges (
    id {{key}},
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    amount_minor BIGINT NOT NULL,
    rate_ppm BIGINT
);
CREATE INDEX order_charges_order ON order_charges (order_id, position);

CREATE TABLE order_tags (
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (order_id, tag)
);
CREATE INDEX order_tags_tag ON order_tags (tag, order_id);

-- The payment ledger: rows are added and settled, never changed in amount.
CREATE TABLE payments (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- The authorisation a capture draws on, the capture a refund gives back.
    parent_id BIGINT REFERENCES payments (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    provider TEXT NOT NULL DEFAULT 'manual',
    method TEXT NOT NULL DEFAULT '',
    reference TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    actor_name TEXT NOT NULL
);
CREATE INDEX payments_order ON payments (order_id, id);

CREATE TABLE holds (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    until_at BIGINT,
    stock_mode TEXT NOT NULL DEFAULT 'keep',
    placed_at BIGINT NOT NULL,
    placed_by TEXT NOT NULL,
    released_at BIGINT,
    released_by TEXT
);
CREATE INDEX holds_order ON holds (order_id, id);
CREATE INDEX holds_until ON holds (until_at) WHERE released_at IS NULL AND until_at IS NOT NULL;

-- Every approval, rejection and cancellation, kept for good.
CREATE TABLE decisions (
    id {{key}},
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    refund TEXT NOT NULL DEFAULT '',
    restock BOOLEAN NOT NULL DEFAULT FALSE,
    notify BOOLEAN NOT NULL DEFAULT FALSE,
    decided_at BIGINT NOT NULL,
    decided_by TEXT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX decisions_order ON decisions (order_id, id);

CREATE TABLE shipments (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    state TEXT NOT NULL,
    carrier TEXT NOT NULL DEFAULT '',
    tracking TEXT NOT NULL DEFAULT '',
    packed_by TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    packed_at BIGINT,
    shipped_at BIGINT,
    delivered_at BIGINT
);
CREATE INDEX shipments_order ON shipments (order_id, position);
CREATE INDEX shipments_tracking ON shipments (tracking);

CREATE TABLE shipment_lines (
    shipment_id BIGINT NOT NULL REFERENCES shipments (id) ON DELETE CASCADE,
    line_id BIGINT NOT NULL REFERENCES order_lines (id) ON DELETE CASCADE,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, line_id)
);

CREATE TABLE notes (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    body TEXT NOT NULL,
    author_id BIGINT REFERENCES staff (id) ON DELETE SET NULL,
    author_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    deleted_at BIGINT
);
CREATE INDEX notes_order ON notes (order_id, id);

CREATE TABLE messages (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    direction TEXT NOT NULL,
    transport TEXT NOT NULL,
    body TEXT NOT NULL,
    author_name TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX messages_order ON messages (order_id, id);

-- The diary: everything that happened, in order.
CREATE TABLE events (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    order_id BIGINT REFERENCES orders (id) ON DELETE CASCADE,
    -- Strictly increasing within an order; 0 for events of the shop itself.
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_key BIGINT,
    actor_name TEXT NOT NULL,
    happened_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX events_order ON events (order_id, seq);
CREATE INDEX events_kind ON events (kind, id);

CREATE TABLE imports (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    state TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '{}',
    rows_total BIGINT NOT NULL DEFAULT 0,
    rows_done BIGINT NOT NULL DEFAULT 0,
    orders_made BIGINT NOT NULL DEFAULT 0,
    orders_known BIGINT NOT NULL DEFAULT 0,
    orders_refused BIGINT NOT NULL DEFAULT 0,
    rows_refused BIGINT NOT NULL DEFAULT 0,
    failure TEXT,
    started_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
-- The uploaded file, in pieces, until its import is over.
CREATE TABLE import_pieces (
    import_id BIGINT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    bytes {{blob}} NOT NULL,
    PRIMARY KEY (import_id, position)
);
CREATE TABLE import_problems (
    id {{key}},
    import_id BIGINT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    row_number BIGINT NOT NULL,
    order_ref TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL
);
CREATE INDEX import_problems_import ON import_problems (import_id, id);
