"""`kitdock tag config` and `identify`: how a tag behaves, and which one it is."""

from __future__ import annotations

from pathlib import Path

import click

from host import service
from host.cli.groups import Command
from host.cli.options import open_store, with_store
from host.cli.render import Done, Table
from host.cli.steps import told
from host.cli.tag.options import adapter_option, maybe_port_option
from host.errors import InputError, why
from host.phrase import Phrase
from host.tag import config as configuration
from host.tag.config import ConfigChange
from kitwire import config as items


def _duration(item: int, text: str | None) -> list[ConfigChange]:
    return [] if text is None else [configuration.read_duration(items.BY_NUMBER[item], text)]


def _flag(item: int, value: bool | None) -> list[ConfigChange]:
    return [] if value is None else [ConfigChange(items.BY_NUMBER[item], int(value))]


@click.command(cls=Command)
@click.argument("pouch", metavar="POUCH|TAG")
@maybe_port_option
@adapter_option
@click.option("--profile", type=click.Choice(configuration.PROFILES))
@click.option("--trackable/--untrackable", default=None)
@click.option("--heartbeat", metavar="TIME")
@click.option("--field-period", metavar="TIME")
@click.option("--open-sealed/--open-plain", default=None)
@click.option("--buzzer/--silent", default=None)
@click.option("--second-dose", metavar="TIME")
@click.option("--resedation", metavar="TIME")
@click.option("--battery-measured", metavar="MV", type=click.IntRange(2500, 4500))
@click.option("--temperature", metavar="TIME")
@click.option("--temperature-offset", metavar="°C")
@click.option("--bind-key-file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@with_store
def config(
    db: Path,
    pouch: str,
    port: str | None,
    adapter: str | None,
    profile: str | None,
    trackable: bool | None,
    heartbeat: str | None,
    field_period: str | None,
    open_sealed: bool | None,
    buzzer: bool | None,
    second_dose: str | None,
    resedation: str | None,
    battery_measured: int | None,
    temperature: str | None,
    temperature_offset: str | None,
    bind_key_file: Path | None,
) -> Table | Done:
    changes = [
        *([] if profile is None else [configuration.profile(profile)]),
        *_flag(items.TRACKABLE, trackable),
        *_duration(items.HEARTBEAT_S, heartbeat),
        *_duration(items.FIELD_PERIOD_S, field_period),
        *_flag(items.OPEN_SEALED, open_sealed),
        *_flag(items.BUZZER, buzzer),
        *_duration(items.SECOND_DOSE_S, second_dose),
        *_duration(items.RESEDATION_S, resedation),
        *_duration(items.TEMPERATURE_S, temperature),
        *([] if temperature_offset is None else [configuration.read_offset(temperature_offset)]),
    ]
    with open_store(db) as store:
        tag = service.Tags(store).tag(pouch)
        zone = store.station.time_zone
        if bind_key_file is not None:
            _write_bind_key(bind_key_file, service.Tags(store).tag_keys(tag.id).advert)
            if not changes and battery_measured is None and port is None:
                return Done(
                    told(Phrase("tags.bind_key_written", pouch=tag.pouch, path=bind_key_file)),
                    {"pouch": tag.pouch, "tag": tag.id, "bind_key_file": str(bind_key_file)},
                )
        from host.cli.tag.session import with_tag
        from host.link.tag_session import TagSession

        async def configure(session: TagSession) -> tuple[dict[int, int], list[ConfigChange]]:
            session.ask_status()
            for item in items.ITEMS:
                session.ask_config(item.number)
            told_mv = (await session.status()).status.battery_mv
            present = {item.number: await session.config() for item in items.ITEMS}
            if battery_measured is not None:
                changes.append(configuration.gain(battery_measured, told_mv, present[items.BATTERY_GAIN]))
            wanted = configuration.checked(changes, present)
            for change in wanted:
                session.ask_set_config(change.item.number, change.value)
            for change in wanted:
                present[change.item.number] = await session.config_set()
            return present, wanted

        present, changed = with_tag(store, tag, port, adapter, configure)
    names = [change.item.name for change in changed]
    rows = [
        {
            "item": item.name,
            "value": present[item.number],
            "shown": told(configuration.show(item, present[item.number], zone)),
            "default": item.default,
            "least": item.least,
            "most": item.most,
            "meaning": told(configuration.MEANINGS[item.number]),
            "changed": item.name in names,
        }
        for item in items.ITEMS
    ]
    return Table(
        rows,
        {
            "item": "item",
            "value": "shown",
            "default": lambda row: told(configuration.show(items.BY_NAME[row["item"]], row["default"], zone)),
            "meaning": "meaning",
        },
        "",
        note=_changed(names) if changes else "",
    )


def _changed(names: list[str]) -> str:
    return told(Phrase("tags.changed", items=tuple(names)) if names else Phrase("tags.nothing_changed"))


def _write_bind_key(path: Path, advert_key: bytes) -> None:
    """Write the bind key as Home Assistant takes it, readable for this user alone. Raises `InputError`."""
    from host.sheets.whole import write_new
    from kitwire.advert import bind_key

    try:
        write_new(path, f"{bind_key(advert_key).hex()}\n".encode("ascii"))
    except FileExistsError:
        raise InputError("tags.bind_key_exists", path=path) from None
    except OSError as error:
        raise InputError("tags.bind_key_not_written", path=path, reason=why(error)) from None


@click.command(cls=Command)
@click.argument("pouch", metavar="POUCH|TAG")
@maybe_port_option
@adapter_option
@click.option("--seconds", metavar="SECONDS", type=click.IntRange(1, 60), default=10, show_default=True)
@with_store
def identify(db: Path, pouch: str, port: str | None, adapter: str | None, seconds: int) -> Done:
    from host.cli.tag.session import with_tag
    from host.link.tag_session import TagSession

    with open_store(db) as store:
        tag = service.Tags(store).tag(pouch)

        async def ask(session: TagSession) -> None:
            session.ask_identify(seconds)
            await session.identified()

        with_tag(store, tag, port, adapter, ask, lambda link: link.show(seconds))
    return Done(
        told(Phrase("tags.shows_itself", pouch=tag.pouch, seconds=seconds)),
        {"pouch": tag.pouch, "tag": tag.id, "seconds": seconds},
    )
