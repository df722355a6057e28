"""The audit becomes the journal: the facts stand beside each entry, and the tables follow from it."""

from sqlite3 import Connection

from host.access import journal

SQL = """
-- `via`, how the account was proven, and `device` are NULL in entries from before this step: their hash is of another
-- form. See host/access/journal.py.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    via TEXT,
    device TEXT,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;

-- `about` names the row here; it is no part of what is hashed. Salt and body can be destroyed, and nothing else.
CREATE TABLE fact (
    entry INTEGER NOT NULL REFERENCES journal (number),
    part INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    salt BLOB,
    about TEXT,
    body TEXT,
    PRIMARY KEY (entry, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_about ON fact (about, entry, part) WHERE about IS NOT NULL;
CREATE TRIGGER fact_no_update BEFORE UPDATE ON fact
WHEN NEW.entry <> OLD.entry OR NEW.part <> OLD.part OR NEW.digest <> OLD.digest
    OR NEW.salt IS NOT NULL OR NEW.body IS NOT NULL OR coalesce(NEW.about <> OLD.about, NEW.about IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a fact can only be destroyed'); END;
CREATE TRIGGER fact_no_delete BEFORE DELETE ON fact
BEGIN SELECT RAISE(ABORT, 'fact is append-only'); END;

-- A row is put by a statement that has a trigger, and SQLite then looks for rows that refer to it already.
CREATE INDEX report_of_kit ON usage_report (kit) WHERE kit IS NOT NULL;
CREATE INDEX report_of_officer ON usage_report (officer);
CREATE INDEX report_same_as ON usage_report (same_as) WHERE same_as IS NOT NULL;
CREATE INDEX note_of_other ON report_note (other) WHERE other IS NOT NULL;
CREATE INDEX note_of_opening ON report_note (tag, sequence) WHERE tag IS NOT NULL;
CREATE INDEX explanation_by_officer ON explanation (officer) WHERE officer IS NOT NULL;
CREATE INDEX docked_by_officer ON docked_by (officer);
CREATE INDEX scan_undone ON stocktake_scan (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX gtin_of_product ON product_gtin (product);
CREATE INDEX report_draft_on_opening ON report_draft (tag, sequence) WHERE tag IS NOT NULL;
"""


def fill(connection: Connection) -> None:
    """The entries of the audit become those of the journal."""
    connection.execute(
        "INSERT INTO journal (number, epoch, at_ms, login, via, device, action, outcome, hash) "
        "SELECT id, 1, at_ms, login, NULL, NULL, action, outcome, hash FROM audit ORDER BY id"
    )
    rows = connection.execute("SELECT id, CAST(subject AS BLOB), CAST(detail AS BLOB) FROM audit ORDER BY id")
    for number, *texts in rows.fetchall():
        # Bytes that are no text are replaced: the entry is then found altered, as it was before.
        subject, detail = (None if each is None else each.decode(errors="replace") for each in texts)
        fact = journal.fact(0, None, journal.told_body(journal.Told(subject, detail or "")))
        connection.execute(
            "INSERT INTO fact (entry, part, digest, salt, about, body) VALUES (?, ?, ?, ?, ?, ?)", (number, *fact)
        )
    connection.execute("DROP TABLE audit")
