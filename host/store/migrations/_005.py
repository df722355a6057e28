"""Reports that were begun and left for later, and reasons of a stocktake that is not closed yet."""

SQL = """
-- What an officer has answered so far, for a report on an opening (tag, sequence) or on none. `sealed` holds all of the
-- answers. It goes when the report is filed, when the opening is explained as something else, and with its age.
CREATE TABLE report_draft (
    id INTEGER PRIMARY KEY,
    officer TEXT NOT NULL REFERENCES officer (id),
    form TEXT NOT NULL,
    tag TEXT REFERENCES tag (id),
    sequence INTEGER,
    kept_at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX report_draft_by_officer ON report_draft (officer, tag, sequence);

-- The reasons given so far for the differences of a stocktake under way. They go when it is closed or given up.
CREATE TABLE stocktake_reason (
    stocktake INTEGER NOT NULL REFERENCES stocktake (id),
    kind TEXT NOT NULL,
    kit TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (stocktake, kind, kit)
) STRICT, WITHOUT ROWID;
"""
