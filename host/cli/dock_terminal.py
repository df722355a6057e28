"""The terminal at the dock: asks the officers whose pouches were collected, one after the other.

It knows of a docking by the database alone, whichever process collects. So the collecting goes on while somebody types,
and neither waits.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click

from host import clock, forms, service
from host.cli import asking, questions, terminal
from host.cli.showing.docking import Meanwhile
from host.cli.steps import told
from host.docking.unsaved import unsaved
from host.errors import DatabaseBusy, DatabaseFull, KitdockError
from host.phrase import Phrase
from host.usage.queues import Queue

LOOK_S = 0.3
"""How often it is looked for what was collected while nobody is asked, in seconds."""

CHECK_S = 10.0
"""How often a terminal that only asks looks whether the database can be written, in seconds."""

PASSING = (DatabaseBusy, DatabaseFull)
"""What may have passed at the next look. An officer hears of it when an answer can't be kept."""

RECENT_MS = 600_000
"""How long before the terminal opened a pouch may have been collected for it to be asked about, in milliseconds: its
officer is still there. For what was collected before there are `kitdock openings` and `kitdock usage file`."""


class SavingWatch:
    """Tells at a terminal that only asks, once, that what pouches bring can't be saved, and when it can be again.

    The process that collects can't tell that in the database. Use `look` while nobody is asked.
    """

    def __init__(self, store: service.Database) -> None:
        self._docks = service.Docks(store)
        self._next = float("-inf")
        self._said = ""

    def look(self) -> None:
        """Looks whether the database can be written, if it is time."""
        if time.monotonic() < self._next:
            return
        trouble = self._docks.trouble()
        self._next = time.monotonic() + CHECK_S
        why = unsaved(trouble) if trouble else None
        if why is not None and why.code != self._said:
            terminal.say(told(Phrase("dock.unsaved", why=why)))
        elif why is None and self._said:
            terminal.say(told(Phrase("dock.saves_again")))
        self._said = why.code if why else ""


class DockTerminal:
    """Who waits at the dock, and asking them. `held` is what the collecting has to say meanwhile."""

    def __init__(self, store: service.Database, held: Meanwhile) -> None:
        self._store = store
        self._held = held
        self._telling = service.Telling(store)
        self._known = self._telling.known_since(clock.now_ms() - RECENT_MS)
        self._changed = True
        self._waiting: list[str] = []

    def serve(self, goes_on: Callable[[], None]) -> None:
        """Asks until Ctrl-C while nobody is asked, or until the terminal is closed.

        `goes_on` raises whatever has ended the collecting. Raises `KeyboardInterrupt`.
        """
        with _closable():
            self._look()
            while terminal.has_terminal():
                queues = self._queues()
                if queues:
                    self._ask(queues)
                else:
                    goes_on()
                    time.sleep(LOOK_S)
                    self._meanwhile()

    def _look(self) -> list[str]:
        """Takes up what was collected since the last look, and returns its tags."""
        try:
            self._changed = self._store.changed() or self._changed
            if not self._changed:
                return []
            tags, self._known = self._telling.collected(self._known)
        except PASSING:
            return []
        self._changed = bool(tags)  # there may be more than one look takes up
        self._waiting += [each for each in tags if each not in self._waiting]
        return tags

    def _queues(self) -> list[Queue]:
        """Who is to be asked. Who isn't, doesn't wait."""
        try:
            queues = self._telling.queues(self._waiting)
        except PASSING:
            return []
        asked = {each.tag for queue in queues for each in queue.pouches}
        self._waiting = [each for each in self._waiting if each in asked]
        return queues

    def _ask(self, queues: list[Queue]) -> None:
        """Asks the first of those who wait; Ctrl-C leaves all that this one is asked for later."""
        if len(queues) > 1:
            terminal.say("\n" + told(Phrase("dock.next", queues=tuple(_who(each) for each in queues))))
        tags = [each.tag for each in queues[0].pouches]
        self._waiting = [each for each in self._waiting if each not in tags]
        self._held.asking = True
        before = questions.MEANWHILE.set(self._meanwhile)
        try:
            asking.ask_about(self._store, tags, forms.DEFAULT)
        except (click.Abort, KeyboardInterrupt):
            if terminal.has_terminal():
                terminal.say("\n" + told(Phrase("asking.left_for_later")))
        except KitdockError as error:
            terminal.say(
                "\n" + told(error)
            )  # one officer's trouble ends neither the collecting nor the next one's turn
        finally:
            questions.MEANWHILE.reset(before)
            self._held.asking = False

    def _meanwhile(self) -> None:
        """Shows what has happened since the last question, and of each pouch whether its officer waits or can go."""
        self._held.show()
        with suppress(*PASSING):
            self._tell(self._look())

    def _tell(self, tags: list[str]) -> None:
        for tag in tags:
            here = self._telling.at_the_dock(tag)
            if not here.asks:
                terminal.say(told(Phrase("dock.nothing_to_answer", pouch=here.pouch)))
            elif self._held.asking:
                terminal.say(told(Phrase("dock.collected_meanwhile", pouch=here.pouch)))


def ask_all(store: service.Database, tags: list[str]) -> None:
    """Asks about pouches that were just collected, one officer after the other, and ends."""
    telling = service.Telling(store)
    while queues := telling.queues(tags):
        first = [each.tag for each in queues[0].pouches]
        tags = [each for each in tags if each not in first]
        try:
            asking.ask_about(store, first, forms.DEFAULT)
        except (click.Abort, KeyboardInterrupt):
            terminal.say("\n" + told(Phrase("asking.left_for_later")))


def _who(queue: Queue) -> Phrase:
    if queue.officer is not None:
        return Phrase("dock.officer_next", officer=queue.officer)
    return Phrase("dock.pouches_next", pouches=tuple(each.pouch for each in queue.pouches))


@contextmanager
def _closable() -> Iterator[None]:
    """A terminal that is closed ends what is asked as Ctrl-C does, and the dock then. Nobody is left to complain to."""
    hangup = getattr(signal, "SIGHUP", None)  # on Windows the window takes the program along
    before = signal.signal(hangup, signal.default_int_handler) if hangup is not None else None
    try:
        yield
    except OSError:
        if terminal.has_terminal():
            raise
    finally:
        if hangup is not None:
            signal.signal(hangup, before)
