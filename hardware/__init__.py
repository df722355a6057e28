"""The hardware, and what holds it to its word: checks that can fail, and the artefacts that are made of it."""
