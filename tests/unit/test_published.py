"""Which image is flashed: one that MicroPython published, or one that somebody vouches for by its SHA-256."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from host.errors import InputError
from host.flash import published
from host.flash.image import MICROPYTHON, WHERE
from host.flash.published import BadImage, Published, vouch
from host.phrase import Phrase
from tests.refusals import refused

ONE, OTHER = "1" * 64, "2" * 64
LISTED = (
    Published("C6-v1.29.0.bin", "1.29.0", 1000, ONE, "0.1.0"),
    Published("C6-v1.29.1.bin", "1.29.1", 2000, "", ""),
)
KNOWN, NO_SUM = (Path(each.name) for each in LISTED)
MINE = Path("mine.bin")


def why_not(path: Path, size: int, sha256: str, named: str | None) -> str:
    with pytest.raises(BadImage) as caught:
        vouch(path, size, sha256, named, LISTED)
    assert (caught.value.fields["image"], caught.value.fields["sha256"]) == (path, sha256)
    return caught.value.code


@pytest.mark.parametrize("named", [None, ONE])
@pytest.mark.parametrize("path", [KNOWN, MINE], ids=["as it was", "renamed"])
def test_a_known_image_needs_no_word_of_anybody(path: Path, named: str | None) -> None:
    assert vouch(path, 1000, ONE, named, LISTED) == Phrase("image.as_published")


def test_an_unknown_one_must_be_the_one_that_is_named() -> None:
    assert vouch(MINE, 500, OTHER, OTHER, LISTED) == Phrase("image.as_named")
    assert why_not(MINE, 500, OTHER, None) == "image.unknown"
    with refused("image.not_the_named", BadImage, sha256=OTHER, named=ONE):
        vouch(MINE, 500, OTHER, ONE, LISTED)


def test_a_known_image_is_not_taken_for_another_that_was_named() -> None:
    assert why_not(KNOWN, 1000, ONE, OTHER) == "image.not_the_named"


@pytest.mark.parametrize("named", [None, OTHER])
def test_a_name_of_micropythons_is_not_lent_to_another_file(named: str | None) -> None:
    assert why_not(KNOWN, 1000, OTHER, named) == "image.damaged_or_swapped"
    assert why_not(NO_SUM, 1999, OTHER, named) == "image.damaged_or_swapped"


def test_one_whose_checksum_is_not_entered_yet_has_to_be_named() -> None:
    assert why_not(NO_SUM, 2000, OTHER, None) == "image.unknown"
    assert vouch(NO_SUM, 2000, OTHER, OTHER, LISTED) == Phrase("image.as_named")


def test_a_checksum_may_be_pasted_as_tools_print_it() -> None:
    assert published.checksum(f" SHA256:{'AB' * 32}\n") == "ab" * 32
    for text in ("", "ab" * 31, "ab" * 33, "xy" * 32):
        with refused("image.no_checksum", InputError, typed=text, digits=64):
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
    assert WHERE.fields["like"] == published.known()[-1].name
    assert len({each.name for each in published.known()}) == len(published.known())
