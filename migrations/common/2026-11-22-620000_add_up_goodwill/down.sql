DROP INDEX payments_goodwill;
