"""`python -m host.sim` gives a developer tags to enrol and dock with another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mpremote.transport_serial import SerialTransport

KITDOCK = Path(sys.executable).parent / "kitdock"
REPOSITORY = Path(__file__).parents[2]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """The command's input and output; after the block its input ends, and so must it, with status 0."""
    command = [sys.executable, "-W", "error", "-m", "host.sim", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=REPOSITORY
    ) as process:
        assert process.stdin and process.stdout
        try:
            yield process.stdin, process.stdout
            process.stdin.close()
            assert process.stdout.read() == ""
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_tags_are_reached_by_serial_port_and_commands() -> None:
    with running("--tags", "2") as (commands, said):
        assert said.readline().startswith("adapter tcp-client:127.0.0.1:")
        ports = [said.readline().split() for _ in range(2)]
        assert [words[:-1] for words in ports] == [["tag", number, "serial", "port"] for number in "12"]
        transport = SerialTransport(ports[1][-1], baudrate=115200)
        transport.enter_raw_repl(soft_reset=False)
        assert b'"tag": null' in transport.exec("import provision\nprovision.info()")
        transport.close()
        commands.write("off 1\nstate 1\n")
        commands.flush()
        assert said.readline() in ("tag 1: off\n", "tag 1: running\n")
        assert said.readline() == "\n"
        commands.write("quit\n")
        commands.flush()


def test_an_unknown_command_lists_the_known_ones_and_the_end_of_input_ends_it() -> None:
    with running() as (commands, said):
        said.readline(), said.readline()
        commands.write("explode 1\n")
        commands.flush()
        assert said.readline() == "commands, each with the number of a tag:\n"
        assert [said.readline().split()[0] for _ in range(4)] == ["open", "off", "state", "and:"]


def test_bare_boards_come_with_an_image_and_are_flashed_from_another_process() -> None:
    with running("--blank") as (commands, said):
        said.readline()
        image = said.readline().removeprefix("image ").strip()
        sha256 = said.readline().removeprefix("sha256 ").strip()
        port = said.readline().split()[-1]
        done = subprocess.run(
            [KITDOCK, "tag", "flash", "--port", port, "--image", image, "--sha256", sha256, "--format", "json"],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "partition table" in done.stdout
        commands.write("quit\n")
        commands.flush()


def test_help_says_how_to_use_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "host.sim", "--help"], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert "kitdock dock --adapter" in " ".join(done.stdout.split())
