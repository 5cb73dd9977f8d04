-- What came in from WhatsApp, a row a message, written down before anything is made of it.
CREATE TABLE whatsapp_messages (
    id {{key}},
    -- The name that WhatsApp gives it: a repeat is the same row.
    external_ref TEXT {{bytes}} NOT NULL UNIQUE,
    -- in: from the customer; out: said by the shop in the app on its telephone.
    direction TEXT NOT NULL,
    -- The word of WhatsApp for it: text, order, image, reaction …
    kind TEXT NOT NULL,
    -- Digits of the other side's number; empty where WhatsApp does not tell it.
    phone TEXT NOT NULL,
    -- The name WhatsApp gives the other side for this shop; empty if it gives none.
    user_ref TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    -- The message that it answers, reacts to, edits or takes back.
    about_ref TEXT NOT NULL,
    -- The number that somebody changed theirs to.
    new_phone TEXT NOT NULL,
    -- In words.
    body TEXT NOT NULL,
    media_ref TEXT NOT NULL,
    media_mime TEXT NOT NULL,
    media_name TEXT NOT NULL,
    -- waiting, taken, failed or noted.
    state TEXT NOT NULL,
    problem TEXT NOT NULL DEFAULT '',
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    -- As it came, while something is to be made of it or words do not say all of it.
    payload TEXT NOT NULL,
    -- Where it stands in the desk, and as which message of the conversation.
    order_id BIGINT REFERENCES orders (id) ON DELETE SET NULL,
    message_uid TEXT,
    -- When somebody of the shop said that nothing is to be done about it.
    dismissed_at BIGINT,
    said_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX whatsapp_messages_waiting ON whatsapp_messages (due_at, id) WHERE state = 'waiting';
CREATE INDEX whatsapp_messages_phone ON whatsapp_messages (phone, said_at);
CREATE INDEX whatsapp_messages_user ON whatsapp_messages (user_ref, said_at);
CREATE INDEX whatsapp_messages_new_phone ON whatsapp_messages (new_phone) WHERE new_phone <> '';
CREATE INDEX whatsapp_messages_loose ON whatsapp_messages (said_at) WHERE order_id IS NULL AND state = 'taken' AND dismissed_at IS NULL;
CREATE INDEX whatsapp_messages_order ON whatsapp_messages (order_id) WHERE order_id IS NOT NULL;
