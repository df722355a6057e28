"""Who may import whom, read from the source: the wire knows nobody, the tag and the station know only the wire."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PURE = {"struct", "binascii", "hashlib", "collections"}
"""All that code on both interpreters may import besides itself and what is below it."""
AES = {"cryptolib", "cryptography"}
"""The interpreter's AES: for kitwire/aes.py alone."""
MICROPYTHON = PURE | {"bluetooth", "esp32", "io", "json", "machine", "micropython", "os", "sys", "time"}
"""What stock MicroPython on the ESP32 has and a tag uses."""
TYPES_ONLY = {"typing", "collections.abc"}
"""What may be imported under `if TYPE_CHECKING`, which never runs on a tag."""

ROOMS = {"access", "forms", "ledger", "merging", "receiving", "reconcile", "stock", "tag", "usage"}
"""Rooms of the domain: rules and plain values. Modules right under host/ are domain too."""
KEYS = "host/access/vault.py"
"""Holds the station's keys: the one module of a room that needs cryptography."""
FACES = {"cli", "web"}
"""What speaks to people."""
OUTSIDE = {"bleak", "bumble", "sqlite3", "sqlite_utils", "cryptography", "serial", "mpremote", "asyncio", "starlette"}
"""What a rule has no business with."""
EDGES = {"bench", "docking", "flash", "link", "sheets", "sim", "unit"}
"""Folders of host/ that talk to something outside, but to no person and no database."""


def inside(*folders: str) -> set[str]:
    """The modules of folders of host/."""
    return {f"host.{folder}" for folder in folders}


MAY_NOT = {
    "": OUTSIDE | inside(*EDGES, *FACES, "service", "store"),
    **dict.fromkeys(ROOMS, OUTSIDE | inside(*EDGES, *FACES, "service", "store", "words")),
    "words": OUTSIDE | inside(*EDGES, *FACES, *ROOMS, "service", "store"),
    "store": (OUTSIDE - {"sqlite3", "sqlite_utils"}) | inside(*EDGES, *FACES, "service", "words"),
    "service": OUTSIDE | inside(*EDGES, *FACES, "words"),
    **dict.fromkeys(EDGES, inside(*FACES, "store")),
    **dict.fromkeys(FACES, {"sqlite3", "sqlite_utils", "bleak", "bumble"} | inside("store")),
}
"""What a module of each folder of host/ may not import; "" is host/ itself."""
READINGS = {"host.forms", "host.receiving", "host.tag.config"}
"""Of rooms, what turns what people type, scan or choose into values: faces call it."""
SPEAKS = ("host/cli/", "host/sim/__main__.py")
"""What talks to a person and chooses an exit status: the command, and the developers' `python -m host.sim`."""
ON_THE_BOARD = ("host/sim/board/", "host/sim/radio/", "host/sim/native/")
"""Runs inside the virtual board's MicroPython: prints to the tag's REPL, and knows no station."""


def imported(tree: ast.AST, package: str, types: bool = False) -> Iterator[str]:
    """Dotted names of all that `tree`, a module of `package`, imports anywhere; only for types if `types`."""
    for node in ast.iter_child_nodes(tree):
        guard = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        if isinstance(node, ast.Import) and types is False:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and types is False:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif guard and types:
            yield from imported(ast.Module(body=node.body, type_ignores=[]), package)
        elif not guard:
            yield from imported(node, package, types)


def within(name: str, allowed: set[str]) -> bool:
    """Whether the dotted `name` is one of `allowed` or inside one."""
    return any(name == one or name.startswith(one + ".") for one in allowed)


