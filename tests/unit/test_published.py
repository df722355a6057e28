"""Which image is flashed: one that MicroPython published, or one that somebody vouches for by its SHA-256."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from host.errors import InputError
from host.flash import published
from host.flash.image import MICROPYTHON, WHERE
from host.flash.published import BadImage, Published, vouch

ONE, OTHER = "1" * 64, "2" * 64
LISTED = (
    Published("C6-v1.29.0.bin", "1.29.0", 1000, ONE, "0.1.0"),
    Published("C6-v1.29.1.bin", "1.29.1", 2000, "", ""),
)
KNOWN, NO_SUM = (Path(each.name) for each in LISTED)
MINE = Path("mine.bin")


def refused(path: Path, size: int, sha256: str, named: str | None) -> str:
    with pytest.raises(BadImage) as caught:
        vouch(path, size, sha256, named, LISTED)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("named", [None, ONE])
@pytest.mark.parametrize("path", [KNOWN, MINE], ids=["as it was", "renamed"])
def test_a_known_image_needs_no_word_of_anybody(path: Path, named: str | None) -> None:
    assert vouch(path, 1000, ONE, named, LISTED) == "as MicroPython published it"


def test_an_unknown_one_must_be_the_one_that_is_named() -> None:
    assert vouch(MINE, 500, OTHER, OTHER, LISTED) == "the one named with --sha256"
    assert f"repeat the command with --sha256 {OTHER}" in refused(MINE, 500, OTHER, None)
    assert f"its SHA-256 is {OTHER}, and --sha256 says {ONE}" in refused(MINE, 500, OTHER, ONE)


def test_a_known_image_is_not_taken_for_another_that_was_named() -> None:
    assert "not the one that you named" in refused(KNOWN, 1000, ONE, OTHER)


@pytest.mark.parametrize("named", [None, OTHER])
def test_a_name_of_micropythons_is_not_lent_to_another_file(named: str | None) -> None:
    assert "damaged or was swapped" in refused(KNOWN, 1000, OTHER, named)
    assert "damaged or was swapped" in refused(NO_SUM, 1999, OTHER, named)


def test_one_whose_checksum_is_not_entered_yet_has_to_be_named() -> None:
    assert "doesn't know" in refused(NO_SUM, 2000, OTHER, None)
    assert vouch(NO_SUM, 2000, OTHER, OTHER, LISTED) == "the one named with --sha256"


def test_a_checksum_may_be_pasted_as_tools_print_it() -> None:
    assert published.checksum(f" SHA256:{'AB' * 32}\n") == "ab" * 32
    for text in ("", "ab" * 31, "ab" * 33, "xy" * 32):
        with pytest.raises(InputError, match="64 hexadecimal digits"):
            published.checksum(text)


def test_the_list_is_of_the_micropython_that_the_firmware_needs() -> None:
    assert published.known()
    for each in published.known():
        assert each.version.startswith(f"{MICROPYTHON}.")
        assert re.fullmatch(
            rf"(ESP32_GENERIC_C6|SEEED_XIAO_ESP32C6)-\d{{8}}-v{re.escape(each.version)}\.bin", each.name
        )
        assert each.sha256 == "" or published.checksum(each.sha256) == each.sha256
        assert 1_000_000 < each.size < 0x1F0000 + 0x10000, "it fits the partition for it"
    assert published.known()[-1].name in WHERE
    assert len({each.name for each in published.known()}) == len(published.known())
