"""Who said and who entered what, reports that are withdrawn or tell of the same, and which kits need counting."""

from host.store.migrations.parts import append_only

SQL = f"""
DROP TRIGGER explanation_no_update;
DROP TRIGGER explanation_no_delete;
DROP INDEX explanation_of_opening;
ALTER TABLE explanation RENAME TO explanation_002;
-- Said by `officer`, or by `login` itself if that is NULL; entered by `login`, which earlier layouts did not keep.
CREATE TABLE explanation (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    officer TEXT REFERENCES officer (id),
    cause TEXT NOT NULL CHECK (cause IN ('used', 'training', 'inspection', 'restocking', 'accidental')),
    doses INTEGER CHECK (doses > 0),
    login TEXT NOT NULL,
    CHECK (officer IS NOT NULL OR login <> ''),
    FOREIGN KEY (tag, sequence) REFERENCES event (tag, sequence)
) STRICT;
INSERT INTO explanation (id, tag, sequence, at_ms, officer, cause, doses, login)
    SELECT id, tag, sequence, at_ms, officer, cause, doses, '' FROM explanation_002 ORDER BY id;
DROP TABLE explanation_002;
CREATE INDEX explanation_of_opening ON explanation (tag, sequence, id);
{append_only("explanation")}

ALTER TABLE usage_report ADD COLUMN login TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_report ADD COLUMN kit TEXT REFERENCES kit (id);
ALTER TABLE usage_report ADD COLUMN stands TEXT NOT NULL DEFAULT 'filed'
    CHECK (stands IN ('filed', 'withdrawn', 'same'));
ALTER TABLE usage_report ADD COLUMN same_as INTEGER REFERENCES usage_report (id)
    CHECK ((same_as IS NOT NULL) = (stands = 'same'));

-- What became of a report after it was filed: `stands`, `same_as` and the opening of one that named none follow.
CREATE TABLE report_note (
    id INTEGER PRIMARY KEY,
    report INTEGER NOT NULL REFERENCES usage_report (id),
    action TEXT NOT NULL CHECK (action IN ('withdraw', 'same', 'match', 'restore')),
    other INTEGER REFERENCES usage_report (id),
    tag TEXT,
    sequence INTEGER,
    reason TEXT,
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    FOREIGN KEY (tag, sequence) REFERENCES event (tag, sequence)
) STRICT;
CREATE INDEX note_of_report ON report_note (report, id);
{append_only("report_note")}

-- Who stood at the dock with a pouch, where that was asked.
CREATE TABLE docked_by (
    id INTEGER PRIMARY KEY,
    docking INTEGER NOT NULL REFERENCES docking (id),
    officer TEXT NOT NULL REFERENCES officer (id),
    login TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX docked_by_whom ON docked_by (docking, id);
{append_only("docked_by")}

-- When a use was, if a report told of it later.
ALTER TABLE movement ADD COLUMN happened_ms INTEGER CHECK (happened_ms IS NULL OR kind = 'use');
-- A kit's movements count in the order in which they were recorded.
DROP INDEX movement_by_kit;
CREATE INDEX movement_by_kit ON movement (kit, id);
CREATE INDEX movement_into_pouch ON movement (pouch, kit) WHERE pouch IS NOT NULL;

-- From here on: roll-ups, made anew.

DROP TABLE kit_state;
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
    counted_ms INTEGER NOT NULL,
    stands_at_ms INTEGER NOT NULL,
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
CREATE INDEX kit_opened ON kit_state (kit) WHERE status = 'issued' AND (doses_used > 0 OR doses_unaccounted <> 0);

-- Kits that must be counted before they are handed out again, and why: see host/usage/doses.py.
CREATE TABLE to_count (
    kit TEXT PRIMARY KEY REFERENCES kit (id),
    why TEXT NOT NULL CHECK (why IN ('opened', 'told', 'unread', 'back')),
    at_ms INTEGER NOT NULL,
    earlier INTEGER NOT NULL CHECK (earlier IN (0, 1)),
    pouch TEXT,
    tag TEXT,
    sequence INTEGER,
    report INTEGER
) STRICT, WITHOUT ROWID;

-- Kits of which the sources do not tell the same doses.
CREATE TABLE doses_off (kit TEXT PRIMARY KEY REFERENCES kit (id), off INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Openings that may raise a question.
CREATE TABLE opening_asks (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;
"""
