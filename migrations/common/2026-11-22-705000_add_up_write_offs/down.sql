DROP INDEX payments_forgiven;
CREATE INDEX payments_goodwill ON payments (created_at) WHERE kind = 'goodwill';
