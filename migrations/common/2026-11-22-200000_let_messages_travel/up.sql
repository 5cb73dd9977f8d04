-- What sending a message by somebody else's machine needs; see src/conversation/transport.rs.
ALTER TABLE messages ADD COLUMN external_id TEXT {{bytes}};
ALTER TABLE messages ADD COLUMN details TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN problem TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
-- When something is to be done: sent, or, while it is being sent, given up as unsure.
ALTER TABLE messages ADD COLUMN due_at BIGINT;
ALTER TABLE messages ADD COLUMN sent_at BIGINT;
ALTER TABLE messages ADD COLUMN delivered_at BIGINT;
CREATE UNIQUE INDEX messages_external ON messages (transport, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX messages_due ON messages (transport, due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX messages_failed ON messages (order_id, id) WHERE state IN ('failed', 'unsure');

-- What peers tell of messages before the call that sent them has ended.
CREATE TABLE message_statuses (
    id {{key}},
    transport TEXT NOT NULL,
    external_id TEXT {{bytes}} NOT NULL,
    status TEXT NOT NULL,
    problem TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX message_statuses_external ON message_statuses (transport, external_id);
