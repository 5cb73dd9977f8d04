-- Replies that are written once and used often.
CREATE TABLE saved_replies (
    id {{key}},
    uid TEXT {{bytes}} NOT NULL UNIQUE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
