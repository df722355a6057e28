"""What a tag that somebody wrote to over USB looks like, and the stops that were the station's own."""

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
"""
