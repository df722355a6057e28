"""What a tag becomes, over USB: `kitdock tag provision`, `info` and `wipe` call this through the raw REPL.

Each function prints one line of JSON, with check values and never a key.
"""

import json
from binascii import hexlify, unhexlify

import machine
import version
from flash_log import FlashLog
from settings import Identity, Settings, destroy

from kitcore import ring
from kitwire import keys


class _State:
    """What this start knows of its memory."""

    erased = False


def _hex(data: bytes) -> str:
    return hexlify(data).decode()


def _check(key: bytes) -> str:
    return _hex(keys.check_value(key))


def enrol(tag_id_hex: str, advert_hex: str, session_hex: str, log_hex: str) -> None:
    """Make this the tag `tag_id_hex` with three new keys and an empty log.

    Prints {"tag", "advert", "session", "log"}; {"stale"} if it was wiped and has not been started anew; or
    {"error"} if it is a tag already (`wipe` it first), if a value has not its size, or if the flash refuses.
    """
    if _State.erased:
        return _tell({"stale": 1})
    try:
        tag_id, advert_key, session_key, log_key = [
            unhexlify(given) for given in (tag_id_hex, advert_hex, session_hex, log_hex)
        ]
    except ValueError:
        return _tell({"error": "the id and the keys must be hexadecimal"})
    if len(tag_id) != keys.TAG_ID_SIZE or {len(advert_key), len(session_key), len(log_key)} != {keys.KEY_SIZE}:
        return _tell({"error": "the id must be %d bytes and each key %d" % (keys.TAG_ID_SIZE, keys.KEY_SIZE)})
    try:
        settings = Settings()
        old = settings.identity()
        if old is not None:
            already = "this is already tag %s; --replace gives it new keys and destroys its log"
            return _tell({"error": already % _hex(old.tag_id)})
        settings.forget()
        flash = FlashLog()
        ring.form(flash, flash.sectors, log_key)
        settings.become(Identity(tag_id, advert_key, session_key))
    except (OSError, ring.StorageError) as error:
        return _tell({"error": str(error)})
    machine.RTC().memory(b"")  # where the old log ended, and when it began, is of no use to the new one
    return _tell(
        {
            "tag": _hex(tag_id),
            "advert": _check(advert_key),
            "session": _check(session_key),
            "log": _check(log_key),
        }
    )


def wipe() -> None:
    """Make this no tag: destroy its identity, its keys and its log in the bytes of the flash.

    Start it anew afterwards: until then it can keep nothing. Prints {"tag"}, what it was, null if it was none; or
    {"error"} if the flash refuses: then it is to be done again, as after a power cut.
    """
    was = None
    try:
        settings = Settings()
        identity = settings.identity()
        was = None if identity is None else _hex(identity.tag_id)
        settings.forget()  # half a wipe is no tag
    except (OSError, ring.StorageError):
        pass  # what cannot be read is erased anyway
    machine.RTC().memory(b"")
    _State.erased = True
    try:
        flash = FlashLog()
        ring.form(flash, flash.sectors, bytes(keys.KEY_SIZE))  # no tag ever has this key
        destroy()
    except (OSError, ring.StorageError) as error:
        return _tell({"error": str(error)})
    return _tell({"tag": was})


def info() -> None:
    """Print {"tag", "firmware"}, the check values "advert" and "session" of the keys, and "last", the sequence of
    the newest record, or "log_fault", why the log cannot be read. "tag" is null if it is none, or cannot be read:
    then "memory_fault" says why."""
    told: "dict[str, str | int | None]" = {"tag": None, "firmware": "%d.%d" % (version.MAJOR, version.MINOR)}
    identity = None
    try:
        identity = Settings().identity()
    except (OSError, ring.StorageError) as error:
        told["memory_fault"] = str(error)
    if identity is not None:
        told["tag"] = _hex(identity.tag_id)
        told["advert"] = _check(identity.advert_key)
        told["session"] = _check(identity.session_key)
        try:
            flash = FlashLog()
            told["last"] = ring.Ring(flash, flash.sectors, identity.tag_id).last
        except ring.StorageError as error:
            told["log_fault"] = str(error)
    _tell(told)


def _tell(told: "dict[str, str | int | None]") -> None:
    print(json.dumps(told))  # noqa: T201  the raw REPL hands it to the station
