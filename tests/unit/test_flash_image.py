"""MicroPython's image: what is refused before a byte is written, and what of it goes into flash."""

from __future__ import annotations

from pathlib import Path

import pytest
from esptool.bin_image import LoadFirmwareImage

from host.flash import application, image, layout, published
from host.flash.application import FIRMWARE
from host.flash.published import BadImage, Published
from host.phrase import Phrase
from tests.flash_image import image as synthetic
from tests.flash_image import program, sha256, stock_layout, written
from tests.refusals import refused

OURS = layout.read(FIRMWARE / "partitions.csv")
CUT = ("image.cut_short", "image.cut_short_or_damaged")


def why_not(folder: Path, content: bytes) -> BadImage:
    with pytest.raises(BadImage) as caught:
        image.load(written(folder, content), OURS)
    return caught.value


def test_a_whole_image_gives_its_parts_with_our_table(tmp_path: Path) -> None:
    content = synthetic()
    found = image.load(written(tmp_path, content), OURS)
    assert found.version == "1.29.0"
    names, offsets, parts = zip(*found.parts, strict=True)
    assert names == ("bootloader", "partition table", "MicroPython 1.29.0")
    assert offsets == (0, 0x8000, 0x10000)
    assert layout.parse(parts[1]) == OURS
    assert content.startswith(parts[0])
    assert content[0x10000:] == parts[2]


def test_the_synthetic_image_is_one_for_esptool_too() -> None:
    """Against the tool that writes real ones: the test's own image has the form that `image` reads."""
    for part in (program(b"some code"), program(b"some code", hashed=False)):
        read = LoadFirmwareImage("esp32c6", part)
        assert read.chip_id == image.CHIP_ID
        assert read.checksum == read.calculate_checksum()
        assert [segment.data for segment in read.segments] == [b"some code\0\0\0", b"data"]
        assert not read.append_digest or read.stored_digest == read.calc_digest


def test_trailing_bytes_are_not_part_of_a_program(tmp_path: Path) -> None:
    found = image.load(written(tmp_path, synthetic() + b"\xff" * 5000), OURS)
    assert found.parts[2][2] == synthetic()[0x10000:]


def test_every_cut_is_seen(tmp_path: Path) -> None:
    content = synthetic()
    lengths = [1, 8, 24, 30, 100, 0x7FFF, 0x8000, 0x8BFF, 0x8C00, 0x10000, 0x10001, *range(0x10010, len(content), 97)]
    for length in [*lengths, *range(len(content) - 70, len(content))]:
        assert why_not(tmp_path, content[:length]).code in CUT, length


def test_every_damaged_byte_of_a_program_is_seen(tmp_path: Path) -> None:
    content = bytearray(synthetic())
    for at in [*range(0x10000, len(content), 61), len(content) - 1, 40]:
        content[at] ^= 0x01
        assert why_not(tmp_path, bytes(content)), at
        content[at] ^= 0x01
    image.load(written(tmp_path, bytes(content)), OURS)


def test_damage_is_seen_without_a_hash_too(tmp_path: Path) -> None:
    content = bytearray(synthetic(app=program(b"MicroPython v1.29.0\0" * 9, hashed=False)))
    image.load(written(tmp_path, bytes(content)), OURS)
    content[0x10000 + 50] ^= 0x10
    assert why_not(tmp_path, bytes(content)).code == "image.cut_short_or_damaged"


def test_an_image_for_another_chip_is_named(tmp_path: Path) -> None:
    for number, chip in ((5, "ESP32-C3"), (99, Phrase("image.chip_number", number=99))):
        with refused("image.of_another_chip", BadImage, chip=chip, wanted="ESP32-C6"):
            image.load(written(tmp_path, synthetic(chip_id=number)), OURS)


def test_other_files_are_no_image(tmp_path: Path) -> None:
    assert why_not(tmp_path, b"\x7fELF" + bytes(0x20000)).code == "image.no_image"
    assert why_not(tmp_path, b"").code in CUT
    with refused("image.unreadable", BadImage, reason=Phrase("os.missing")):
        image.load(tmp_path / "none", OURS)
    with refused("image.unreadable", BadImage, reason=Phrase("os.folder")):
        image.load(tmp_path, OURS)


@pytest.mark.parametrize("version", ["1.28.0", "1.30.0", "1.3.0", "2.29.0", "1.290.0"])
def test_another_version_says_which_is_needed(tmp_path: Path, version: str) -> None:
    with refused("image.other_micropython", BadImage, version=version, wanted="1.29", where=image.WHERE):
        image.load(written(tmp_path, synthetic(version)), OURS)


def test_patch_releases_and_previews_of_the_version_will_do(tmp_path: Path) -> None:
    for version in ("1.29.0", "1.29.3", "1.29.0-preview.31.g0123abc"):
        assert image.load(written(tmp_path, synthetic(version)), OURS).version == version


