-- Units of a line that were scanned into a parcel while it is packed.
ALTER TABLE shipment_lines ADD COLUMN scanned BIGINT NOT NULL DEFAULT 0;
