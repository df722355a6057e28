"""`kitdock stock` at the command line."""
