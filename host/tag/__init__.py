"""What a station knows of a tag: its events and when they were, what its log amounts to, and its settings."""
