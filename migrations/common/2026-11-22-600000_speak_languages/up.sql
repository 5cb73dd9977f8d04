-- The language that a customer asked for; empty for the usual one of their market.
ALTER TABLE orders ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- What is said of a stage can be said in several languages; empty for whoever reads none of them.
ALTER TABLE stage_messages ADD COLUMN language TEXT NOT NULL DEFAULT '';
DROP INDEX stage_messages_stage;
CREATE UNIQUE INDEX stage_messages_stage ON stage_messages (stage, COALESCE(market_id, 0), language);
