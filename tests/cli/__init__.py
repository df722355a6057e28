"""The `kitdock` command, through click's runner and through the real console script."""
