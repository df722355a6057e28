"""The dock on a real BlueZ: `make bluez`. docs/bluez.md says what it shows, and what it can't."""
