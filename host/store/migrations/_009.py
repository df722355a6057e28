"""What is sealed has a key of its own, which is wrapped for each who may open it."""

SQL = """
-- The key of each sealed item, wrapped for a recipient: a station, by its identity. It is beside the history: another
-- key file wraps it anew, and no fact changes. A sealed value names its item, see host/access/vault.py.
-- Before this step values were sealed under the station's key itself; once that is changed, the old one is an item.
CREATE TABLE wrapped_key (
    item TEXT NOT NULL,
    recipient TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (item, recipient)
) STRICT, WITHOUT ROWID;

-- What is destroyed takes its key along.
CREATE TRIGGER usage_report_destroys_key AFTER UPDATE OF sealed ON usage_report WHEN NEW.sealed <> OLD.sealed
BEGIN DELETE FROM wrapped_key WHERE item = lower(hex(substr(OLD.sealed, 2, 16))); END;
CREATE TRIGGER report_draft_destroys_key AFTER DELETE ON report_draft
BEGIN DELETE FROM wrapped_key WHERE item = lower(hex(substr(OLD.sealed, 2, 16))); END;
"""
