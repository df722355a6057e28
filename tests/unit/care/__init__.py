"""Care of the database."""
