"""The journal: who did what, when, and the facts that came of it, one entry chained to the next.

An entry is found by its station, its epoch (a restore begins a new one) and its number; a fact by its entry and its
part in it, written STATION/EPOCH/NUMBER.PART. Part 0 says what the entry is about; the others say which rows of which
tables were put, set anew or taken away, so that the tables follow from the journal.

    digest of a fact   SHA-256( salt | body ), salt: 16 random bytes, body: JSON
    hash of an entry   SHA-256( hash before | JSON [station, epoch, number, at_ms, login, via, device, action,
                       outcome, [digests of its facts in hexadecimal digits, in order]] )

The entry before the first has a hash of 32 zero bytes. JSON without blanks, in UTF-8. A fact can be destroyed: its
salt and body go, its digest stays, and the chain holds. Which were is itself a fact, of the entry that destroyed them.

Entries from before layout 008 are without `via`; their part 0 holds the text that was hashed then:

    hash               SHA-256( hash before | JSON [number, at_ms, login, action, subject, outcome, detail] )

and the first entry after them follows on SHA-256 over what each of them is, with its hash and digest: see `Before`.

A chain can't show that its newest entries were cut off, or that all of it was made anew by somebody who can write
the file. For that, keep the newest entry's mark (`mark`) elsewhere, and verify against it.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from host.phrase import Phrase

DONE = "done"
REFUSED = "refused"

START = bytes(32)
"""What the first entry is chained to."""

SYSTEM = "system"
"""How an account was proven: by the operating system, as the login of the process."""

TOLD, PUT, SET, GONE, RECORDS, FORGOTTEN = "told", "put", "set", "gone", "records", "forgotten"
"""What a fact is, the first item of its body:

    ["told", subject, detail, officer, witness]  what the entry is about; on whose behalf the account spoke, and who
                                                 was there as a witness (or null: no command asks for one yet)
    ["put", table, {column: value}]              a row that is new
    ["set", table, {column: value}, identity]    a row as it is now; identity: the fact that put it
    ["gone", table, identity]                    a row that is no more
    ["records", tag, docking, first, digests]    records of a tag's log, one after the other, each with 24 hexadecimal
                                                 digits of SHA-256( salt | JSON of its columns )
    ["forgotten", {number: [part]}]              facts that this entry destroyed
"""

_SALT_SIZE = 16
_RECORD_DIGITS = 24

# Made once: `json.dumps` makes an encoder for each text.
text_of = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Actor(NamedTuple):
    """Who acts: the account, how it was proven, and the computer that it acts at."""

    login: str
    via: str
    device: str


class Fact(NamedTuple):
    """A part of an entry: 32 bytes of digest; salt and body until it is destroyed; the row it is about, if any."""

    part: int
    digest: bytes
    salt: bytes | None
    about: str | None
    body: str | None


class JournalEntry(NamedTuple):
    """One entry with its facts; `via` and `device` are None before layout 008, `hash` is 32 bytes."""

    number: int
    epoch: int
    at_ms: int
    login: str
    via: str | None
    device: str | None
    action: str
    outcome: str
    hash: bytes
    facts: tuple[Fact, ...]

    @property
    def mark(self) -> str:
        """The entry in a form to keep elsewhere."""
        return mark(self.number, self.hash)


class Told(NamedTuple):
    """What an entry is about, without health data: `detail` is JSON, `officer` for whom the account spoke, and
    `witness` the account of a second person who was there."""

    subject: str | None
    detail: str
    officer: str | None = None
    witness: str | None = None


class ListedEntry(NamedTuple):
    """An entry as it is listed; `told` is None if what it is about was destroyed."""

    number: int
    at_ms: int
    login: str
    via: str | None
    device: str | None
    action: str
    outcome: str
    hash: bytes
    told: Told | None

    @property
    def subject(self) -> str | None:
        """What the entry is about, if anything, and unless that was destroyed."""
        return self.told.subject if self.told else None

    @property
    def detail(self) -> str | None:
        """The details as JSON; None if they were destroyed."""
        return self.told.detail if self.told else None


class Chain(NamedTuple):
    """What verifying found: how many entries hold, the newest hash, and the first that does not, with why.

    `destroyed`: how many facts were destroyed, as an entry says that they were; `destroyed_ms`: when the last ones.
    """

    entries: int
    head: bytes
    broken_at: int | None
    why: Phrase | None
    destroyed: int = 0
    destroyed_ms: int | None = None

    @property
    def mark(self) -> str:
        """The newest entry in a form to keep elsewhere."""
        return mark(self.entries, self.head)


def detail_text(detail: Mapping[str, object]) -> str:
    """The details of an entry as they are kept and hashed."""
    return json.dumps(dict(detail), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def told_body(told: Told) -> str:
    """The body of part 0."""
    return text_of([TOLD, *told])


def told(body: str | None) -> Told | None:
    """What part 0 tells; None if it was destroyed. What no Kitdock wrote is given as the detail."""
    if body is None:
        return None
    try:
        kind, *rest = json.loads(body)
        found = Told(*rest)
    except (ValueError, TypeError):
        kind = None
    return found if kind == TOLD and isinstance(found.detail, str) else Told(None, body)


def salt() -> bytes:
    """A new salt."""
    return secrets.token_bytes(_SALT_SIZE)


def digest(salt: bytes, body: str) -> bytes:
    """The digest of a fact."""
    return hashlib.sha256(salt + body.encode()).digest()


def fact(part: int, about: str | None, body: str, with_salt: bytes | None = None) -> Fact:
    """A new fact."""
    new = with_salt or salt()
    return Fact(part, digest(new, body), new, about, body)


def record_digest(salt: bytes, columns: Sequence[Any]) -> str:
    """The digest of a tag's record: of its columns but the docking, with bytes as hexadecimal digits."""
    plain = [each.hex() if isinstance(each, bytes) else each for each in columns]
    return hashlib.sha256(salt + text_of(plain).encode()).hexdigest()[:_RECORD_DIGITS]


