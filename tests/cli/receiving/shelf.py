"""What the tests of receiving share: a shelf, packs for it, what is on it."""

import shutil
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from click.testing import Result

from tests.cli.conftest import Station
from tests.station import Store

GTIN = "09506000134352"
SCANS = tomllib.loads((Path(__file__).parents[2] / "unit/receiving/scans.toml").read_text(encoding="utf-8"))["scan"]
NOW_MS = round(datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Europe/London")).timestamp() * 1000)
"""The day on which the corpus is read."""
KITDOCK = Path(sys.executable).parent / "kitdock"
PRODUCT = "Naloxone X"


def copied(template: Path, folder: Path) -> Station:
    """A copy of the station `template`, in place of what is in the folder."""
    for suffix in ("-wal", "-shm"):
        (folder / f"station.db{suffix}").unlink(missing_ok=True)
    for suffix in ("", ".key"):
        shutil.copy2(f"{template}{suffix}", folder / f"station.db{suffix}")
    return Station(folder / "station.db")


def pack(lot: str = "A1", expires: str = "270531", serial: str | None = None) -> str:
    """The code of a pack, its fields apart."""
    return f"01{GTIN}17{expires}" + (f"21{serial}\x1d" if serial else "") + f"10{lot}"


def receive(station: Station, *lines: str, options: tuple[str, ...] = (), status: int = 0) -> Result:
    return station.run("stock", "receive", *options, input="".join(f"{line}\n" for line in lines), status=status)


def kits(station: Station) -> list[tuple[str, str, str, str | None]]:
    """Number, lot, expiry and serial of every kit in stock."""

    def read(store: Store) -> list[tuple[str, str, str, str | None]]:
        return [
            (kit.id, kit.lot, store.lot_of(kit.id).expires_on.isoformat(), kit.serial)
            for kit in store.kits()
            if store.state(kit.id).status == "in_stock"
        ]

    found: list[tuple[str, str, str, str | None]] = station.store(read)
    return found


def assert_whole(station: Station) -> None:
    """The roll-ups are what the history gives."""
    with Store.open(station.db) as store:
        assert store.rolled_up() == store.recompute()


def lost(serial: int, lot: str = "AC3453G3") -> str:
    """A pack whose separator between lot and serial was lost."""
    return f"01{GTIN}17270531" + f"10{lot}21{serial}"