def speaks(tree: ast.AST) -> Iterator[str]:
    """How `tree` talks to a person or ends the program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("print", "sys.exit", "exit", "quit", "os._exit", "sys.stdout.write", "sys.stderr.write"):
                yield f"calls {called}"
        elif isinstance(node, ast.Name) and node.id == "SystemExit" and isinstance(node.ctx, ast.Load):
            yield "uses SystemExit"


def violations(root: Path) -> list[str]:
    """What breaks the direction of dependencies in the tree under `root`, one line each."""
    found: list[str] = []
    firmware = {path.stem for path in (root / "firmware").glob("*.py")} - {"manifest"}
    for path in sorted([*(root / "firmware").rglob("*.py"), *(root / "host").rglob("*.py")]):
        where = path.relative_to(root).as_posix()
        if "node_modules" in where or where == "firmware/manifest.py":
            continue
        tree = ast.parse(path.read_text(), where)
        folder = path.parent.relative_to(root)
        package = ".".join(folder.parts[2:] if folder.parts[:2] == ("firmware", "lib") else folder.parts)
        names = set(imported(tree, package))
        types = set(imported(tree, package, types=True))
        found += [f"{where} {complaint}" for complaint in complaints(where, tree, names, types, firmware)]
        if folder.parts[:1] == ("host",) and folder.parts[1:2] and folder.parts[1] in FACES:
            found += [f"{where} asks a room: {name}" for name in asked_of_rooms(root, tree)]
    return [*found, *siblings(root)]


def complaints(where: str, tree: ast.AST, names: set[str], types: set[str], firmware: set[str]) -> Iterator[str]:
    """What is wrong with the module at `where`, which imports `names`, and `types` for type checks alone."""
    if where.startswith("firmware/"):
        allowed = {
            "kitwire": PURE | {"kitwire"} | (AES if where.endswith("/aes.py") else set()),
            "kitcore": PURE | {"kitwire", "kitcore"},
        }.get(where.removeprefix("firmware/lib/").split("/")[0], MICROPYTHON | firmware | {"kitwire", "kitcore"})
        yield from (f"imports {name}" for name in sorted(names) if not within(name, allowed))
        yield from (f"imports {name}" for name in sorted(types) if not within(name, allowed | TYPES_ONLY))
        if where.startswith("firmware/lib/"):
            yield from speaks(tree)
        return
    names |= types
    yield from (f"imports {name}" for name in sorted(names) if within(name, firmware | {"kitcore", "firmware"}))
    if where.startswith(ON_THE_BOARD):
        yield from (f"imports {name}" for name in sorted(names) if within(name, {"host", "kitwire"}))
        return
    if not where.startswith("host/cli/"):
        yield from (f"imports {name}" for name in sorted(names) if within(name, {"click", "tabulate", "host.cli"}))
    if not where.startswith(SPEAKS):
        yield from speaks(tree)
    parts = where.split("/")[1:-1]
    folder = parts[0] if parts else ""
    forbidden = MAY_NOT[folder] - ({"cryptography"} if where == KEYS else set())
    if folder in FACES:
        forbidden |= inside(*(FACES - {folder}))
    yield from (f"is {folder or 'domain'} and imports {name}" for name in sorted(names) if within(name, forbidden))


def asked_of_rooms(root: Path, tree: ast.AST) -> Iterator[str]:
    """What a face imports of rooms, except values, readings and what says a value: that is a use case's to ask."""
    for node in ast.walk(tree):
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        room = module.removeprefix("host.").split(".")[0]
        if not isinstance(node, ast.ImportFrom) or room not in ROOMS | {"host"} or within(module, READINGS):
            continue
        for name in (alias.name for alias in node.names):
            of = f"{module}.{name}"
            if not (name[0].isupper() or within(of, READINGS) or tells(root / module.replace(".", "/"), name)) and (
                room in ROOMS or name in ROOMS
            ):
                yield of


def tells(module: Path, name: str) -> bool:
    """Whether `name` is a function of a module, or of one that its package gathers, that says a value for people."""
    files = [*module.glob("*.py"), *module.parent.glob(f"{module.name}.py")]
    return any(
        isinstance(node, ast.FunctionDef)
        and node.name == name
        and node.returns is not None
        and ast.unparse(node.returns) in ("Phrase", "list[Phrase]")
        for path in files
        for node in ast.parse(path.read_text()).body
    )


def commands(root: Path) -> dict[str, Path]:
    """The modules of the command line that define commands, by dotted name; its top is none of them."""
    found = {}
    for path in (root / "host/cli").rglob("*.py"):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        decorators = [
            ast.unparse(each)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef)
            for each in node.decorator_list
        ]
        if name != "host.cli.root" and any(re.search(r"\b(command|group)\(", each) for each in decorators):
            found[name] = path
    return found


