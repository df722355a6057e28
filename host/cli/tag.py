"""`kitdock tag`: gives a pouch its tag."""

import secrets
from pathlib import Path

import click

from host import clock
from host.cli.options import new_name, open_store, with_store
from host.cli.render import Done, Table
from host.errors import LinkError
from kitwire.keys import TAG_ID_SIZE, check_value


@click.group()
def tag() -> None:
    """Tags: write their keys over USB, list them."""


@tag.command("enrol")
@click.argument("pouch", metavar="POUCH", type=new_name("pouch"))
@click.option("--port", required=True, metavar="PORT", help="Serial port of the tag, such as /dev/ttyACM0.")
@click.option("--replace", is_flag=True, help="The pouch has a tag, or the tag has keys: put new ones in their place.")
@with_store
def enrol(db: Path, pouch: str, port: str, replace: bool) -> Done:
    """Write fresh keys to the tag on PORT and put it into POUCH.

    The keys are random, go over the cable only, and are kept sealed. With --replace, what the pouch's
    tag has logged so far stays readable; what it has not handed over yet is lost.
    """
    from host.link.usb import enrol_over_usb
    from host.vault import TagKeys

    tag_id = secrets.token_hex(TAG_ID_SIZE)
    keys = TagKeys.random()
    checks = {name: check_value(key).hex() for name, key in keys._asdict().items()}

    def written() -> None:
        told = enrol_over_usb(port, tag_id, keys, replace)
        wrong = [name for name, check in checks.items() if told.get(name) != check]
        if wrong:
            raise LinkError(
                f"the tag on {port} holds other {' and '.join(wrong)} keys than were written: "
                "nothing was enrolled; try again with --replace"
            )

    with open_store(db) as store:
        at_ms = clock.now_ms()
        store.enrol_tag(tag_id, pouch, keys, at_ms, written, replace)
    return Done(
        f"tag {tag_id} enrolled in pouch {pouch}; check values: "
        + ", ".join(f"{name} {check}" for name, check in checks.items()),
        {"tag": tag_id, "pouch": pouch, "check_values": checks},
    )


@tag.command("list")
@click.option("--all", "retired", is_flag=True, help="Show also tags that were replaced.")
@with_store
def list_(db: Path, retired: bool) -> Table:
    """List tags by pouch: when each last docked, and its battery.

    With --format json or csv also the check values of each tag's keys, and never a key.
    """
    with open_store(db) as store:
        tags = store.tags(retired)
        zone = store.station.time_zone
        docked = {each.tag: each for each in store.dockings() if each.outcome == "complete"}
        records = {each.id: store.last_record(each.id) for each in tags}
    rows = []
    for each in tags:
        docking = docked.get(each.id)
        last = records[each.id]
        rows.append(
            {
                "pouch": each.pouch,
                "tag": each.id,
                "enrolled_at": clock.iso(each.enrolled_at_ms, zone),
                "retired_at": clock.iso(each.retired_at_ms, zone) if each.retired_at_ms else None,
                "last_docked_at": clock.iso(docking.finished_at_ms or docking.started_at_ms, zone) if docking else None,
                "battery_percent": docking.battery_percent if docking else None,
                "last_sequence": last[0] if last else None,
                "advert_check": each.advert_check,
                "session_check": each.session_check,
                "log_check": each.log_check,
            }
        )
    return Table(
        rows,
        {
            "pouch": lambda row: row["pouch"] + (" (before)" if row["retired_at"] else ""),
            "tag": "tag",
            "enrolled": lambda row: row["enrolled_at"][:10],
            "last docked": lambda row: (row["last_docked_at"] or "never")[:16].replace("T", " "),
            "battery": lambda row: "" if row["battery_percent"] is None else f"{row['battery_percent']} %",
            "records": "last_sequence",
        },
        "no tags yet: enrol one with `kitdock tag enrol POUCH --port PORT`",
    )
