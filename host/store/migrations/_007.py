"""A station has an identity and an epoch; a report names the version of its form."""

SQL = """
ALTER TABLE station ADD COLUMN uuid TEXT NOT NULL DEFAULT '';
UPDATE station SET uuid = lower(hex(randomblob(16)));
ALTER TABLE station ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
ALTER TABLE usage_report ADD COLUMN form_version INTEGER NOT NULL DEFAULT 1;
"""
