-- Pictures and documents that go with messages. What is in them comes last, so that everything else is read
-- without it.
CREATE TABLE attachments (
    id {{key}},
    uid TEXT {{bytes}} NOT NULL UNIQUE,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('jpeg', 'png', 'gif', 'webp', 'pdf')),
    size BIGINT NOT NULL CHECK (size > 0),
    width BIGINT,
    height BIGINT,
    created_at BIGINT NOT NULL,
    content {{blob}} NOT NULL
);
CREATE INDEX attachments_message ON attachments (message_id, id);
