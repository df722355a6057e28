"""Heat and frost at the station: what a tag's log tells, and which kits were beyond their product's limits."""

from collections.abc import Sequence

import pytest

from host import clock
from host.ledger import ISSUE
from host.phrase import NextStep, Phrase
from host.reconcile import Discrepancy
from host.stock.storage import Limits
from host.tag import log as taglog
from host.tag import temperature
from host.tag.events import Event
from host.tag.log import FAULT, Flaw
from host.tag.temperature import Reading, error_c, too_cold, too_warm
from kitwire import record
from tests.force import DAY, HOUR, T0, Force, carried_pouch
from tests.oracle.situation import situation_of
from tests.unit.test_reconcile import kinds, one, reconcile, saying

NOW = T0 + 2 * DAY
MINUTE = 60_000


def least_most(coldest: int, warmest: int) -> str:
    """A record of the least and the most, as `Force.log` takes it."""
    return f"temperature+{record.coded_celsius(warmest) << 8 | record.coded_celsius(coldest)}"


def at(kind: str, celsius: int) -> str:
    return f"{kind}+{record.coded_celsius(celsius)}"


LABEL = Limits(2, 25)


def summer(*entries: tuple[str, int], limits: Limits | None = LABEL) -> tuple[Force, str]:
    """K1 is in P1 with officer 1207; its tag logs `entries` and docks a day after T0, after the clock was anchored."""
    force, tag = carried_pouch()
    if limits is not None:
        force.limits["Nyxoid"] = limits
    force.docking(tag, MINUTE)
    force.docking(tag, DAY + MINUTE)
    force.log(tag, ("boot", 0), ("undock", 2 * MINUTE), *entries, docking=2)
    return force, tag


def readings(force: Force, tag: str) -> list[Reading]:
    (own,) = [each for each in force.tags if each.id == tag]
    return taglog.derive(own, force.events, [each for each in force.dockings if each.tag == tag]).readings


def flaws(force: Force, tag: str) -> list[Flaw]:
    (own,) = [each for each in force.tags if each.id == tag]
    return taglog.derive(own, force.events, [each for each in force.dockings if each.tag == tag]).flaws


def test_the_error_grows_at_the_ends_of_what_a_chip_reads() -> None:
    assert {error_c(celsius) for celsius in range(-10, 81)} == {3}
    assert [error_c(celsius) for celsius in (-40, -31, -30, -11, 81, 100, 101, 125)] == [5, 5, 4, 4, 4, 4, 5, 5]
    assert temperature.LEAST_ERROR_C == 3


@pytest.mark.parametrize(
    ("coldest", "warmest", "limits", "cold", "warm"),
    [
        (2, 25, Limits(2, 25), None, None),
        (-1, 28, Limits(2, 25), None, None),
        (-2, 29, Limits(2, 25), 1, 1),
        (-2, 29, Limits(None, 25), None, 1),
        (-2, 29, Limits(2, None), 1, None),
        (-40, 125, Limits(2, 25), 37, 95),
        (20, 85, Limits(2, 80), None, 1),
    ],
)
def test_beyond_a_limit_is_by_more_than_the_error(
    coldest: int, warmest: int, limits: Limits, cold: int | None, warm: int | None
) -> None:
    reading = Reading("t", 3, "P1", coldest, warmest, 2, 0, 0)
    assert (too_cold(reading, limits), too_warm(reading, limits)) == (cold, warm)


def test_what_was_told_is_of_a_moment_or_of_the_time_since_the_tag_left_its_dock() -> None:
    force, tag = summer(
        (at("lid_open", 19), HOUR),
        ("lid_close", HOUR + MINUTE),
        (at("heartbeat", 7), 20 * HOUR),
        ("dock", DAY),
        (least_most(7, 58), DAY),
    )
    found = {each.sequence: each for each in readings(force, tag)}
    assert {number: (each.coldest_c, each.warmest_c, each.since) for number, each in found.items()} == {
        3: (19, 19, 3),
        5: (7, 7, 5),
        7: (7, 58, 2),
    }
    assert found[3].earliest_ms <= T0 + HOUR <= found[3].latest_ms < T0 + HOUR + 5 * MINUTE
    assert found[7].earliest_ms <= T0 + 2 * MINUTE < found[7].earliest_ms + MINUTE
    assert T0 + DAY <= found[7].latest_ms <= T0 + DAY + MINUTE


def test_the_first_of_all_reaches_back_to_the_enrolment_and_each_other_to_the_one_before() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, (least_most(1, 2), HOUR), (least_most(3, 4), 3 * HOUR), ("altered", 0), ("undock", 5 * HOUR))
    first, second = readings(force, tag)
    assert (first.since, first.earliest_ms, second.since) == (0, T0, 1)


@pytest.mark.parametrize(
    "senseless", ["temperature", "temperature+1", "temperature+65535", "lid_open+1", "heartbeat+226", "lid_close+30840"]
)
def test_a_temperature_that_cannot_be_is_a_flaw_and_nothing_more(senseless: str) -> None:
    force, tag = summer(("lid_open", HOUR), ("lid_close", HOUR + 1000), (senseless, DAY))
    assert readings(force, tag) == []
    (flaw,) = flaws(force, tag)
    assert (flaw.kind, flaw.sequence) == (FAULT, 5)
    assert "no thermometer reads" in flaw.detail
    assert "tag_faulty" in kinds(force) and "outside_storage_limits" not in kinds(force)


def outside(force: Force) -> list[Discrepancy]:
    return [each for each in reconcile(force.picture, NOW) if each.kind == "outside_storage_limits"]


