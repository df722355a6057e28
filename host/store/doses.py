"""The account of each kit's doses in the database: which kits need counting, and where sources differ.

Kept with what it follows from, in one transaction: a movement, a docking's end, an explanation, a report.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from host.errors import InputError
from host.ledger import Holding, Kit, Lot, Movement, State, by_kit, reversed_stretches, stretches
from host.phrase import NextStep
from host.store.database import Database
from host.store.openings import HELD, REPORT, OpeningRepository, usage_report
from host.tag.events import Tag
from host.usage import doses
from host.usage.doses import Due, KitFacts, PouchLog
from host.usage.openings import Opening
from host.usage.reports import UsageReport

_DUE = ", ".join(Due._fields)


_INSERT_DUE = f"INSERT INTO to_count ({_DUE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


_INSERT_OFF = "INSERT INTO doses_off (kit, off) VALUES (?, ?)"


class KitInHand(NamedTuple):
    """A kit, loaded once and passed along: its lot, where it is, all its movements, and what is known of its doses.

    `due` is why it needs counting, None if it does not; `off` by how many doses its sources differ.
    """

    kit: Kit
    lot: Lot
    state: State
    movements: list[Movement]
    due: Due | None = None
    off: int = 0


class DoseRepository:
    """Holds which kits need counting and which do not add up, and which openings raise a question.

    Reads all that an account of doses rests on: movements, custody, openings, reports, logs.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._openings = OpeningRepository(db)

    def roll_up_doses(self, kits: Collection[str]) -> None:
        """Keeps which of these kits need counting, and which do not add up, within a transaction."""
        found = self.facts(kits)
        connection = self._db.connection
        connection.executemany("DELETE FROM to_count WHERE kit = ?", [(each.kit,) for each in found])
        connection.executemany("DELETE FROM doses_off WHERE kit = ?", [(each.kit,) for each in found])
        due = [each for each in map(doses.due, found) if each is not None]
        off = [(each.kit, each.off) for each in map(doses.account, found) if each.off]
        connection.executemany(_INSERT_DUE, [due_row(each) for each in due])
        connection.executemany(_INSERT_OFF, off)

    def keep_doses(self, hand: KitInHand, opened: Iterable[Opening]) -> KitInHand:
        """As `roll_up_doses`, of one kit whose state and movements are new; `opened` are its pouches' openings."""
        ledgers = {hand.kit.id: (hand.lot.doses_per_kit, hand.movements)}
        (facts,) = self._facts_of(ledgers, opened)
        due, off = doses.due(facts), doses.account(facts).off
        connection = self._db.connection
        if due != hand.due:
            connection.execute("DELETE FROM to_count WHERE kit = ?", (hand.kit.id,))
            connection.executemany(_INSERT_DUE, [due_row(due)] if due else [])
        if off != hand.off:
            connection.execute("DELETE FROM doses_off WHERE kit = ?", (hand.kit.id,))
            connection.executemany(_INSERT_OFF, [(hand.kit.id, off)] if off else [])
        return hand._replace(due=due, off=off)

    def kit_facts(self, kit: str) -> KitFacts:
        """What the account of a kit rests on."""
        (found,) = self.facts([kit])
        return found

    def facts(self, kits: Collection[str]) -> list[KitFacts]:
        """What the accounts of kits rest on: one query for each kind of thing, however many kits."""
        if not kits:
            return []
        asked = json.dumps(sorted(kits))
        doses_in: dict[str, int] = dict(
            self._db.rows(
                "SELECT k.id, l.doses_per_kit FROM json_each(?) q CROSS JOIN kit k ON k.id = q.value "
                "JOIN lot l USING (product, lot)",
                (asked,),
            )
        )
        columns = ", ".join(f"m.{column}" for column in Movement._fields)
        rows = self._db.rows(
            f"SELECT {columns} FROM json_each(?) q CROSS JOIN movement m ON m.kit = q.value",
            (asked,),
        )
        movements = by_kit(Movement(*row) for row in rows)
        ledgers = {kit: (in_kit, movements.get(kit, [])) for kit, in_kit in doses_in.items()}
        return self._facts_of(ledgers, None)

    def _facts_of(
        self, ledgers: Mapping[str, tuple[int, list[Movement]]], opened: Iterable[Opening] | None
    ) -> list[KitFacts]:
        """As `facts`, of kits with the doses they came with and their movements.

        `opened` are the openings of all pouches that they were ever in, if these are known.
        """
        whole = [
            each
            for kit, (in_kit, own) in ledgers.items()
            for each in (*stretches(kit, own, in_kit), *reversed_stretches(kit, own, in_kit))
        ]
        pouches = sorted({each.pouch for each in whole if each.pouch is not None})
        if opened is None:
            opened = self.openings_of_pouches(pouches, min((each.since_ms for each in whole), default=0))
        opened = list(opened)
        loose = self._loose_of({each.officer for each in whole if each.officer is not None})
        numbers = {number for each in opened for number in each.reports} | {each.id for each in loose}
        numbers |= {each.report for _, own in ledgers.values() for each in own if each.report is not None}
        return list(doses.facts_of(ledgers, opened, loose, self.logs_of(pouches), self.taken(numbers)))

    def openings_of_pouches(self, pouches: Collection[str], since_ms: int) -> list[Opening]:
        """The openings of pouches that may have been at an instant or since."""
        if not pouches:
            return []
        where = ["o.pouch IN (SELECT q.value FROM json_each(?) q)", "o.began_latest_ms >= ?"]
        return self._openings.openings_where(where, [json.dumps(sorted(pouches)), since_ms])

    def _loose_of(self, officers: Collection[str]) -> list[UsageReport]:
        """The reports of these officers that name no opening, oldest first."""
        if not officers:
            return []
        where = "WHERE r.tag IS NULL AND r.officer IN (SELECT q.value FROM json_each(?) q)"
        return sorted(self.reports(where, (json.dumps(sorted(officers)),)), key=lambda each: each.id)

    def _custody(self, kit: str) -> list[Holding]:
        """The stretches of a kit's custody, oldest first."""
        rows = self._db.rows(f"SELECT {HELD} FROM custody c WHERE c.kit = ?", (kit,))
        return sorted((Holding(*row) for row in rows), key=lambda each: (each.since_ms, each.began))

    def logs_of(self, pouches: Collection[str]) -> list[PouchLog]:
        """The tags that are or were in these pouches, and when each last docked whole."""
        if not pouches:
            return []
        tags = ", ".join(f"t.{column}" for column in Tag._fields)
        # In use or not: each has an index of its own.
        parts = [
            f"SELECT {tags}, s.docked_at_ms FROM json_each(?1) q CROSS JOIN tag t ON t.pouch = q.value "
            f"AND t.retired_at_ms IS {retired} LEFT JOIN tag_state s ON s.tag = t.id"
            for retired in ("NULL", "NOT NULL")
        ]
        found = self._db.rows(" UNION ALL ".join(parts), (json.dumps(sorted(pouches)),))
        return [PouchLog(Tag(*row[:-1]), row[-1]) for row in sorted(found)]

    def taken(self, numbers: Collection[int]) -> dict[int, int]:
        """How many doses those of these reports that count took from kits in all, by report."""
        if not numbers:
            return {}
        return dict(
            self._db.rows(
                "SELECT m.report, sum(m.doses) FROM json_each(?) q CROSS JOIN usage_report r ON r.id = q.value "
                "CROSS JOIN movement m ON m.report = r.id AND m.report IS NOT NULL WHERE r.stands = 'filed' "
                "AND m.kind = 'use' AND NOT EXISTS (SELECT 1 FROM movement x WHERE x.corrects = m.id) GROUP BY 1",
                (json.dumps(sorted(numbers)),),
            )
        )

    def roll_up_questions(self, where: str, parameters: tuple[Any, ...]) -> list[Opening]:
        """Keeps which of the openings `o` that `where` finds may raise a question, within a transaction; finds them."""
        found = self._openings.openings_where([where], list(parameters))
        self.keep_questions(found)
        return found

    def keep_questions(self, found: Sequence[Opening]) -> None:
        """Keeps which of these openings may raise a question, within a transaction."""
        if not found:
            return
        self._db.connection.executemany(
            "DELETE FROM opening_asks WHERE tag = ? AND sequence = ?", [(each.tag, each.sequence) for each in found]
        )
        self._db.connection.executemany(
            "INSERT INTO opening_asks (tag, sequence) VALUES (?, ?)",
            [(each.tag, each.sequence) for each in found if doses.asks_something(each)],
        )

    def drop_questions(self, tag: str) -> None:
        """Forgets which openings of a tag raise a question, within a transaction."""
        self._db.connection.execute("DELETE FROM opening_asks WHERE tag = ?", (tag,))

    def kits_in_pouch(self, pouch: str) -> list[str]:
        """The kits that were ever put into a pouch, also by an entry that was reversed."""
        rows = self._db.rows("SELECT DISTINCT kit FROM movement WHERE pouch = ? AND pouch IS NOT NULL", (pouch,))
        return [row[0] for row in rows]

    def reports(self, where: str, parameters: tuple[object, ...] = ()) -> list[UsageReport]:
        """The usage reports `r` that `where` finds, in its order, without their protected answers."""
        return [usage_report(row) for row in self._db.rows(f"SELECT {REPORT} FROM usage_report r {where}", parameters)]

    def open_answers(self, report_id: int) -> UsageReport:
        """One usage report without its protected answers. Raises `InputError` if it is unknown."""
        found = self.reports("WHERE r.id = ?", (report_id,))
        if not found:
            raise InputError("report.unknown", report=report_id, see=NextStep("report.list"))
        return found[0]

    def opening_of(self, report: UsageReport) -> Opening | None:
        """The opening that a report names; None if it names none."""
        if report.tag is None:
            return None
        found = self._openings.openings_where(["o.tag = ?", "o.sequence = ?"], [report.tag, report.sequence])
        return found[0] if found else None

    def kits_of_report(self, movements: Sequence[Movement]) -> set[str]:
        """The kits whose account the last movement concerns as well: a report's doses came from one or another."""
        last = movements[-1]
        found: set[str] = set()
        for each in movements:
            if each.report is not None and (each is last or each.id == last.corrects):
                report = self.open_answers(each.report)
                opening = self.opening_of(report)
                found |= {*opening.kits} if opening else set()
                found |= {report.kit} if report.kit is not None else set()
        return found

    def when(self, report: UsageReport, kit: str, at_ms: int) -> int:
        """When the use was that a report tells of and that is recorded at `at_ms`, as `doses.used_ms` judges."""
        return doses.used_ms(report, self.opening_of(report), self._custody(kit), at_ms)

    def waiting_at(self, station: str) -> int:
        """How many kits in the stock of a station need counting."""
        row = self._db.row(
            "SELECT count(*) FROM to_count c CROSS JOIN kit_state k ON k.kit = c.kit "
            "WHERE k.status = 'in_stock' AND k.place = ?",
            (station,),
        )
        return int(row[0]) if row else 0

    def dues(self) -> dict[str, Due]:
        """The kits that need counting, and why, by kit."""
        return {row[0]: as_due(row) for row in self._db.rows(f"SELECT {_DUE} FROM to_count ORDER BY kit")}

    def due(self, kit: str) -> Due | None:
        """Why a kit needs counting; None if it does not."""
        row = self._db.row(f"SELECT {_DUE} FROM to_count WHERE kit = ?", (kit,))
        return as_due(row) if row else None


def due_row(due: Due) -> tuple[Any, ...]:
    """The columns of `to_count`, in its order."""
    return (due.kit, due.why, due.at_ms, int(due.earlier), due.pouch, due.tag, due.sequence, due.report)


def as_due(row: Sequence[Any]) -> Due:
    """What a row of `to_count` says, in its order."""
    found = Due(*row)
    return found._replace(earlier=bool(found.earlier))
