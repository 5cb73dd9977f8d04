-- What stands before the numbers of a market's invoices and credit notes; empty for the shop's own series.
ALTER TABLE markets ADD COLUMN invoice_series TEXT NOT NULL DEFAULT '';
ALTER TABLE markets ADD COLUMN credit_series TEXT NOT NULL DEFAULT '';
