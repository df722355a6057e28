"""Tags that somebody wrote to over USB, the stops that were the station's own, and how warm and cold kits were."""

from host.store.migrations.parts import append_only

SQL = f"""
-- The station had stopped the program of `tag` to talk to it over USB: the log ended at `sequence` then.
CREATE TABLE own_stop (
    tag TEXT NOT NULL REFERENCES tag (id),
    sequence INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;
{append_only("own_stop")}

-- Between what a product is to be stored by its label, in whole °C: empty until somebody enters it.
ALTER TABLE product ADD COLUMN least_c INTEGER;
ALTER TABLE product ADD COLUMN most_c INTEGER;

-- From here on: roll-ups, made anew.

DROP TABLE log_flaw;
CREATE TABLE log_flaw (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN ('altered', 'gap', 'cut', 'restart', 'stop', 'put_back', 'no_start', 'fault', 'clock')
    ),
    docking INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    records INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (tag, sequence, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_flaw_by_kind ON log_flaw (kind, at_ms);

-- How cold and how warm a tag told to have been between two instants: see host/tag/temperature.py.
CREATE TABLE temperature (
    tag TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    pouch TEXT NOT NULL,
    coldest_c INTEGER NOT NULL,
    warmest_c INTEGER NOT NULL,
    since INTEGER NOT NULL,
    earliest_ms INTEGER NOT NULL,
    latest_ms INTEGER NOT NULL,
    PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX temperature_warm ON temperature (warmest_c);
CREATE INDEX temperature_cold ON temperature (coldest_c);
"""