def test_other_programs_for_the_chip_are_not_micropython(tmp_path: Path) -> None:
    assert why_not(tmp_path, synthetic(app=program(b"hello world"))).code == "image.not_micropython"


def test_an_update_image_has_no_table(tmp_path: Path) -> None:
    update = program(bytes(0x20000) + b"MicroPython v1.29.0\0")
    assert why_not(tmp_path, update).code == "image.without_application"
    broken = bytearray(layout.build(stock_layout()))
    broken[4] ^= 1
    assert why_not(tmp_path, synthetic(table=bytes(broken))).code == "image.without_application"


def test_an_application_that_does_not_fit_the_layout_is_refused(tmp_path: Path) -> None:
    narrow = tuple(each._replace(size=0x1000) if each.label == "factory" else each for each in OURS)
    with refused("image.does_not_fit", BadImage):
        image.load(written(tmp_path), narrow)
    moved = tuple(each._replace(offset=0x20000) if each.label == "factory" else each for each in OURS)
    with refused("image.does_not_fit", BadImage):
        image.load(written(tmp_path), moved)


def test_the_newest_fitting_image_of_a_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused("image.none_there", BadImage, folder=tmp_path):
        image.choose(tmp_path, OURS)
    with refused("image.no_folder", BadImage, folder=tmp_path / "none"):
        image.choose(tmp_path / "none", OURS)
    written(tmp_path, synthetic("1.28.0"), "a.bin")
    written(tmp_path, b"nonsense", "b.bin")
    with pytest.raises(BadImage) as caught:
        image.choose(tmp_path, OURS)
    assert [each.fields["image"].name for each in caught.value.fields["reasons"]] == ["a.bin", "b.bin"]
    older, newest = (written(tmp_path, synthetic(version), f"{version}.bin") for version in ("1.29.9", "1.29.10"))
    known = [Published(path.name, "", path.stat().st_size, sha256(path), "") for path in (older, newest)]
    monkeypatch.setattr(published, "known", lambda: tuple(known))
    unknown = written(tmp_path, synthetic("1.29.11"), "unknown.bin")
    assert image.choose(tmp_path, OURS) == newest, "an image that nobody vouches for is passed over"
    assert image.choose(tmp_path, OURS, sha256(older)) == older
    assert image.choose(tmp_path, OURS, sha256(unknown)) == unknown


def test_no_message_names_a_host(tmp_path: Path) -> None:
    for text in (str(image.WHERE), str(why_not(tmp_path, synthetic("1.20.0")))):
        assert "http" not in text
        assert ".org" not in text


def test_the_application_is_every_file_compiled_but_the_first() -> None:
    files = application.build(FIRMWARE)
    assert list(files)[-1] == "/main.py"
    assert files["/main.py"] == (FIRMWARE / "main.py").read_bytes()
    compiled = {path: content for path, content in files.items() if path != "/main.py"}
    sources = {path.stem for path in FIRMWARE.glob("*.py")} - {"main", "manifest"}
    assert {path for path in compiled if path.count("/") == 1} == {f"/{name}.mpy" for name in sources}
    for path, content in compiled.items():
        assert path.endswith(".mpy")
        assert content[:2] == b"M\x06", "an .mpy of version 6"
        source = path.removeprefix("/lib/").removeprefix("/").removesuffix(".mpy") + ".py"
        assert source.encode() in content, "a traceback names the source"
    assert all(application.is_ours(path) for path in files)
    assert compiled["/lib/kitwire/session.mpy"] == application.build(FIRMWARE)["/lib/kitwire/session.mpy"]


def test_what_is_not_the_applications_is_left_alone() -> None:
    for path in ("/boot.py", "/notes.txt", "/lib/other/x.py", "/lib/kitwireless/x.mpy", "/data/main.py"):
        assert not application.is_ours(path), path
    for path in ("/policy.py", "/old.mpy", "/lib/kitcore/policy.py", "/lib/kitwire/sub/x.mpy"):
        assert application.is_ours(path), path


def test_another_folder_is_not_the_firmwares(tmp_path: Path) -> None:
    with refused("flash.not_the_firmware", application.InputError, folder=tmp_path):
        application.build(tmp_path)


def test_a_file_that_does_not_compile_is_named(tmp_path: Path) -> None:
    for path in ("main.py", "lib/kitwire/__init__.py", "lib/kitcore/__init__.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    assert list(application.build(tmp_path)) == ["/lib/kitwire/__init__.mpy", "/lib/kitcore/__init__.mpy", "/main.py"]
    (tmp_path / "lid.py").write_text("def :\n")
    with pytest.raises(application.InputError) as caught:
        application.build(tmp_path)
    assert caught.value.code == "flash.does_not_compile"
    assert caught.value.fields["source"].name == "lid.py"
    assert caught.value.fields["reason"].startswith("SyntaxError")
