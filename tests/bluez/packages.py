"""Gets what the virtual machine is made of from Debian, into a folder of its own. Nothing is installed.

apt is asked with lists, cache and locks of its own, so neither root nor waiting for another apt is needed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs

KEPT = platformdirs.user_cache_path("kitdock") / "bluez"
"""Where it is kept, some 500 MB; newer packages come once this is deleted."""
KERNEL = "linux-image-amd64"
"""Names the newest kernel of this Debian; those for the cloud and for user mode have no Bluetooth."""
WANTED = ("qemu-system-x86", "bluez", "busybox-static", "dbus-daemon")
PATIENCE_S = 600
"""Seconds for one call of apt."""


class CannotBeHad(Exception):
    """What the virtual machine is made of isn't to be had on this computer; the reason is the message."""


def unpacked() -> Path:
    """The folder in which the packages are unpacked. Raises `CannotBeHad`."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise CannotBeHad("it needs Linux on x86-64")
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CannotBeHad("it needs Debian's apt-get and dpkg-deb, to get QEMU, a kernel and BlueZ")
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    folder = KEPT / hashlib.sha256(" ".join((release, KERNEL, *WANTED)).encode()).hexdigest()[:16]
    if not folder.is_dir():
        _unpack(_Apt(KEPT / "apt"), folder)
    return folder


def _unpack(apt: _Apt, folder: Path) -> None:
    wanted = apt.wanted()
    making = folder.with_suffix(".part")
    shutil.rmtree(making, ignore_errors=True)
    (making / "debs").mkdir(parents=True)
    print(f"Getting {len(wanted)} packages of Debian (100 MB, once) ...", flush=True)
    apt.run("apt-get", "download", *wanted, cwd=making / "debs")
    for package in sorted((making / "debs").iterdir()):
        subprocess.run(["dpkg-deb", "-x", package, making], check=True, timeout=PATIENCE_S)
    shutil.rmtree(making / "debs")
    making.rename(folder)


class _Apt:
    """apt, with everything but its sources and the list of installed packages in `folder`."""

    def __init__(self, folder: Path) -> None:
        (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (folder / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        self._options = [
            *("-q", "-o", f"Dir::State={folder}", "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User="),
            *("-o", "Dir::State::status=/var/lib/dpkg/status", "-o", "Debug::NoLocking=true"),
        ]

    def wanted(self) -> list[str]:
        """The packages as NAME=VERSION: those named above, and what of their needs isn't installed here."""
        self.run("apt-get", "update")
        found = re.search(r"Depends: (linux-image-\S+)", self.run("apt-cache", "depends", KERNEL))
        if found is None:
            raise CannotBeHad(f"Debian's {KERNEL} names no kernel")
        named = (*WANTED, found[1])
        plan = self.run(
            *("apt-get", "install", "--print-uris", "--yes", "--no-install-recommends", "--reinstall", *named)
        )
        files = re.findall(r"^'[^']+' ([^_ ]+)_([^_ ]+)_\w+\.deb ", plan, re.MULTILINE)
        missing = {name.split(":")[0] for name in named} - {name for name, _ in files}
        if missing:
            raise CannotBeHad(f"apt doesn't offer {', '.join(sorted(missing))}")
        return sorted(f"{name}={version.replace('%3a', ':')}" for name, version in files)

    def run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        """What it prints. Raises `CannotBeHad` with the last thing that it complains about."""
        command = [program, *self._options, *arguments]
        try:
            done = subprocess.run(
                command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=PATIENCE_S, check=False, env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotBeHad(str(error)) from error
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("E:")]
            raise CannotBeHad(f"{program} {arguments[0]}: {said[-1] if said else done.stderr.strip()[-300:]}")
        return done.stdout
