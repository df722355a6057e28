"""What docs/flashing.md tells a newcomer to type, typed exactly as it is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).parents[2]
GUIDE = (REPOSITORY / "docs/flashing.md").read_text(encoding="utf-8")


def told(section: str) -> list[str]:
    """The commands of one section, in order."""
    text = GUIDE[GUIDE.index(f"## {section}") :]
    return re.findall(r"^    (?:\.venv/bin/)?(\S.*)$", text[: text.index("\n## ", 3)], re.MULTILINE)


def word_after(said: IO[str], *words: str) -> str:
    """The last word of the next line, which begins with `words`."""
    line = said.readline().split()
    assert line[: len(words)] == list(words), line
    return line[-1]


def follow_the_recipe(programs: Path, simulators: Path, folder: Path, environment: dict[str, str]) -> None:
    """Type what the guide says to try without a board, with the programs in `programs`: the simulator in the folder
    `simulators`, the rest in `folder`."""
    simulator, *commands = told("Try it without a board")
    assert simulator == "python -m host.sim --blank"
    environment = environment | {"PATH": f"{programs}:{environment['PATH']}"}
    with subprocess.Popen(
        [programs / "python", *simulator.split()[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=simulators,
        env=environment,
    ) as running:
        assert running.stdin
        assert running.stdout
        try:
            names = {
                "ADAPTER": word_after(running.stdout, "adapter"),
                "IMAGE": word_after(running.stdout, "image"),
                "SHA256": word_after(running.stdout, "sha256"),
                "PORT": word_after(running.stdout, "tag", "1", "serial", "port"),
            }
            shown = ""
            for command in commands:
                name, _, value = command.removeprefix("export ").partition("=")
                if command.startswith("export "):
                    environment[name] = value
                    continue
                if " dock " in command:
                    time.sleep(2)  # a person is no faster: the tag that was just provisioned is starting anew
                    running.stdin.write("dock 1\n")
                    running.stdin.flush()
                words = [names.get(word, word) for word in command.split()]
                words[0] = str(programs / words[0])
                done = subprocess.run(
                    words,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, f"{command}: {done.stderr}"
                shown = done.stdout
            assert "boot" in shown
            assert "time_set" in shown
        finally:
            running.stdin.close()
            running.wait(20)


def test_the_recipe_without_a_board_works_as_it_is_written(tmp_path: Path) -> None:
    follow_the_recipe(Path(sys.executable).parent, REPOSITORY, tmp_path, dict(os.environ))


def test_every_option_that_the_guide_names_exists() -> None:
    from host.cli.root import root

    for line in re.findall(r"kitdock tag [a-z]+[^`\n]*", GUIDE):
        words = line.split("#")[0].split()
        group = root.get_command(None, "tag")  # type: ignore[arg-type]  # the context is not looked at
        assert group is not None
        command = group.commands[words[2].rstrip(":,.")]  # type: ignore[attr-defined]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line
