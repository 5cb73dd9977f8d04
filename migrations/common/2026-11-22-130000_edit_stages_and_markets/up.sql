-- Stages of the shop's own: what an order must have to enter one, and whether its customer is told.
-- The keys of the fields are words between single spaces.
ALTER TABLE stages ADD COLUMN required_fields TEXT NOT NULL DEFAULT '';
ALTER TABLE stages ADD COLUMN sends_message BOOLEAN NOT NULL DEFAULT FALSE;
-- Orders that come back to a stage of the shop's own, for closing one. The slug of a built-in stage is
-- the word of its base.
CREATE INDEX orders_resume_own ON orders (resume_stage) WHERE resume_stage IS NOT NULL AND resume_stage <> resume_base;

-- Markets: languages after the first between single spaces, tax of new orders in millionths, timers.
-- A number of days that is not given means that the timer is off. No payment methods means all of them.
ALTER TABLE markets ADD COLUMN languages TEXT NOT NULL DEFAULT '';
ALTER TABLE markets ADD COLUMN tax_rate_ppm BIGINT NOT NULL DEFAULT 0;
ALTER TABLE markets ADD COLUMN abandons BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE markets ADD COLUMN stock_hold_minutes BIGINT NOT NULL DEFAULT 60;
ALTER TABLE markets ADD COLUMN deliver_after_days BIGINT;
ALTER TABLE markets ADD COLUMN archive_after_days BIGINT;
ALTER TABLE markets ADD COLUMN holds_after_hours BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE markets ADD COLUMN payment_methods TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN payment_method TEXT NOT NULL DEFAULT '';

-- Opening hours in minutes after midnight of the market's own clock; a weekday (Monday is 1) without a
-- row is closed.
CREATE TABLE market_hours (
    market_id BIGINT NOT NULL REFERENCES markets (id) ON DELETE CASCADE,
    weekday BIGINT NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    opens_minute BIGINT NOT NULL CHECK (opens_minute BETWEEN 0 AND 1439),
    closes_minute BIGINT NOT NULL CHECK (closes_minute BETWEEN 1 AND 1440),
    PRIMARY KEY (market_id, weekday),
    CHECK (opens_minute < closes_minute)
);
-- Days on which a market is closed whatever the weekday, as 2026-12-25.
CREATE TABLE market_closed_days (
    market_id BIGINT NOT NULL REFERENCES markets (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    PRIMARY KEY (market_id, day)
);

-- Orders that a timer could not move: not to be looked at again before this time.
CREATE TABLE timer_waits (
    order_id BIGINT PRIMARY KEY NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    until_at BIGINT NOT NULL
);
-- What timers look for: orders that have left the shop and were not put away, by how long they stand.
CREATE INDEX orders_left ON orders (market_id, stage, stage_entered_at, id) WHERE base_rank >= 6 AND base_rank < 12;
