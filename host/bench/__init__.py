"""The bench: what only a real board can show, step by step, with a report of what was found.

procedure   the steps as data (`steps/*.toml`): what is done, what is expected, which instruments it needs
report      what was found, in a file that is whole after each step
run         goes through the steps with a person, and judges
board       the edge to the board on USB: bare, or made a tag for the time of the bench
chip, logs, air   what the command does by itself, or with a person's hands

A step is added in two places: a table in `steps/`, and, if the command itself does something, a function in one of
the last three, named by the table's `does`.
"""
