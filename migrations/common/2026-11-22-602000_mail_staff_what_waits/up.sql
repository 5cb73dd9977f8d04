-- People who get a mail about what nobody has looked at: some time after it came, or once a day at an hour. How far
-- they were told, so that everything is told once.
CREATE TABLE staff_mails (
    staff_id BIGINT NOT NULL PRIMARY KEY REFERENCES staff (id) ON DELETE CASCADE,
    after_minutes BIGINT,
    daily_hour BIGINT,
    messages_to BIGINT NOT NULL,
    mentions_to BIGINT NOT NULL,
    digest_on TEXT NOT NULL,
    CHECK ((after_minutes IS NULL) <> (daily_hour IS NULL))
);
