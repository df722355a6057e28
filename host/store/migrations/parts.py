"""What steps of the layout share."""


def append_only(table: str) -> str:
    """Triggers that refuse to change or delete a row of `table`."""
    return "".join(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}\n"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
        for verb in ("UPDATE", "DELETE")
    )
