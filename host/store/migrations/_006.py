"""What a running dock tells of itself, and which pouches wait to be collected."""

SQL = """
-- The newest run of a dock, told anew every few seconds. `run` is a name of its own for each run, since numbers of
-- processes come again; at `listened_ms` a dock, of this run or one before, last knew that it listened.
CREATE TABLE dock_run (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    run TEXT NOT NULL,
    began_ms INTEGER NOT NULL,
    process INTEGER NOT NULL,
    computer TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    listened_ms INTEGER
) STRICT;

-- The adapters of that run, by name as typed; `why` is a code.
CREATE TABLE dock_radio (
    adapter TEXT PRIMARY KEY,
    listening INTEGER NOT NULL,
    why TEXT,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tags that were heard with something new. A complete docking takes its tag away; `why` is the last failure's code.
CREATE TABLE dock_waiting (
    tag TEXT PRIMARY KEY REFERENCES tag (id),
    since_ms INTEGER NOT NULL,
    why TEXT
) STRICT, WITHOUT ROWID;
"""
