"""The store: one SQLite file, its layout and every SQL statement of the station.

database.py      the unit of work: transactions, rights, the journal
connecting.py    open, create, migrate
history.py       which tables follow from the journal
recording.py     what a transaction changes in them
journal.py       entries with the facts that came of them
rebuilding.py    the tables made again from the facts, and compared
adopting.py      a history from before the journal enters it
migrations/      the layout, step by step; a shipped step is never edited
openings.py      openings, with who had the pouch and what people said about them
doses.py         the account of doses: which kits need counting, and where sources differ
rollups.py       what is derived, kept beside the history it follows from
people.py        officers, places
stock.py         lots, kits, movements
kits.py          where each kit is or was, its history, which goes out next, one in place of another
stocktake.py     what was counted, and what it came to
recall.py        recalled lots, and who holds their kits
catalogue.py     products and their GTINs
receiving.py     scanned or imported kits, labels, what is in stock
tags.py          tags and their sealed keys, dockings, events
digests.py       what has changed since a digest was made
expiry.py        what expires and what is known of it
summaries.py     holdings, what a month did
situation.py     what does not agree: what the rules of reconciliation look at
discrepancies.py what people did about what does not agree
evidence.py      what a discrepancy rests on
reports.py       explanations and usage reports
drafts.py        reports that were left for later, sealed
sealing.py       the wrapped keys of what is sealed
accounts.py      accounts and roles, settings, reading the journal
retaining.py     what is old enough is destroyed
care.py          the file and its layout: faults, repair, vacuum
restoring.py     what a database file holds; one file takes the place of another
copying.py       copies of a database in use
failing.py       what SQLite's failures mean to a user
"""
