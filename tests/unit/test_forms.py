"""Forms: the definition is the source's, and answers are checked field by field."""

from importlib import resources
from typing import Any

import pytest

from host import forms
from host.access import roles
from host.errors import InputError
from host.forms import AnswersRefused, check
from host.phrase import Phrase
from tests.refusals import refused

ZONE = "Europe/London"
NOW = 1_780_000_000_000
FORM = forms.load("england_wales")
ANSWERS: dict[str, object] = {
    "area": "North",
    "incident_at": "2026-05-20T18:30",
    "person_gender": "female",
    "person_age": 34,
    "substance": "heroin",
    "doses": 3,
    "tried_to_wake": True,
    "tilted_head": "yes",
    "checked_breathing": "Y",
    "recovery_position": False,
    "chest_compressions": "no",
    "rescue_breaths": "n",
    "cleared_airway": "true",
    "checked_pulse": "false",
    "outcome": "conscious and responsive",
    "ambulance_minutes": 14,
    "seen_by_paramedics": True,
    "resupply_needed": True,
    "resupply_kits": "2",
}


def problems(changes: dict[str, Any], collect_names: bool = False) -> list[Phrase]:
    with pytest.raises(AnswersRefused) as found:
        check(FORM, {**ANSWERS, **changes}, collect_names, ZONE, NOW)
    assert str(found.value).splitlines() == [str(each) for each in found.value.problems]
    return found.value.problems


def unfit(problem: Phrase) -> tuple[str, dict[str, object]]:
    """What is wrong with the one answer that does not fit: its code, its fields."""
    assert problem.code == "answer.unfit"
    error = problem.fields["error"]
    return error.code, error.fields


def test_every_form_file_is_well_formed() -> None:
    for key in forms.names():
        form = forms.load(key)
        keys = [field.key for field in form.fields]
        assert form.key == key
        assert form.version >= 1
        assert len(set(keys)) == len(keys)
        assert {"doses", "incident_at"} <= set(keys)
        for place, field in enumerate(form.fields):
            assert field.type in forms.TYPES
            assert set(field.protected) <= set(roles.ROLES)
            assert (field.type == "choice") == bool(field.choices)
            assert field.type != "integer" or (field.minimum is not None and field.maximum is not None)
            assert field.required_if is None or field.required_if in keys[:place]
            assert field.source
            assert not field.identifies or field.protected


def text_of(form: str, version: str) -> str:
    """The file of a form, with another line for its version."""
    text = resources.files("host.forms").joinpath(f"{form}.toml").read_text(encoding="utf-8")
    assert text.count("\nversion = 1\n") == 1
    return text.replace("\nversion = 1\n", f"\n{version}\n")


def test_a_form_says_its_version() -> None:
    assert forms.read(text_of("england_wales", "version = 12")) == FORM._replace(version=12)


@pytest.mark.parametrize(
    "line", ["", "version = 0", "version = -1", "version = true", 'version = "1"', "version = 1.0", "version = [1]"]
)
def test_a_form_without_a_version_is_refused(line: str) -> None:
    with refused("form.no_version", InputError, form="england_wales"):
        forms.read(text_of("england_wales", line))


def test_england_and_wales_form_has_the_ten_fields_of_its_source() -> None:
    assert sorted({int(field.source) for field in FORM.fields}) == list(range(1, 11))
    first_aid = [field for field in FORM.fields if field.source == "6"]
    assert len(first_aid) == 8
    assert {field.type for field in first_aid} == {"yes_no"}


def test_quartermaster_reads_no_health_field() -> None:
    open_keys = {field.key for field in FORM.fields if not field.protected}
    assert open_keys == {"area", "incident_at", "doses", "resupply_needed", "resupply_kits"}
    assert not any("quartermaster" in field.protected for field in FORM.fields)


def test_answers_come_back_in_their_types_and_apart() -> None:
    answers = check(FORM, ANSWERS, False, ZONE, NOW)
    assert answers.doses == 3
    assert answers.open == {
        "area": "North",
        "incident_at": "2026-05-20T18:30:00+01:00",
        "doses": 3,
        "resupply_needed": True,
        "resupply_kits": 2,
    }
    assert answers.protected["outcome"] == "conscious_and_responsive"
    assert answers.protected["person_age"] == 34
    assert [answers.protected[key] for key in ("tilted_head", "checked_breathing", "cleared_airway")] == [True] * 3
    assert [answers.protected[key] for key in ("recovery_position", "rescue_breaths", "checked_pulse")] == [False] * 3


def test_what_is_not_known_may_be_left_out() -> None:
    unknown = {"person_gender": None, "person_age": "", "substance": None, "ambulance_minutes": None}
    answers = check(FORM, {**ANSWERS, **unknown}, False, ZONE, NOW)
    assert not set(unknown) & set(answers.protected)


@pytest.mark.parametrize("doses", [1, 2, 3, 8, 99, "12"])
def test_doses_are_not_capped_at_a_kit(doses: object) -> None:
    assert check(FORM, {**ANSWERS, "doses": doses}, False, ZONE, NOW).doses == int(str(doses))


@pytest.mark.parametrize("doses", [0, 100, -1, 1.5, True, "two", "1e1", "٣", [2]])
def test_doses_that_cannot_be_are_refused(doses: object) -> None:
    (problem,) = problems({"doses": doses})
    assert unfit(problem) == ("answer.is_a_whole_number", {"least": 1, "most": 99, "answer": doses})


def test_an_answer_that_not_everybody_may_read_is_not_in_the_refusal() -> None:
    (problem,) = problems({"person_age": "old"})
    assert unfit(problem) == ("answer.is_a_whole_number", {"least": 0, "most": 120})


def test_each_wrong_answer_has_its_line() -> None:
    found = problems({"area": "", "outcome": "fine", "tilted_head": "maybe", "incident_at": "2026-05-32T10:00"})
    assert [each.fields["field"] for each in found] == ["area", "incident_at", "tilted_head", "outcome"]
    assert found[0].code == "answer.missing"


def test_field_that_the_form_does_not_have_is_refused() -> None:
    assert problems({"home_address": "x"}) == [Phrase("answer.no_field", field="home_address", form="england_wales")]


def test_name_is_only_taken_where_the_station_collects_names() -> None:
    assert problems({"person_name": "somebody"}) == [Phrase("answer.names", field="person_name", form="england_wales")]
    assert check(FORM, {**ANSWERS, "person_name": "somebody"}, True, ZONE, NOW).protected["person_name"] == "somebody"
    assert "person_name" not in {field.key for field in FORM.asked(False)}
    assert "person_name" in {field.key for field in FORM.asked(True)}


def test_incident_in_the_future_is_refused() -> None:
    (problem,) = problems({"incident_at": "2026-06-20T18:30"})
    assert unfit(problem) == ("typed.time_to_come", {"text": "2026-06-20T18:30"})


def test_number_of_kits_belongs_to_a_resupply() -> None:
    assert problems({"resupply_kits": None})[0].code == "answer.missing"
    assert problems({"resupply_needed": False})[0].code == "answer.not_asked"
    assert check(FORM, {**ANSWERS, "resupply_needed": False, "resupply_kits": None}, False, ZONE, NOW)


def test_text_is_one_short_line() -> None:
    for text in ("x" * 61, "a\nb", 5, "\x07"):
        (problem,) = problems({"area": text})
        assert unfit(problem) == ("answer.is_one_line", {"most": 60})


def test_unknown_form_is_named_with_those_there_are() -> None:
    with refused("form.unknown", InputError, form="nowhere", forms=("england_wales",)):
        forms.load("nowhere")
