-- Counts the changes of the keys, so that whoever follows the feed learns of them.
INSERT IGNORE INTO session_counter (name, `value`) VALUES ('key', 0);
