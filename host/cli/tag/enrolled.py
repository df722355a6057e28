"""`kitdock tag provision`, `wipe` and `list`: which tag is in which pouch, with which keys."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from host import clock, service
from host.cli.groups import Command
from host.cli.options import new_name, open_store, with_store
from host.cli.render import Done, Row, Table, a_time, day_of
from host.cli.steps import told
from host.cli.tag.options import agreed, port_option, yes_option
from host.errors import InputError, LinkError, why
from host.phrase import NextStep, Phrase
from host.words import written
from kitwire.keys import TAG_ID_SIZE, check_value


@click.command(cls=Command)
@click.argument("pouch", metavar="POUCH", type=new_name("pouch"))
@port_option
@click.option("--replace", is_flag=True)
@click.option("--label", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@with_store
def provision(db: Path, pouch: str, port: str, replace: bool, label: Path | None) -> Done:
    from host.access.vault import TagKeys
    from host.link.usb import provision_over_usb
    from host.sheets import tag_label

    if label is not None:
        tag_label.check(label)
    tag_id = secrets.token_hex(TAG_ID_SIZE)
    keys = TagKeys.random()
    checks = {name: check_value(key).hex() for name, key in keys._asdict().items()}

    def written() -> dict[str, str]:
        answer = provision_over_usb(port, tag_id, keys, replace)
        wrong = [name for name, check in checks.items() if answer.get(name) != check]
        if wrong:
            raise LinkError("tags.other_keys", port=port, keys=tuple(wrong))
        return answer

    with open_store(db) as store:
        at_ms = clock.now_ms()
        service.Tags(store).enrol_tag(tag_id, pouch, keys, at_ms, written, replace)
    values = tuple(f"{name} {check}" for name, check in checks.items())
    text = told(Phrase("tags.enrolled", tag=tag_id, pouch=pouch, checks=values))
    warnings = []
    if label is not None:
        try:
            tag_label.write(label, pouch, tag_id)
            text += "\n" + told(Phrase("tags.label_written", path=label))
        except OSError as error:
            warnings.append(told(Phrase("tags.label_not_written", path=label, reason=why(error))))
    elif sys.stdout.isatty():
        text += "\n\n" + tag_label.text(pouch, tag_id)
    return Done(
        text,
        {"tag": tag_id, "pouch": pouch, "check_values": checks, "label": None if label is None else str(label)},
        warnings,
    )


@click.command(cls=Command)
@port_option
@yes_option
@with_store
def wipe(db: Path, port: str, yes: bool) -> Done:
    from host.link.usb import about, repl
    from host.link.usb import wipe as wipe_tag

    with open_store(db) as store, repl(port) as board:
        answer = about(board)
        if "firmware" not in answer:
            raise LinkError("tags.nothing_to_wipe", port=port)
        tag_id = answer["tag"]
        if not tag_id:
            wipe_tag(board)  # a wipe that broke off leaves keys of what is no tag any more
            return Done(told(Phrase("tags.memory_erased", port=port)), {"tag": None, "pouch": None, "lost": 0})
        pouch, lost = _of_station(store, tag_id, answer.get("last"))
        losing = Phrase("tags.unknown_number") if lost is None else Phrase("tags.number_of_records", records=lost)
        question = Phrase(
            "tags.destroy_of_pouch" if pouch else "tags.destroy_unknown", tag=tag_id, pouch=pouch, losing=losing
        )
        try:
            agreed(question, yes)
        except BaseException:
            board.go_on()
            raise
        wipe_tag(board)
        if pouch is not None:
            service.Tags(store).retire_tag(tag_id, clock.now_ms())
    wiped = Phrase("tags.wiped_of_pouch" if pouch else "tags.wiped", tag=tag_id, pouch=pouch, losing=losing)
    return Done(told(wiped), {"tag": tag_id, "pouch": pouch, "lost": lost})


def _of_station(store: service.Database, tag_id: str, last: int | None) -> tuple[str | None, int | None]:
    """The pouch of a tag, and how many of its records up to `last` the station has not; None where not known."""
    try:
        pouch = service.Tags(store).tag(tag_id).pouch
    except InputError:
        return None, last
    committed = service.Tags(store).last_record(tag_id)
    return pouch, None if last is None else max(0, last - (committed[0] if committed else 0))


@click.command("list", cls=Command)
@click.option("--all", "retired", is_flag=True)
@with_store
def list_(db: Path, retired: bool) -> Table:
    with open_store(db) as store:
        tags = service.Tags(store).tags(retired)
        zone = store.station.time_zone
        docked = {each.tag: each for each in service.Tags(store).dockings() if each.outcome == "complete"}
        records = {each.id: service.Tags(store).last_record(each.id) for each in tags}
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
            "pouch": _pouch,
            "tag": "tag",
            "enrolled": day_of("enrolled_at"),
            "last_docked": _last_docked,
            "battery": lambda row: "" if row["battery_percent"] is None else f"{row['battery_percent']}%",
            "records": "last_sequence",
        },
        told(Phrase("tags.none_yet", enrol=NextStep("tag.enrol"))),
    )


def _pouch(row: Row) -> str:
    return told(Phrase("tags.pouch_before", pouch=row["pouch"])) if row["retired_at"] else str(row["pouch"])


def _last_docked(row: Row) -> str:
    at = a_time(row["last_docked_at"])
    return told(Phrase("tags.never_docked")) if at is None else written(at)