def chained(
    before: bytes, station: str, epoch: int, number: int, at_ms: int, who: Actor, action: str, outcome: str,
    digests: Iterable[bytes],
) -> bytes:  # fmt: skip
    """The hash of an entry that follows on one with hash `before`."""
    text = text_of([station, epoch, number, at_ms, *who, action, outcome, [each.hex() for each in digests]])
    return hashlib.sha256(before + text.encode()).digest()


def identity(station: str, epoch: int, number: int, part: int) -> str:
    """How a fact is named wherever it is referred to."""
    return f"{station}/{epoch}/{number}.{part}"


class FactName(NamedTuple):
    """What an identity says: the station, its epoch, the number of the entry, the part."""

    station: str
    epoch: int
    number: int
    part: int


def named(identity_of: str) -> FactName:
    """The fact that an identity names. Raises `ValueError` if it is none."""
    station, epoch, at = identity_of.split("/")
    number, part = at.split(".")
    found = FactName(station, int(epoch), int(number), int(part))
    if identity(*found) != identity_of:
        raise ValueError(identity_of)
    return found


class Before:
    """The entries from before layout 008, oldest first: each must be what was written, and all of them are bound.

    SHA-256( JSON [number, at_ms, login, action, outcome, digest of part 0, hash] of each, one after the other )
    """

    def __init__(self) -> None:
        self.head = START
        self._all = hashlib.sha256()

    def holds(self, entry: JournalEntry) -> bool:
        """Takes the next of them; whether it is what was written, as far as that was not destroyed."""
        (first, *more) = entry.facts or (None,)
        if first is None or more:
            return False
        row = [entry.number, entry.at_ms, entry.login, entry.action, entry.outcome, first.digest.hex()]
        self._all.update(text_of([*row, entry.hash.hex()]).encode())
        known = told(first.body)
        fits = known is None or entry.hash == chained_before(
            self.head, entry.number, entry.at_ms, entry.login, entry.action, known.subject, entry.outcome, known.detail
        )
        self.head = entry.hash
        return fits

    def bound(self) -> bytes:
        """What the first entry after them follows on."""
        return self._all.digest()


def chained_before(
    before: bytes, number: int, at_ms: int, login: str, action: str, subject: str | None, outcome: str, detail: str
) -> bytes:
    """The hash of an entry as it was before layout 008."""
    text = text_of([number, at_ms, login, action, subject, outcome, detail])
    return hashlib.sha256(before + text.encode()).digest()


def verify(station: str, entries: Iterable[JournalEntry]) -> Chain:
    """Whether each entry, oldest first, is what was written, none is missing between them, and neither is a fact."""
    older: Before | None = None
    head, count, found = START, 0, _Destroyed()
    for entry in entries:
        if entry.number != count + 1:
            return Chain(count, head, count + 1, Phrase("audit.entry_missing", entry=count + 1))
        if entry.via is None:
            older = older or Before()
            holds = (count == 0 or older.head == head) and older.holds(entry)
        else:
            if older is not None:
                head, older = older.bound(), None
            holds = follows(head, station, entry)
        if not holds:
            return Chain(count, head, entry.number, Phrase("audit.entry_altered", entry=entry.number))
        wrong = next((each.part for each in entry.facts if not fits(each)), None)
        if wrong is not None or [each.part for each in entry.facts] != list(range(len(entry.facts))):
            return Chain(count, head, entry.number, Phrase("audit.fact_altered", entry=entry.number, part=wrong or 0))
        found.take(entry)
        head, count = entry.hash, entry.number
    return found.told(count, head)


