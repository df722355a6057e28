"""The steps of the bench: each is whole, each check is used, and `hardware/bench.md` says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from host.bench import procedure
from host.bench.checks import CHECKS
from host.bench.procedure import Measurement
from host.cli.root import root
from host.errors import InputError
from host.phrase import NextStep, Phrase
from tests.refusals import refused

DOCUMENT = (Path(__file__).parents[3] / "hardware" / "bench.md").read_text(encoding="utf-8")
STEPS = procedure.steps()


def table(section: str) -> str:
    """The table that the document must have for a section."""
    rows = [
        f"| {step.id} | {step.what} | {step.how} | {step.expected} | {step.source} | {step.measured} |"
        for step in STEPS
        if step.section == section
    ]
    return "\n".join(["| | what | how | expected | from | status |", "|---|---|---|---|---|---|", *rows])


@pytest.mark.parametrize("section", dict.fromkeys(step.section for step in STEPS))
def test_the_document_has_the_steps_as_they_are(section: str) -> None:
    wanted = f"## {section}\n\n{table(section)}\n"
    assert wanted in DOCUMENT, f"put this into hardware/bench.md:\n\n{wanted}"


def test_the_document_has_no_other_step_and_names_the_instruments() -> None:
    assert re.findall(r"^\| ([A-Z]\d+) \|", DOCUMENT, re.MULTILINE) == [step.id for step in STEPS]
    for name, what in procedure.instruments().items():
        assert f"| `{name}` | {what} |" in DOCUMENT


def test_each_step_is_done_by_the_command_or_asked() -> None:
    assert len({step.id for step in STEPS}) == len(STEPS)
    for step in STEPS:
        assert (step.does is None) == bool(step.ask), step.id
        assert re.fullmatch(r"[A-Z][1-9]\d?", step.id)
        assert set(step.needs) <= set(procedure.instruments())
        for reading in step.ask:
            bounded = reading.least is not None or reading.most is not None
            assert bounded == (reading.kind == procedure.NUMBER) == bool(reading.unit), step.id
    for section in dict.fromkeys(step.section for step in STEPS):
        assert len({step.id[0] for step in STEPS if step.section == section}) == 1, "a letter is a section"
    assert {step.does for step in STEPS} - {None} == set(CHECKS)


def test_hands_know_the_same_gestures_with_wires_and_without() -> None:
    assert procedure.gestures(True).keys() == procedure.gestures(False).keys()


@pytest.mark.parametrize(
    ("reading", "said", "passing", "failing"),
    [
        (
            Measurement("x", unit="µA", least=5, most=25),
            Phrase("bench.from_to", least=5, most=25, unit="µA"),
            25.0,
            25.1,
        ),
        (Measurement("x", unit="V", most=0.15), Phrase("bench.at_most", most=0.15, unit="V"), -1.0, 0.2),
        (Measurement("x", unit="m", least=10), Phrase("bench.at_least", least=10, unit="m"), 10.0, 9.9),
        (
            Measurement("x", unit="x", least=20, most=20),
            Phrase("bench.number", number=20, unit="x"),
            20.0,
            19.0,
        ),
        (Measurement("x", "yes"), Phrase("bench.yes"), True, False),
    ],
)
def test_a_reading_passes_within_what_it_says(
    reading: Measurement, said: Phrase, passing: float | bool, failing: float | bool
) -> None:
    assert reading.range == said
    assert reading.passes(passing)
    assert not reading.passes(failing)


def test_steps_are_chosen_by_number_or_section() -> None:
    assert [step.id for step in procedure.chosen("w4, F1")] == ["F1", "W4"]
    assert {step.id[0] for step in procedure.chosen("F,D1")} == {"F", "D"}
    assert procedure.chosen(None) == STEPS
    for wrong in ("Z1", "F99", "", " , ", "1"):
        with pytest.raises(InputError) as caught:
            procedure.chosen(wrong)
        assert caught.value.fields["list"] == NextStep("bench.list")


def test_a_complete_tag_needs_no_wires() -> None:
    (step,) = procedure.chosen("F9")
    assert procedure.lacking(step, ()) == ["wires", "dmm"]
    assert procedure.lacking(step, ("tag", "dmm")) == []
    with refused("bench.no_such_instrument", InputError, name="hammer"):
        procedure.at_hand(["hammer"])


def test_the_list_tells_all_and_needs_no_board() -> None:
    shown = CliRunner().invoke(root, ["tag", "bench", "--list", "--format", "json"])
    assert shown.exit_code == 0
    rows = json.loads(shown.stdout)
    assert [row["step"] for row in rows] == [step.id for step in STEPS]
    assert next(row for row in rows if row["step"] == "C1")["passes"] == ["current, mean over a minute: 5 to 25 µA"]
    few = CliRunner().invoke(root, ["tag", "bench", "--list", "--only", "F1,W4"])
    assert [line.split()[0] for line in few.stdout.splitlines()[2:4]] == ["F1", "W4"]
