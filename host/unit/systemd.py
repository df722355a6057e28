"""The dock as a service of systemd: what its unit says, and how it comes and goes."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from host.errors import InputError, RuleError

NAME = "kitdock-dock.service"
"""The unit's name, for `systemctl` and `journalctl`."""

FOLDER = Path("/etc/systemd/system")
"""Where units are that a machine's administrator has made."""

_TEXT = """\
# {about}
[Unit]
Description={description}
After=bluetooth.service time-sync.target
Wants={wants}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=30
WatchdogSignal=SIGTERM
TimeoutStopSec=20
Restart=always
RestartSec=5
User={login}
UMask=0077
ExecStart={command}

NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths={folder}
ProtectHome=read-only
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
"""
"""Devices are left alone, since a USB dongle is one, and so are sockets: the names of users may come over a network."""


class DockUnit(NamedTuple):
    """What the service runs: the `kitdock` command, the database's file, both absolute, the adapters, as whom."""

    program: Path
    database: Path
    adapters: Sequence[str]
    login: str

    def text(self, description: str, about: str) -> str:
        """The unit as systemd reads it; `about` is a remark at its top. Raises `InputError` if it can't be written."""
        if re.search(r"""["'\\]""", str(self.program)):  # in the name of a program systemd takes none of them
            raise InputError("unit.unwritable_name", name=str(self.program))
        arguments = ["dock", "--no-prompt", "--db", str(self.database)]
        arguments += [part for each in self.adapters for part in ("--adapter", each)]
        # A dollar is for arguments alone: in the program's path there are no variables.
        command = [quoted(str(self.program)), *(quoted(each).replace("$", "$$") for each in arguments)]
        bluez = "" if self.adapters and all(":" in each for each in self.adapters) else "bluetooth.service "
        return _TEXT.format(
            about=about,
            description=description,
            wants=f"{bluez}time-sync.target",
            login=self.login.replace("%", "%%"),
            command=" ".join(command),
            folder=quoted(str(self.database.parent)),
        )


def quoted(word: str) -> str:
    """A word for a line of a unit, in which % and quotes mean something. Raises `InputError` if none can say it."""
    if not word.isprintable():
        raise InputError("unit.unwritable_name", name=word)
    escaped = re.sub(r'(["\\])', r"\\\1", word).replace("%", "%%")
    return f'"{escaped}"'


def is_here() -> bool:
    """Whether systemd runs this computer, as `sd_booted(3)` tells it."""
    return sys.platform == "linux" and Path("/run/systemd/system").is_dir()


def may_install() -> bool:
    """Whether this process may change which services there are."""
    return os.name == "posix" and os.geteuid() == 0


def program() -> Path:
    """The `kitdock` command of this installation. Raises `InputError` if it has none."""
    typed = Path(sys.argv[0])
    for found in (typed, Path(sysconfig.get_path("scripts")) / "kitdock"):
        if found.name == "kitdock" and found.is_file():
            return found.absolute()
    raise InputError("unit.no_program")


def owner(database: Path) -> str:
    """The login that the database's file belongs to, by its number if it has no name. Raises `OSError`."""
    try:
        return database.owner()
    except KeyError:
        return str(database.stat().st_uid)


def install(text: str) -> bool:
    """Puts the unit in its place, has it start with the computer, and starts it. Returns whether it was changed.

    One that is there already and says the same goes on running. Raises `OSError`, `RuleError` if systemd refuses.
    """
    path = FOLDER / NAME
    changed = not path.is_file() or path.read_text(encoding="utf-8") != text
    if changed:
        part = path.with_name(f".{NAME}.part")
        part.write_text(text, encoding="utf-8")
        part.chmod(0o644)
        part.replace(path)
        _systemctl("daemon-reload")
    _systemctl("enable", NAME)
    _systemctl("restart" if changed else "start", NAME)
    return changed


def uninstall() -> bool:
    """Stops the service and takes its unit away. Returns whether there was one. Raises as `install`."""
    path = FOLDER / NAME
    if not path.exists():
        return False
    _systemctl("disable", "--now", NAME)
    path.unlink()
    _systemctl("daemon-reload")
    return True


def _systemctl(*arguments: str) -> None:
    found = shutil.which("systemctl")
    if found is None:
        raise RuleError("unit.no_systemctl")
    done = subprocess.run([found, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"{done.returncode}"
        raise RuleError("unit.refused", arguments=" ".join(arguments), why=said)
