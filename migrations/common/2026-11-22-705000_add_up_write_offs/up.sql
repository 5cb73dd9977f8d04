DROP INDEX payments_goodwill;
-- What was given out of kindness or written off lately is found without looking through every payment.
CREATE INDEX payments_forgiven ON payments (created_at) WHERE kind IN ('goodwill', 'write_off', 'write_back');