def between(measured: Phrase) -> tuple[str, str]:
    """Between which times it was measured, to the minute."""
    when = measured.fields["when"]
    assert when.code == "found.between"
    began, ended = (clock.show(when.fields[end].at_ms, when.fields[end].zone) for end in ("began", "ended"))
    return began, ended


def test_a_kit_that_was_too_warm_in_its_pouch_is_a_question_with_all_that_is_known() -> None:
    force, tag = summer((least_most(12, 58), DAY))
    found = one(force, "outside_storage_limits")
    assert (found.severity, found.kit, found.pouch, found.officer) == ("medium", "K1", "P1", "1207")
    (warmest,) = found.evidence.fields["measured"]
    assert saying(found.evidence, "product", "limits", "records") == (
        "found.outside_storage_limits",
        "Nyxoid",
        Phrase("found.limits", least_c=2, most_c=25),
        1,
    )
    assert saying(warmest, "celsius", "error") == ("found.warmest", 58, 3)
    assert between(warmest) == ("2026-05-28 21:28", "2026-05-29 21:26")
    assert found.next_step == NextStep(
        "discrepancy.resolve",
        "next.outside_storage_limits",
        product="Nyxoid",
        discrepancy="outside-storage-limits:K1",
    )
    assert found.facts == (f"record:{tag}:3", "movement:2")
    assert found.occurrence == f"{tag}:3"
    assert abs(found.since_ms - T0 - 2 * MINUTE) < MINUTE


def test_heat_and_frost_are_told_together_and_the_exact_time_where_it_is_known() -> None:
    force, tag = summer(
        (at("lid_open", 58), 10 * HOUR),
        ("lid_close", 10 * HOUR + 1000),
        (at("heartbeat", -9), 20 * HOUR),
        (least_most(-9, 58), DAY),
    )
    evidence = one(force, "outside_storage_limits").evidence
    warmest, coldest = evidence.fields["measured"]
    assert saying(warmest, "celsius", "error") == ("found.warmest", 58, 3)
    assert saying(coldest, "celsius", "error") == ("found.coldest", -9, 3)
    assert evidence.fields["records"] == 3
    assert between(warmest)[0].startswith("2026-05-29 07:2")
    assert between(coldest)[0].startswith("2026-05-29 17:2")
    assert one(force, "outside_storage_limits").facts == (
        *(f"record:{tag}:{sequence}" for sequence in (3, 5, 6)),
        "movement:2",
    )


@pytest.mark.parametrize(
    "limits", [None, Limits(2, 60), Limits(None, 55), Limits(9, None)], ids=["none", "wide", "just", "cold alone"]
)
def test_nothing_is_asked_without_limits_or_within_them_by_the_error(limits: Limits | None) -> None:
    force, _ = summer((least_most(6, 58), DAY), limits=limits)
    assert outside(force) == []


def test_a_kit_that_was_not_in_the_pouch_then_is_not_asked_about() -> None:
    force, _ = summer((least_most(12, 58), DAY))
    force.kit("K2")
    force.give_back("K1", DAY + 2 * HOUR, doses=2)
    force.issue("K2", "1207", "P1", DAY + 3 * HOUR)
    assert [each.kit for each in outside(force)] == ["K1"]
    assert outside(force)[0].officer is None and outside(force)[0].place == "North"


def test_of_a_kit_that_was_handed_over_the_time_that_it_was_in_the_pouch_is_told() -> None:
    force, _ = summer((least_most(12, 58), DAY))
    force.officer("1300")
    force.kit("K2")
    force.give_back("K1", 6 * HOUR, doses=2)
    force.move(7 * HOUR, ISSUE, "K2", officer="1300", pouch="P1")
    first, second = sorted(outside(force), key=lambda each: each.kit or "")
    assert between(first.evidence.fields["measured"][0]) == ("2026-05-28 21:28", "2026-05-29 03:26")
    assert between(second.evidence.fields["measured"][0]) == ("2026-05-29 04:26", "2026-05-29 21:26")
    assert (first.officer, second.officer) == (None, "1300")


def test_a_kit_that_is_gone_is_asked_about_no_more_and_one_in_stock_is() -> None:
    force, _ = summer((least_most(12, 58), DAY))
    force.give_back("K1", DAY + 2 * HOUR, doses=2)
    assert len(outside(force)) == 1
    force.move(DAY + 3 * HOUR, "lose", "K1", reason="so")
    assert outside(force) == []
    force.move(DAY + 4 * HOUR, "find", "K1", place="North")
    assert len(outside(force)) == 1


def test_it_returns_with_the_next_heat_and_not_with_the_same() -> None:
    def heats(*days: Sequence[tuple[str, int]]) -> Discrepancy:
        force, _ = summer(*[entry for day in days for entry in day])
        return one(force, "outside_storage_limits", T0 + 9 * DAY)

    first = [(least_most(12, 58), HOUR)]
    cool = [("undock", 2 * HOUR), (least_most(12, 20), 3 * HOUR)]
    again = [("undock", 4 * HOUR), (least_most(12, 40), 5 * HOUR)]
    assert heats(first).occurrence == heats(first, cool).occurrence != heats(first, cool, again).occurrence
    (worst,) = heats(first, cool, again).evidence.fields["measured"]
    assert worst.fields["celsius"] == 58, "it is the worst"


def test_everything_is_looked_at_where_nothing_is_left_out() -> None:
    force, _ = summer((least_most(20, 21), DAY))
    (exposed,) = situation_of(force.picture, NOW).exposed
    assert (exposed.kit, exposed.reading.warmest_c, exposed.now.officer) == ("K1", 21, "1207")


def test_what_does_not_verify_tells_no_temperature() -> None:
    altered = Event("t", 1, 1, "altered", None, None, None, None, None, None, None)
    assert temperature.told(altered) is None
