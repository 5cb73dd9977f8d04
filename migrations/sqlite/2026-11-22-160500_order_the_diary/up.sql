-- SQLite has one writer, so keys of the diary are seen in the order in which they were drawn.
SELECT 1;
