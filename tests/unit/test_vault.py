"""The vault: what it seals stays shut to other keys and other places, and its file is guarded."""

import stat
from pathlib import Path

import pytest

from host.access.vault import Sealed, TagKeys, Vault, item_of, key_path
from host.errors import InputError, VaultError
from host.phrase import Phrase
from tests.refusals import refused


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


STATION = "0123456789abcdef0123456789abcdef"


def opened(vault: Vault, sealed: Sealed, label: str, station: str = STATION) -> bytes:
    return vault.open(sealed.value, sealed.wrapped, label, station)


def test_what_is_sealed_opens_again(database: Path) -> None:
    vault = Vault.create(database)
    sealed = vault.seal(b"dose", "usage report 1", STATION)
    assert b"dose" not in sealed.value
    assert item_of(sealed.value) == sealed.item
    assert opened(Vault.load(database, vault.check_value), sealed, "usage report 1") == b"dose"


def test_same_text_is_sealed_differently_each_time_under_another_key(database: Path) -> None:
    vault = Vault.create(database)
    one, two = vault.seal(b"dose", "x", STATION), vault.seal(b"dose", "x", STATION)
    assert one.value != two.value
    assert one.item != two.item
    keys = [vault.unwrap(each.wrapped, each.item, STATION, "x") for each in (one, two)]
    assert len(set(keys)) == 2


def test_sealed_value_does_not_open_in_another_place(database: Path) -> None:
    vault = Vault.create(database)
    sealed = vault.seal(b"dose", "usage report 1", STATION)
    with refused("sealed.altered", VaultError, what="usage report 2"):
        opened(vault, sealed, "usage report 2")
    other = vault.seal(b"dose", "usage report 1", STATION)
    for wrapped, station in ((other.wrapped, STATION), (sealed.wrapped, "f" * 32)):
        with refused("sealed.altered", VaultError, what="usage report 1"):
            vault.open(sealed.value, wrapped, "usage report 1", station)
    with refused("sealed.no_key", VaultError, what="usage report 1"):
        vault.open(sealed.value, None, "usage report 1", STATION)


@pytest.mark.parametrize("at", [1, 16, 17, 28, 29, -1])
def test_altered_value_does_not_open(database: Path, at: int) -> None:
    vault = Vault.create(database)
    sealed = vault.seal(b"dose", "x", STATION)
    value = bytearray(sealed.value)
    value[at] ^= 1
    with refused("sealed.altered", VaultError, what="x"):
        opened(vault, sealed._replace(value=bytes(value)), "x")


def test_truncated_value_does_not_open(database: Path) -> None:
    vault = Vault.create(database)
    sealed = vault.seal(b"dose", "x", STATION)
    for size in (0, 1, 5, 17, 29, 40):
        with pytest.raises(VaultError):
            opened(vault, sealed._replace(value=sealed.value[:size]), "x")
        with pytest.raises(VaultError):
            vault.open(sealed.value, sealed.wrapped[:size], "x", STATION)


def test_key_file_is_for_its_owner_alone(database: Path) -> None:
    check = Vault.create(database).check_value
    assert stat.S_IMODE(key_path(database).stat().st_mode) == 0o600
    database.touch(0o600)
    path = key_path(database)
    for mode, code in ((0o640, "key.open_to_group"), (0o604, "key.open_to_all"), (0o660, "key.open_to_group")):
        path.chmod(mode)
        with refused("key.open", VaultError, path=path, whom=Phrase(code, path=path, mode="600")):
            Vault.load(database, check)


def test_key_file_may_be_shared_with_a_group_where_the_database_is(database: Path) -> None:
    check = Vault.create(database).check_value
    database.touch()
    database.chmod(0o660)
    key_path(database).chmod(0o640)
    assert Vault.load(database, check).check_value == check
    path = key_path(database)
    for mode, code in (
        (0o644, "key.open_to_all"),
        (0o660, "key.open_to_changes"),
        (0o650, "key.open_to_changes"),
        (0o666, "key.open_to_all"),
    ):
        path.chmod(mode)
        with refused("key.open", VaultError, path=path, whom=Phrase(code, path=path, mode="640")):
            Vault.load(database, check)


def test_key_file_is_never_overwritten(database: Path) -> None:
    Vault.create(database)
    before = key_path(database).read_bytes()
    with refused("key.there_already", InputError, path=key_path(database)):
        Vault.create(database)
    assert key_path(database).read_bytes() == before


def test_missing_malformed_and_foreign_key_files_say_what_to_do(database: Path, tmp_path: Path) -> None:
    with refused("key.missing", VaultError, path=key_path(database)):
        Vault.load(database, "00" * 8)
    for text in ("not hexadecimal\n", "ab" * 31, "", "é" * 64):
        key_path(database).write_text(text, encoding="utf-8")
        key_path(database).chmod(0o600)
        with refused("key.none", VaultError, path=key_path(database)):
            Vault.load(database, "00" * 8)
    other = Vault.create(tmp_path / "other.db")
    key_path(tmp_path / "other.db").replace(key_path(database))
    with refused("key.of_another", VaultError, found=other.check_value, needed="00" * 8):
        Vault.load(database, "00" * 8)


def test_keys_and_vault_do_not_show_in_their_text(database: Path) -> None:
    keys = TagKeys(b"\x11" * 32, b"\x22" * 32, b"\x33" * 32)
    for text in (repr(keys), str(keys), f"{keys}", repr([keys]), f"{Vault.create(database)!r}"):
        assert "\\x11" not in text
        assert key_path(database).read_text().strip() not in text
    assert repr(keys) == "TagKeys(...)"
