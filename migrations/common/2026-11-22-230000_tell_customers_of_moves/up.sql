-- What customers are told when an order enters a stage: for every market, or for one. Empty for nothing.
CREATE TABLE stage_messages (
    id {{key}},
    stage TEXT NOT NULL REFERENCES stages (slug) ON DELETE CASCADE,
    market_id BIGINT REFERENCES markets (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX stage_messages_stage ON stage_messages (stage, COALESCE(market_id, 0));

-- How far the diary was read for it. Of what happened before, nobody is told.
CREATE TABLE announced (
    position BIGINT NOT NULL PRIMARY KEY
);
INSERT INTO announced (position) SELECT COALESCE(MAX(id), 0) FROM events;
