-- What was given out of kindness lately is found without looking through every payment.
CREATE INDEX payments_goodwill ON payments (created_at) WHERE kind = 'goodwill';
