"""The house in figures: `python -m tests.house` prints them, and `tests/test_house.py` holds them.

modules     Python files directly in host/
members     public members of the class that has most, inherited ones counted
commands    back-quoted `kitdock ...` in what is neither a command line, its help nor another face
names       class names that stand for more than one thing
statements  SQL statements of one issue of a kit, BEGIN and COMMIT not counted
"""

from __future__ import annotations

import ast
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

from host import clock
from host.access.vault import TagKeys
from host.ledger import Movement
from host.ledger.movement import ISSUE
from host.store.stock import Incoming
from tests.station import Store

HOST = Path(__file__).parent.parent / "host"
FACES = ("cli", "web")
"""Folders of host/ that speak to people."""
NOT_OURS = ("node_modules", "board", "native", "radio")
"""Folders of host/sim/ with what runs in MicroPython, or is not ours."""
COMMAND = re.compile(r"`kitdock[^`]*`")


class Figure(NamedTuple):
    """What was counted, how many there may be when the house is in order, and the ones that there are most of."""

    name: str
    count: int
    goal: int
    which: str


def sources() -> list[Path]:
    """Every Python file of host/ that runs on this machine."""
    return [path for path in sorted(HOST.rglob("*.py")) if not set(NOT_OURS) & set(path.relative_to(HOST).parts)]


def modules() -> Figure:
    found = [path.stem for path in HOST.glob("*.py") if path.stem != "__init__"]
    return Figure("modules directly in host/", len(found), 6, ", ".join(sorted(found)[:4]) + " ...")


def largest_class() -> Figure:
    """Attributes that are objects of ours count with their own public members: a façade is no way round."""
    sizes: dict[str, int] = {}
    for path in sources():
        if path.stem in ("__main__",):
            continue
        name = ".".join(("host", *path.relative_to(HOST).with_suffix("").parts)).removesuffix(".__init__")
        for _, each in getmembers(import_module(name), isclass):
            if each.__module__ == name:
                sizes[f"{name}.{each.__qualname__}"] = len(public(each))
    most = max(sizes, key=lambda name: sizes[name])
    return Figure("public members of the largest class", sizes[most], 40, most)


def public(of: type) -> set[str]:
    """Names without an underscore, inherited ones too, with what the classes of annotated attributes bring along."""
    names: set[str] = set()
    for base in of.__mro__:
        if not base.__module__.startswith("host."):
            continue
        names |= {name for name in vars(base) if not name.startswith("_")}
        for name, kind in vars(base).get("__annotations__", {}).items():
            if not name.startswith("_") and isclass(kind) and kind.__module__.startswith("host.store"):
                names |= {f"{name}.{inner}" for inner in public(kind)}
    return names


def commands() -> Figure:
    by_file = Counter(
        {
            path.relative_to(HOST).as_posix(): len(COMMAND.findall(strings(path)))
            for path in sources()
            if path.relative_to(HOST).parts[0] not in FACES
        }
    )
    worst = ", ".join(f"{name} {count}" for name, count in by_file.most_common(3) if count)
    return Figure("back-quoted commands outside the faces", by_file.total(), 0, worst)


def strings(path: Path) -> str:
    """All text that a program says: its strings except docstrings and the help of the command line."""
    tree = ast.parse(path.read_text())
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HELP")
    ]
    said = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = ""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            said.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
            for part in node.values:
                if isinstance(part, ast.Constant):
                    part.value = ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said.append(node.value)
    return "\n".join(said)


def names() -> Figure:
    found = Counter(
        node.name
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    twice = sorted(name for name, count in found.items() if count > 1)
    return Figure("class names used twice", len(twice), 0, ", ".join(twice[:6]) + (" ..." if len(twice) > 6 else ""))


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Fills with the SQL statements that the block runs, but for BEGIN and COMMIT.

    SQLite tells of a statement again, word for word, when a trigger of it runs: that is none of its own.
    """
    found: list[str] = []

    def ran(sql: str) -> None:
        by_trigger = sql.startswith(("INSERT", "UPDATE", "DELETE")) and found[-1:] == [sql]
        if not sql.startswith(("BEGIN", "COMMIT")) and not by_trigger:
            found.append(sql)

    store.connection.set_trace_callback(ran)
    try:
        yield found
    finally:
        store.connection.set_trace_callback(None)


def of_an_issue() -> Figure:
    now_ms = clock.now_ms()
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(Path(folder) / "station.db", "North", "Europe/London", False, now_ms - clock.DAY_MS) as store,
    ):
        store.add_officer("4101", date(2026, 1, 1), now_ms)
        store.receive([Incoming("K-1", "Two", "L1", date(2029, 1, 1), 2)], now_ms)
        store.enrol_tag("00" * 8, "P-01", TagKeys(bytes(32), bytes(32), bytes(32)), now_ms, lambda: None)
        with statements(store) as found:
            store.move(Movement(0, now_ms, ISSUE, "K-1", "4101", None, "P-01"))
    return Figure("SQL statements of an issue", len(found), 14, "")


def figures() -> list[Figure]:
    return [modules(), largest_class(), commands(), names(), of_an_issue()]


if __name__ == "__main__":
    print(tabulate(figures(), headers=["", "is", "goal", "which"], maxcolwidths=[None, None, None, 60]))
