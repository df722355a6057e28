"""Stock, tags, events and reports."""

from host.store.layout import APPLICATION_ID
from host.store.migrations.parts import append_only

SQL = f"""
PRAGMA application_id = {APPLICATION_ID};

CREATE TABLE station (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    collect_names INTEGER NOT NULL CHECK (collect_names IN (0, 1)),
    key_check TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE officer (
    id TEXT PRIMARY KEY,
    trained_on TEXT,
    added_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE lot (
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    doses_per_kit INTEGER NOT NULL CHECK (doses_per_kit > 0),
    PRIMARY KEY (product, lot)
) STRICT;

CREATE TABLE kit (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    FOREIGN KEY (product, lot) REFERENCES lot (product, lot)
) STRICT;

CREATE TABLE movement (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('receive', 'issue', 'return')),
    kit TEXT NOT NULL REFERENCES kit (id),
    officer TEXT REFERENCES officer (id),
    pouch TEXT,
    CHECK ((kind = 'issue') = (officer IS NOT NULL)),
    CHECK (kind = 'issue' OR pouch IS NULL)
) STRICT;
CREATE INDEX movement_by_kit ON movement (kit, at_ms, id);
{append_only("movement")}

CREATE TABLE tag (
    id TEXT PRIMARY KEY CHECK (length(id) = 16),
    pouch TEXT NOT NULL,
    enrolled_at_ms INTEGER NOT NULL,
    retired_at_ms INTEGER,
    sealed_keys BLOB NOT NULL,
    advert_check TEXT NOT NULL,
    session_check TEXT NOT NULL,
    log_check TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX tag_in_pouch ON tag (pouch) WHERE retired_at_ms IS NULL;

CREATE TABLE tag_radio (
    tag TEXT PRIMARY KEY REFERENCES tag (id),
    epoch INTEGER NOT NULL,
    "index" INTEGER NOT NULL,
    heard_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE docking (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL REFERENCES tag (id),
    started_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    outcome TEXT CHECK (outcome IN ('complete', 'failed')),
    detail TEXT,
    records_added INTEGER NOT NULL DEFAULT 0,
    boot_count INTEGER,
    uptime_ms INTEGER,
    anchor_utc_ms INTEGER,
    anchor_error_ms INTEGER,
    battery_mv INTEGER,
    battery_percent INTEGER,
    last_sequence INTEGER
) STRICT;
CREATE INDEX docking_by_tag ON docking (tag, id);

-- The docking names a known tag, so `tag` needs no key of its own; with OR the check costs nothing
-- that can be measured, with IN it halves the rate of ingest.
CREATE TABLE event (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    record BLOB NOT NULL CHECK (length(record) = 36),
    docking INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict = 'verified' OR verdict = 'altered' OR verdict = 'unlinked'),
    type TEXT,
    flags INTEGER,
    battery_mv INTEGER,
    boot_count INTEGER,
    uptime_s INTEGER,
    utc_s INTEGER,
    aux INTEGER,
    PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;
{append_only("event")}

CREATE TABLE explanation (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    officer TEXT NOT NULL REFERENCES officer (id),
    cause TEXT NOT NULL CHECK (cause IN ('used', 'training', 'inspection', 'restocking', 'accidental')),
    doses INTEGER CHECK (doses > 0),
    FOREIGN KEY (tag, sequence) REFERENCES event (tag, sequence)
) STRICT;
{append_only("explanation")}

CREATE TABLE usage_report (
    id INTEGER PRIMARY KEY,
    form TEXT NOT NULL,
    filed_at_ms INTEGER NOT NULL,
    officer TEXT NOT NULL REFERENCES officer (id),
    tag TEXT,
    sequence INTEGER,
    doses INTEGER NOT NULL CHECK (doses > 0),
    sealed BLOB NOT NULL,
    fields TEXT NOT NULL,
    FOREIGN KEY (tag, sequence) REFERENCES event (tag, sequence)
) STRICT;
"""