def siblings(root: Path) -> Iterator[str]:
    """What imports a command, but for the package that gathers its own: what commands share defines none."""
    known = commands(root)
    for path in sorted((root / "host/cli").rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        told = set(imported(ast.parse(path.read_text()), package)) & set(known) - {name}
        own = {each for each in told if path.stem == "__init__" and each.startswith(f"{name}.")}
        where = path.relative_to(root).as_posix()
        yield from (f"{where} imports the command {each}" for each in sorted(told - own))


def test_dependencies_point_the_right_way() -> None:
    assert violations(ROOT) == []


def test_a_face_may_ask_a_room_how_a_value_is_told() -> None:
    assert tells(ROOT / "host/ledger", "held_by")
    assert tells(ROOT / "host/tag/logbook", "explain")
    assert not tells(ROOT / "host/ledger", "tally")


def test_the_check_sees_the_whole_tree() -> None:
    seen = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/**/*.py") if "node_modules" not in path.parts}
    assert {"firmware", "host"} <= seen
    assert len(list((ROOT / "firmware/lib/kitwire").glob("*.py"))) >= 9
    assert all((ROOT / "host" / room).is_dir() for room in ROOMS), "a room is named that is not there"
    assert (ROOT / KEYS).exists()


PLANTED = {
    "kitwire imports another module": ("firmware/lib/kitwire/x.py", "import os", "imports os"),
    "kitwire imports kitcore": ("firmware/lib/kitwire/x.py", "from kitcore import ring", "imports kitcore"),
    "kitwire takes AES elsewhere": ("firmware/lib/kitwire/ccm.py", "import cryptolib", "imports cryptolib"),
    "kitwire prints": ("firmware/lib/kitwire/x.py", "print(1)", "calls print"),
    "kitcore touches a pin": ("firmware/lib/kitcore/x.py", "def f():\n import machine", "imports machine"),
    "kitcore climbs out": ("firmware/lib/kitcore/x.py", "from ..radio import Radio", "imports radio"),
    "kitcore imports typing for real": ("firmware/lib/kitcore/x.py", "import typing", "imports typing"),
    "kitcore asks for a clock in types": (
        "firmware/lib/kitcore/x.py",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n import time",
        "imports time",
    ),
    "firmware imports the station": ("firmware/x.py", "from host import times", "imports host"),
    "firmware needs a package": ("firmware/x.py", "import aioble", "imports aioble"),
    "host imports kitcore": ("host/x.py", "from kitcore.ring import Ring", "imports kitcore.ring"),
    "store imports kitcore": ("host/store/x.py", "import kitcore", "imports kitcore"),
    "host imports an edge of the tag": ("host/link/x.py", "import lid", "imports lid"),
    "domain imports bleak": ("host/x.py", "def f():\n from bleak import BleakClient", "is domain and imports bleak"),
    "domain imports sqlite": ("host/x.py", "import sqlite3", "is domain and imports sqlite3"),
    "domain imports the store": ("host/x.py", "from host import store", "is domain and imports host.store"),
    "domain imports an edge": ("host/x.py", "from . import docking", "is domain and imports host.docking"),
    "a room imports the store": ("host/usage/x.py", "from host.store import Store", "is usage and imports host.store"),
    "a room imports a key": ("host/tag/x.py", "import cryptography", "is tag and imports cryptography"),
    "a room says words": ("host/stock/x.py", "from host.words import told", "is stock and imports host.words"),
    "a room asks a use case": ("host/ledger/x.py", "def f():\n import host.service.kits", "is ledger and imports"),
    "the store asks a use case": ("host/store/x.py", "from host import service", "is store and imports host.service"),
    "the store says words": ("host/store/x.py", "from host.words import told", "is store and imports host.words"),
    "a use case has SQLite": ("host/service/x.py", "import sqlite3", "is service and imports sqlite3"),
    "a use case says words": ("host/service/x.py", "from host.words import told", "is service and imports host.words"),
    "a use case knows a face": ("host/service/x.py", "from host.cli import steps", "imports host.cli"),
    "a use case scans": ("host/service/x.py", "from host.link import adapter", "is service and imports host.link"),
    "words know a room": ("host/words/x.py", "from host.ledger import Kit", "is words and imports host.ledger"),
    "the command line has SQL": ("host/cli/x.py", "import sqlite3", "is cli and imports sqlite3"),
    "the command line asks the store": (
        "host/cli/x.py",
        "from host.store import kits",
        "is cli and imports host.store",
    ),
    "the command line computes by a room": (
        "host/cli/x.py",
        "from host.ledger import Kit, tally",
        "asks a room: host.ledger.tally",
    ),
    "a page asks a rule": (
        "host/web/x.py",
        "def f():\n from host.stock import expiry",
        "asks a room: host.stock.expiry",
    ),
    "a page takes a whole room": ("host/web/x.py", "from host import ledger", "asks a room: host.ledger"),
    "a page asks the store": ("host/web/x.py", "from host.store import kits", "is web and imports host.store"),
    "a page imports the command line": ("host/web/x.py", "from host.cli import steps", "imports host.cli"),
    "the dock has SQL": ("host/docking/x.py", "from host.store.tags import Tags", "is docking and imports host.store"),
    "a command imports a command": (
        "host/cli/x.py",
        "import click\nfrom host.cli.y import y\n@click.command('x')\ndef x(): ...",
        "imports the command host.cli.y",
    ),
    "domain prints": ("host/x.py", "print('x')", "calls print"),
    "store exits": ("host/store/x.py", "import sys\nsys.exit(1)", "calls sys.exit"),
    "link raises SystemExit": ("host/link/x.py", "raise SystemExit(2)", "uses SystemExit"),
    "store imports click": ("host/store/x.py", "import click", "imports click"),
    "link imports the command line": ("host/link/x.py", "from host.cli import main", "imports host.cli"),
    "another entry point imports click": ("host/sim/__main__.py", "import click", "imports click"),
    "a shim of the board imports the host": ("host/sim/board/x.py", "import host.sim.nor", "imports host.sim.nor"),
}


@pytest.mark.parametrize(("where", "source", "complaint"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_violation_is_found(tmp_path: Path, where: str, source: str, complaint: str) -> None:
    for path in ("firmware/lid.py", where):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    sibling = tmp_path / "host/cli/y.py"
    sibling.parent.mkdir(parents=True, exist_ok=True)
    sibling.write_text("import click\n@click.command('y')\ndef y(): ...\n")
    assert violations(tmp_path) == []
    (tmp_path / where).write_text(source + "\n")
    assert [found for found in violations(tmp_path) if found.startswith(f"{where} {complaint}")]


ALLOWED = {
    "kitwire's AES": ("firmware/lib/kitwire/aes.py", "from cryptography.hazmat.primitives import ciphers"),
    "kitwire within itself": ("firmware/lib/kitwire/x.py", "import struct\nfrom . import ccm\nfrom .errors import E"),
    "kitcore on kitwire": ("firmware/lib/kitcore/x.py", "from kitwire import keys\nfrom .ring import Ring"),
    "kitcore's types": (
        "firmware/lib/kitcore/x.py",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n from collections.abc import Iterator",
    ),
    "an edge of the tag": ("firmware/x.py", "import machine\nimport lid\nfrom kitcore import ring\nprint(1)"),
    "the station on the wire": ("host/x.py", "from kitwire import record\nfrom host import x"),
    "the store": ("host/store/x.py", "import sqlite3\nfrom host import x"),
    "the command line": ("host/cli/x.py", "import click\nfrom host import service, words\nprint(1)"),
    "a face's values and readings": (
        "host/cli/x.py",
        "from host.ledger import Kit\nfrom host.receiving import gs1\nfrom host import forms",
    ),
    "a use case": ("host/service/x.py", "from host.store.kits import KitRepository\nfrom host import ledger"),
}


@pytest.mark.parametrize(("where", "source"), ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_allowed_is_not_found(tmp_path: Path, where: str, source: str) -> None:
    for path in ("firmware/lid.py", where):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source if path == where else "")
    assert violations(tmp_path) == []


def circle(folder: Path) -> list[str]:
    """The modules of a circle in which those of `folder` import each other, for types too; none if there is none."""
    own = {path.stem for path in folder.glob("*.py")}
    goes_to: dict[str, set[str]] = {}
    for name in own:
        tree = ast.parse((folder / f"{name}.py").read_text())
        told = {*imported(tree, folder.name), *imported(tree, folder.name, types=True)}
        goes_to[name] = {each.removeprefix(f"{folder.name}.") for each in told} & own - {name}
    try:
        TopologicalSorter(goes_to).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("folder", ["firmware", "firmware/lib/kitcore", "firmware/lib/kitwire"])
def test_the_tag_has_no_circle_of_imports(folder: str) -> None:
    assert circle(ROOT / folder) == []


def test_a_planted_circle_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from c import C\n")
    (tmp_path / "c.py").write_text("def f():\n    import a\n")
    (tmp_path / "d.py").write_text("import a\n")
    assert set(circle(tmp_path)) == {"a", "b", "c"}


def test_pin_numbers_are_in_board_alone() -> None:
    """No edge makes a pin from a number of its own."""
    for path in (ROOT / "firmware").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Pin", "machine.Pin"):
                assert ast.unparse(node.args[0]).startswith("board."), f"{path.name}:{node.lineno}"
