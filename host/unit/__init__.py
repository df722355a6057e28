"""The operating system's side of a dock: its unit for systemd, what it tells the manager, that it is alone."""
