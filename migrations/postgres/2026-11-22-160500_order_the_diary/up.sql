-- A key of the diary is drawn before its transaction commits, so a greater one may be seen first. Whoever
-- draws keys says so for as long as its transaction lasts: it shares a lock whose number is the last key
-- drawn before its own. Readers stop at the least number that is held (src/db/dialect.rs), and so nothing
-- ever appears behind them.
ALTER TABLE events ALTER COLUMN id DROP IDENTITY;
CREATE SEQUENCE events_id_seq MINVALUE 0 START WITH 0 OWNED BY events.id;
SELECT setval('events_id_seq', COALESCE((SELECT MAX(id) FROM events), 0));

CREATE FUNCTION next_event_id() RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('slipway.writes_diary', true) IS DISTINCT FROM 'yes' THEN
        -- 0x0510 in the highest bits tells these locks from others.
        PERFORM pg_advisory_xact_lock_shared(364791569817010176 + last_value) FROM events_id_seq;
        PERFORM set_config('slipway.writes_diary', 'yes', true);
    END IF;
    RETURN nextval('events_id_seq');
END
$$;
ALTER TABLE events ALTER COLUMN id SET DEFAULT next_event_id();
