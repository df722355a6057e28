"""The whole ledger, places, accounts, the audit, discrepancies, stocktakes; and roll-ups of what follows."""

from host.store.migrations.parts import append_only

SQL = f"""
CREATE TABLE place (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('station', 'vehicle', 'custody', 'cabinet')),
    unit TEXT,
    added_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO place SELECT name, 'station', NULL, created_at_ms FROM station;

ALTER TABLE officer ADD COLUMN unit TEXT;
ALTER TABLE officer ADD COLUMN station TEXT REFERENCES place (id);
ALTER TABLE officer ADD COLUMN role TEXT;
ALTER TABLE officer ADD COLUMN left_on TEXT;
CREATE INDEX officer_by_training ON officer (trained_on);
CREATE INDEX officer_who_left ON officer (left_on) WHERE left_on IS NOT NULL;

CREATE TABLE product (
    name TEXT PRIMARY KEY,
    doses_per_kit INTEGER NOT NULL CHECK (doses_per_kit > 0),
    added_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO product SELECT product, min(doses_per_kit), 0 FROM lot GROUP BY product;
CREATE TABLE product_gtin (
    gtin TEXT PRIMARY KEY CHECK (length(gtin) = 14),
    product TEXT NOT NULL REFERENCES product (name)
) STRICT;

ALTER TABLE kit ADD COLUMN gtin TEXT;
ALTER TABLE kit ADD COLUMN serial TEXT;
CREATE INDEX kit_by_serial ON kit (gtin, serial) WHERE serial IS NOT NULL;
CREATE INDEX kit_by_lot ON kit (lot, product);
CREATE INDEX kit_in_capitals ON kit (id COLLATE NOCASE);

CREATE TABLE recall (
    id INTEGER PRIMARY KEY,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('recall', 'lift')),
    reason TEXT NOT NULL,
    document TEXT,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    FOREIGN KEY (product, lot) REFERENCES lot (product, lot)
) STRICT;
CREATE INDEX recall_by_lot ON recall (product, lot, id);
{append_only("recall")}

DROP TRIGGER movement_no_update;
DROP TRIGGER movement_no_delete;
DROP INDEX movement_by_kit;
ALTER TABLE movement RENAME TO movement_001;
CREATE TABLE movement (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'receive', 'issue', 'return', 'transfer', 'load', 'unload', 'use', 'leave_behind', 'lose', 'find',
        'quarantine', 'release', 'count', 'destroy', 'correct')),
    kit TEXT NOT NULL REFERENCES kit (id),
    officer TEXT REFERENCES officer (id),
    place TEXT REFERENCES place (id),
    pouch TEXT,
    doses INTEGER CHECK (doses >= 0),
    corrects INTEGER REFERENCES movement (id),
    report INTEGER REFERENCES usage_report (id),
    reason TEXT,
    document TEXT,
    login TEXT NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    CHECK (officer IS NULL OR kind = 'issue'),
    CHECK ((kind IN ('receive', 'return', 'transfer', 'find')) <= (place IS NOT NULL)),
    CHECK (kind <> 'issue' OR (officer IS NULL) <> (place IS NULL)),
    CHECK (pouch IS NULL OR kind IN ('issue', 'load')),
    CHECK (kind <> 'load' OR pouch IS NOT NULL),
    CHECK (doses IS NULL OR kind IN ('use', 'return', 'count')),
    CHECK (kind NOT IN ('use', 'count') OR doses IS NOT NULL),
    CHECK ((kind = 'correct') = (corrects IS NOT NULL))
) STRICT;
INSERT INTO movement (id, at_ms, kind, kit, officer, place, pouch, login, recorded_at_ms)
    SELECT id, at_ms, kind, kit, officer, iif(kind = 'issue', NULL, (SELECT name FROM station)), pouch, '', at_ms
    FROM movement_001 ORDER BY id;
DROP TABLE movement_001;
CREATE INDEX movement_by_kit ON movement (kit, at_ms, id);
CREATE INDEX movement_to_officer ON movement (officer, at_ms) WHERE officer IS NOT NULL;
CREATE INDEX movement_of_no_return ON movement (at_ms) WHERE kind IN ('use', 'leave_behind', 'lose');
CREATE INDEX movement_of_report ON movement (report) WHERE report IS NOT NULL;
CREATE INDEX movement_corrected ON movement (corrects) WHERE corrects IS NOT NULL;
{append_only("movement")}

ALTER TABLE tag ADD COLUMN moved_to TEXT;
CREATE INDEX tag_retired ON tag (pouch, retired_at_ms) WHERE retired_at_ms IS NOT NULL;
CREATE INDEX report_of_opening ON usage_report (tag, sequence);
CREATE INDEX report_for_resupply ON usage_report (officer) WHERE json_extract(fields, '$.resupply_needed');
CREATE INDEX report_of_no_opening ON usage_report (officer) WHERE tag IS NULL;
CREATE INDEX explanation_of_opening ON explanation (tag, sequence, id);

CREATE TABLE account (
    login TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN (
        'officer', 'quartermaster', 'programme_lead', 'auditor', 'administrator')),
    officer TEXT REFERENCES officer (id),
    granted_at_ms INTEGER NOT NULL,
    PRIMARY KEY (login, role),
    CHECK (officer IS NULL OR role = 'officer')
) STRICT, WITHOUT ROWID;

-- hash = SHA-256 over the hash before and this row: see host/access/audit.py.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
{append_only("audit")}

CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE stocktake (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL REFERENCES place (id),
    blind INTEGER NOT NULL CHECK (blind IN (0, 1)),
    started_at_ms INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    closed_at_ms INTEGER,
    closed_by TEXT,
    cancelled TEXT,
    CHECK (cancelled IS NULL OR closed_at_ms IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX stocktake_open ON stocktake (place) WHERE closed_at_ms IS NULL;
CREATE TABLE stocktake_scan (
    id INTEGER PRIMARY KEY,
    stocktake INTEGER NOT NULL REFERENCES stocktake (id),
    at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    counter TEXT NOT NULL,
    kit TEXT NOT NULL,
    doses INTEGER CHECK (doses >= 0),
    undoes INTEGER REFERENCES stocktake_scan (id)
) STRICT;
CREATE INDEX scan_of_stocktake ON stocktake_scan (stocktake, kit);
{append_only("stocktake_scan")}
CREATE TABLE stocktake_difference (
    stocktake INTEGER NOT NULL REFERENCES stocktake (id),
    kind TEXT NOT NULL,
    kit TEXT NOT NULL,
    detail TEXT NOT NULL,
    reason TEXT NOT NULL,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (stocktake, kind, kit)
) STRICT, WITHOUT ROWID;
{append_only("stocktake_difference")}

CREATE TABLE expiry_note (
    id INTEGER PRIMARY KEY,
    kit TEXT NOT NULL REFERENCES kit (id),
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX expiry_note_of_kit ON expiry_note (kit, id);
{append_only("expiry_note")}

-- Somebody has read the digest that was made then.
CREATE TABLE digest_read (
    id INTEGER PRIMARY KEY,
    made_at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
{append_only("digest_read")}

CREATE TABLE discrepancy_entry (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('opened', 'acknowledged', 'resolved', 'reopened', 'cleared')),
    reason TEXT,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX entry_of_discrepancy ON discrepancy_entry (kind, subject, id);
{append_only("discrepancy_entry")}

-- Ranges of records that retention has destroyed, first and last included: what is missing there was never lost.
CREATE TABLE forgotten (
    tag TEXT NOT NULL REFERENCES tag (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= first),
    PRIMARY KEY (tag, first)
) STRICT, WITHOUT ROWID;

-- From here on: roll-ups. Each follows from the tables above and is kept in the same transaction.

CREATE TABLE rollup (version INTEGER NOT NULL) STRICT;
INSERT INTO rollup VALUES (0);

CREATE TABLE kit_state (
    kit TEXT PRIMARY KEY REFERENCES kit (id),
    status TEXT NOT NULL,
    officer TEXT,
    place TEXT,
    pouch TEXT,
    quarantine TEXT,
    doses_left INTEGER NOT NULL,
    doses_used INTEGER NOT NULL,
    doses_unaccounted INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    began INTEGER NOT NULL,
    moved_at_ms INTEGER NOT NULL,
    movement INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    impossible TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX kit_issued ON kit_state (expires_on) WHERE status = 'issued';
CREATE INDEX kit_in_no_pouch ON kit_state (kit) WHERE status = 'issued' AND officer IS NOT NULL AND pouch IS NULL;
CREATE INDEX kit_in_stock ON kit_state (place, product, expires_on) WHERE status = 'in_stock';
CREATE INDEX kit_in_stock_expires ON kit_state (expires_on) WHERE status = 'in_stock';
CREATE INDEX kit_in_place ON kit_state (place) WHERE status = 'issued' AND place IS NOT NULL;
CREATE INDEX kit_with_officer ON kit_state (officer) WHERE officer IS NOT NULL;
CREATE INDEX kit_in_pouch ON kit_state (pouch) WHERE pouch IS NOT NULL;
CREATE INDEX kit_of_lot ON kit_state (lot, product);
CREATE INDEX kit_unaccounted ON kit_state (kit) WHERE doses_unaccounted <> 0;
CREATE INDEX kit_quarantined ON kit_state (kit) WHERE quarantine IS NOT NULL;
CREATE INDEX kit_impossible ON kit_state (kit) WHERE impossible IS NOT NULL;

CREATE TABLE custody (
    kit TEXT NOT NULL REFERENCES kit (id),
    began INTEGER NOT NULL,
    status TEXT NOT NULL,
    officer TEXT,
    place TEXT,
    pouch TEXT,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER,
    PRIMARY KEY (kit, began)
) STRICT, WITHOUT ROWID;
CREATE INDEX custody_of_pouch ON custody (pouch, since_ms) WHERE pouch IS NOT NULL;
CREATE INDEX custody_of_officer ON custody (officer, since_ms) WHERE officer IS NOT NULL;

CREATE TABLE opening (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    pouch TEXT NOT NULL,
    began_earliest_ms INTEGER NOT NULL,
    began_latest_ms INTEGER NOT NULL,
    began_likely_ms INTEGER NOT NULL,
    ended_earliest_ms INTEGER,
    ended_latest_ms INTEGER,
    ended_likely_ms INTEGER,
    duration_s INTEGER,
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    dose_marks INTEGER NOT NULL,
    cause TEXT,
    reports INTEGER NOT NULL,
    PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX opening_unsettled ON opening (tag, sequence)
    WHERE (cause IS NULL AND reports = 0) OR (cause = 'used' AND reports = 0);
CREATE INDEX opening_used ON opening (began_likely_ms) WHERE cause = 'used' OR reports > 0;
CREATE INDEX opening_of_pouch ON opening (pouch, began_likely_ms);

CREATE TABLE log_flaw (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('altered', 'gap', 'fault', 'clock')),
    docking INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    records INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (tag, sequence, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_flaw_by_kind ON log_flaw (kind, at_ms);

CREATE TABLE tag_state (
    tag TEXT PRIMARY KEY,
    pouch TEXT NOT NULL,
    enrolled_at_ms INTEGER NOT NULL,
    retired_at_ms INTEGER,
    docked_at_ms INTEGER,
    last_docking INTEGER,
    last_outcome TEXT,
    last_started_at_ms INTEGER,
    battery_percent INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_state_of_pouch ON tag_state (pouch) WHERE retired_at_ms IS NULL;
CREATE INDEX tag_not_docked ON tag_state (docked_at_ms) WHERE retired_at_ms IS NULL;
CREATE INDEX tag_not_well ON tag_state (tag)
    WHERE retired_at_ms IS NULL AND last_docking IS NOT NULL AND last_outcome IS NOT 'complete';
CREATE INDEX tag_battery ON tag_state (battery_percent) WHERE retired_at_ms IS NULL AND battery_percent IS NOT NULL;

-- Tags whose openings, flaws and state are to be derived again before they are next read.
CREATE TABLE stale_tag (tag TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE discrepancy (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('opened', 'acknowledged', 'resolved', 'reopened', 'cleared')),
    opened_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX discrepancy_live ON discrepancy
    (kind, subject, occurrence, status, opened_at_ms, changed_at_ms, login, reason) WHERE status <> 'cleared';
"""
