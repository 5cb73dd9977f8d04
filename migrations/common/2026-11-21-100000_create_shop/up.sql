-- The shop, its people and what they may see. Times are microseconds since 1970 in UTC, money is in
-- minor units, text enums hold the words of the Rust enums.

-- Single facts about the shop that need no table: name, address, packing-slip texts.
CREATE TABLE settings (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- Numbers drawn inside the write that uses them.
CREATE TABLE counters (
    name TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('order_number', 10000);

CREATE TABLE markets (
    id {{key}},
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    locale TEXT NOT NULL DEFAULT 'en',
    country TEXT NOT NULL DEFAULT '',
    order_prefix TEXT NOT NULL DEFAULT 'ORD',
    tax_included BOOLEAN NOT NULL DEFAULT TRUE,
    abandon_after_minutes BIGINT NOT NULL DEFAULT 1440,
    created_at BIGINT NOT NULL
);

CREATE TABLE channels (
    id {{key}},
    market_id BIGINT NOT NULL REFERENCES markets (id),
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE staff (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    preferences TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    last_seen_at BIGINT
);

-- One-time links: an invitation or a password reset. Only the hash of the token is kept.
CREATE TABLE staff_links (
    token_hash TEXT PRIMARY KEY NOT NULL,
    staff_id BIGINT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    created_by BIGINT REFERENCES staff (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE sessions (
    key_hash TEXT PRIMARY KEY NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    staff_id BIGINT REFERENCES staff (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    address TEXT NOT NULL DEFAULT '',
    agent TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_staff ON sessions (staff_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Failed attempts per account and per address, for slowing guesses down.
CREATE TABLE sign_in_failures (
    subject TEXT PRIMARY KEY NOT NULL,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

-- One-time tokens of forms and idempotency keys of programs: the outcome of the first use.
CREATE TABLE request_keys (
    credential TEXT NOT NULL,
    request_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL DEFAULT '{}',
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (credential, request_key)
);
CREATE INDEX request_keys_age ON request_keys (created_at);

CREATE TABLE saved_views (
    id {{key}},
    uid TEXT NOT NULL UNIQUE,
    -- Nobody: shared with the whole shop.
    owner_id BIGINT REFERENCES staff (id) ON DELETE CASCADE,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    icon TEXT NOT NULL DEFAULT 'list-details',
    query TEXT NOT NULL,
    position BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
CREATE INDEX saved_views_owner ON saved_views (owner_id);

CREATE TABLE jobs (
    id {{key}},
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- At most one waiting job of a kind with the same key.
    unique_key TEXT UNIQUE,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    claimed_until BIGINT,
    last_error TEXT,
    failed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE failed_at IS NULL;
