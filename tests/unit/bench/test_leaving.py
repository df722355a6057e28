"""A bench that ends leaves a bare board behind, or says that it could not."""

from pathlib import Path
from typing import Any

import pytest

from host.bench.board import Bench
from host.errors import KitdockError
from host.phrase import NextStep, Phrase
from host.tag.events import Tag


class Listener:
    """A `host.bench.run.Person` who only listens."""

    def __init__(self) -> None:
        self.told: list[Phrase | KitdockError] = []

    def tell(self, what: Phrase | KitdockError) -> None:
        self.told.append(what)


def test_a_board_that_is_gone_is_told_of_with_what_takes_its_keys_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bench.repl.__wrapped__, "__defaults__", (0.1,))  # type: ignore[attr-defined]
    listener: Any = Listener()
    bench = Bench(str(tmp_path / "gone"), None, False, listener)
    bench._tag = Tag("be4cbe4cbe4c0000", "BENCH", 0, None, "", "", "")
    bench.close()
    (told,) = listener.told
    assert told.code == "bench.not_bare"
    assert told.fields["wipe"] == NextStep("tag.wipe", port=bench.port)


def test_a_board_that_was_made_no_tag_is_left_alone(tmp_path: Path) -> None:
    listener: Any = Listener()
    Bench(str(tmp_path / "gone"), None, False, listener).close()
    assert listener.told == []