def follows(head: bytes, station: str, entry: JournalEntry) -> bool:
    """Whether an entry, with these facts, is one that this station added after an entry with hash `head`."""
    if entry.via is None or entry.device is None:
        return False
    who = Actor(entry.login, entry.via, entry.device)
    digests = [each.digest for each in entry.facts]
    return entry.hash == chained(
        head, station, entry.epoch, entry.number, entry.at_ms, who, entry.action, entry.outcome, digests
    )  # fmt: skip


def fits(fact: Fact) -> bool:
    """Whether a fact is what was written, or has been destroyed.

    The salt has one size, or bytes could go from it to the body and back.
    """
    if fact.body is None or fact.salt is None:
        return fact.body is None and fact.salt is None
    return len(fact.salt) == _SALT_SIZE and digest(fact.salt, fact.body) == fact.digest


class _Destroyed:
    """The facts that are no more, and those of which an entry says so."""

    def __init__(self) -> None:
        self._absent: set[tuple[int, int]] = set()
        self._said: set[tuple[int, int]] = set()
        self._last_ms: int | None = None

    def take(self, entry: JournalEntry) -> None:
        for fact in entry.facts:
            if fact.body is None:
                self._absent.add((entry.number, fact.part))
            elif fact.body.startswith(f'["{FORGOTTEN}"'):
                self._said |= set(forgotten(fact.body))
                self._last_ms = entry.at_ms

    def told(self, count: int, head: bytes) -> Chain:
        missing = sorted(self._absent - self._said)
        if missing:
            number, part = missing[0]
            return Chain(number - 1, head, number, Phrase("audit.fact_missing", entry=number, part=part))
        return Chain(count, head, None, None, len(self._absent), self._last_ms if self._absent else None)


def names(person: str, action: str, told: Told | None) -> bool:
    """Whether an entry is about a person, known by a number, or says that the account spoke for it."""
    if told is None:
        return False
    details = _details(told)
    about_people = action.startswith("officer.") or action in ("report.file", "report.draft")
    return (
        person in (told.officer, told.witness)
        or (about_people and told.subject == person)
        or any(details.get(key) == person for key in _PEOPLE)
    )


def is_step(told: Told | None) -> bool:
    """Whether an entry is a step on the way of something whose beginning and end are entries too: of a docking."""
    return told is not None and "step" in _details(told)


def _details(told: Told) -> dict[str, object]:
    """The details of an entry; none if no Kitdock wrote them."""
    try:
        found = json.loads(told.detail)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def row_names(person: str, body: str) -> bool:
    """Whether the row that a fact puts or sets is of a person, or tells of what it did."""
    try:
        kind, table, row, *_ = json.loads(body)
    except ValueError:  # no Kitdock wrote it
        return False
    if kind not in (PUT, SET) or not isinstance(row, dict):
        return False
    return any(row.get(key) == person for key in _PEOPLE) or (table == "officer" and row.get("id") == person)


_PEOPLE = ("officer", "counter")
"""Details and columns that are the number of a person."""


def records(body: str) -> tuple[str, dict[int, str]]:
    """The identity of the docking that brought these records, and the digest of each by its sequence."""
    _, _, docking, first, joined = json.loads(body)
    digests = [joined[at : at + _RECORD_DIGITS] for at in range(0, len(joined), _RECORD_DIGITS)]
    return docking, dict(enumerate(digests, first))


def by_entry(facts: Iterable[tuple[int, int]]) -> dict[str, list[int]]:
    """Facts by the number of their entry and their part, as an entry names those that it destroyed."""
    found: dict[str, list[int]] = {}
    for number, part in sorted(facts):
        found.setdefault(str(number), []).append(part)
    return found


def forgotten(body: str) -> list[tuple[int, int]]:
    """The facts that an entry destroyed, each by the number of its entry and its part."""
    return [(int(number), part) for number, parts in json.loads(body)[1].items() for part in parts]


MARK_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: without I, L, O and U, which are misread and misheard."""

MARK_SIZE = 20
"""Digits of a mark, 100 bits of the hash: nobody finds a second history with the same."""

_GROUP = 5


def mark(number: int, hash: bytes) -> str:
    """An entry and its hash in a form to read over the telephone: 1234-7KQ2M-0VBXE-93TNA-PZ84C."""
    value = int.from_bytes(hash[:13]) >> 4
    return grouped(number, "".join(MARK_DIGITS[value >> 5 * at & 31] for at in reversed(range(MARK_SIZE))))


def grouped(number: int, digits: str) -> str:
    """A mark by the number of its entry and its digits."""
    return "-".join([str(number), *(digits[at : at + _GROUP] for at in range(0, MARK_SIZE, _GROUP))])
