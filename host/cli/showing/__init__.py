"""What several commands show, ask or do: none of it is a command, so that no command needs another.

docking.py         a docking as it goes on, and the radio it goes over
expiries.py        the table of kits that expire
discrepancies.py   the table of what does not agree
labels.py          sheets of labels, written to a file
noting.py          what is found is noted once a command has changed something
scanner.py         the dialogue of receiving with a scanner
"""
