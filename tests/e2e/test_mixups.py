"""Months of a force of 60: one with every mix-up that is known of, five in which nothing goes wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from host import clock
from host.access.roles import OFFICER, PROGRAMME_LEAD
from host.sim.force import ANSWERS
from tests.e2e.mixups import DAYS, ZONE, Force, Opened, Pouch, lines
from tests.telling import Tell

SEEDS = (313, 11, 12, 13, 14)
"""Of the clean months: the first two are played in `make test`, all of them with --exhaustive."""
SEED = 7

QUIET = (1, 2, 3, 4, 5, 6, 8, 10, 12, 13, 21, 22, 23, 24, 26, 27, 28, 29, 41, 42, 55)
"""The pouches of which the story tells: nothing else happens to them, but that they dock."""

LEFT, SETTLED, TOLD, NEVER = "found and left", "found and settled", "told at once", "not findable"

PLANTED = {
    "tags swapped, explained": SETTLED,
    "tags swapped, left so": LEFT,
    "tags swapped, never opened": NEVER,
    "docked by another": LEFT,
    "docked by another, then by its holder": SETTLED,
    "issued to the wrong officer": SETTLED,
    "issue typed a day late": TOLD,
    "three doses from a kit of two": LEFT,
    "two officers, one kit": TOLD,
    "opened in mid-hand-over": TOLD,
    "lost at one station, found at another": TOLD,
    "tag replaced before its log was fetched": LEFT,
    "an opening on that tag": NEVER,
    "use said and never reported": LEFT,
    "use reported twice": LEFT,
    "opened by the quartermaster": TOLD,
}
"""Everything that is planted, and what must come of it."""

WHY_NEVER = "a tag cannot tell whose pouch it is on; a log that is in the bin tells nothing"


class Question(NamedTuple):
    """What is asked, and what it must name."""

    kind: str
    kit: str | None
    pouch: str | None
    officer: str | None


class Story:
    """Everything that is planted: it is planned on a force's agenda, and keeps what must be asked in the end."""

    def __init__(self, force: Force) -> None:
        self.force = force
        self.left: list[Question] = []
        self.outcomes: dict[str, str] = {}
        """What came of each in `PLANTED`."""

    def plan(self) -> None:
        """All of it, each at its time."""
        for planted in (
            self.swap_that_is_settled,
            self.swap_that_is_left,
            self.swap_that_nobody_can_see,
            self.docked_by_another,
            self.docked_by_another_and_then_by_the_holder,
            self.issued_to_the_wrong_officer,
            self.issue_of_the_past,
            self.three_doses_from_two,
            self.two_officers_one_kit,
            self.opened_in_mid_hand_over,
            self.lost_here_found_there,
            self.tag_replaced_unfetched,
            self.use_never_reported,
            self.use_reported_twice,
            self.opened_to_restock,
        ):
            planted()

    # Tools.

    def pouch(self, number: str) -> Pouch:
        return self.force.pouches[f"P-{number}"]

    def on(self, day: int, hour: float) -> Callable[[Callable[[], object]], None]:
        """Plans what it decorates for then."""
        return lambda what: self.force.plan(self.force.on(day, hour), what)

    def asked(self) -> set[Question]:
        """What is asked now."""
        return set(questions(self.force))

    def wrong(self, pouch: str) -> list[str]:
        """The openings of that pouch, as the station knows it, that are with the wrong officer."""
        return [each for each in self.force.wrong() if each.startswith(f"{pouch}:")]

    def then(self, day: int, hour: float) -> str:
        """A time of the past, as it is typed."""
        return clock.iso(self.force.on(day, hour), ZONE)[:16]

    # The mix-ups.

    def swap_that_is_settled(self) -> None:
        """Each tag is on the other's pouch. Who docks one gives their own number; the ledger is put right."""
        force, one, other = self.force, self.pouch("01"), self.pouch("02")

        @self.on(4, 7.5)
        def swap() -> None:
            force.swap_tags(one, other)

        @self.on(4, 10)
        def opened() -> None:
            force.opens(one, "training")

        @self.on(5, 15)
        def docked() -> None:
            told = force.docks_and_answers(one, "4001", "training")
            assert "Pouch P-02 is issued to officer 4002." in told
            assert Question("explained_by_another", other.kit, "P-02", "4002") in self.asked()
            assert self.wrong("P-02")

        @self.on(6, 9)
        def settled() -> None:
            self.put_right(one, other, self.then(4, 7.5))
            assert not self.wrong("P-02")
            self.outcomes["tags swapped, explained"] = SETTLED

    def put_right(self, one: Pouch, other: Pouch, at: str) -> None:
        """The kits were in each other's pouch from then on, as far as the tags can tell: the ledger says so too."""
        for each in (one, other):
            self.force.run("kit", "unload", str(each.kit), "--at", at, "--yes")
        self.force.run("kit", "load", str(one.kit), other.name, "--at", at, "--yes")
        self.force.run("kit", "load", str(other.kit), one.name, "--at", at, "--yes")

    def swap_that_is_left(self) -> None:
        """One explains what they did, one says who they are and nothing else: three questions until somebody acts."""
        force, one, other = self.force, self.pouch("03"), self.pouch("04")

        @self.on(10, 7.5)
        def swap() -> None:
            force.swap_tags(one, other)

        @self.on(11, 10)
        def opened() -> None:
            force.opens(one, "inspection")

        @self.on(11, 12)
        def also_opened() -> None:
            force.opens(other, "training")

        @self.on(12, 15)
        def docked() -> None:
            force.docks_and_answers(one, "4003", "inspection")
            force.docks_and_answers(other, "4004", "")
            self.left += [
                Question("explained_by_another", other.kit, "P-04", "4004"),
                Question("docked_by_another", one.kit, "P-03", "4003"),
                Question("opening_unexplained", one.kit, "P-03", "4003"),
            ]
            self.outcomes["tags swapped, left so"] = LEFT

    def swap_that_nobody_can_see(self) -> None:
        """The pouches are not opened, and dock with nobody asked: a tag knows no kit and no officer."""
        force, one, other = self.force, self.pouch("05"), self.pouch("06")

        @self.on(15, 7.5)
        def swap() -> None:
            force.swap_tags(one, other)

        @self.on(22, 7.5)
        def swap_back() -> None:
            force.swap_tags(one, other)
            self.outcomes["tags swapped, never opened"] = NEVER

    def docked_by_another(self) -> None:
        """4022 brings the pouch of 4021, says so, and leaves why it was opened to 4021."""
        force, pouch = self.force, self.pouch("21")

        @self.on(7, 14)
        def opened() -> None:
            force.opens(pouch, "training")

        @self.on(8, 15)
        def docked() -> None:
            told = force.docks_and_answers(pouch, "4022", "")
            assert "Pouch P-21 is issued to officer 4021." in told
            assert "Your collar number [4021]" in told
            self.left.append(Question("docked_by_another", pouch.kit, "P-21", "4021"))
            self.outcomes["docked by another"] = LEFT

        @self.on(9, 10)
        def told() -> None:
            force.explain_all(pouch)

    def docked_by_another_and_then_by_the_holder(self) -> None:
        """4024 brings the pouch of 4023; later 4023 docks it again."""
        force, pouch = self.force, self.pouch("23")

        @self.on(8, 15)
        def docked() -> None:
            force.docks(pouch)
            force.store.note_docked_by(force.tags[pouch.name].id, "4024", force.now_ms)
            assert Question("docked_by_another", pouch.kit, "P-23", "4023") in self.asked()

        @self.on(10, 14)
        def opened() -> None:
            force.opens(pouch, "inspection")

        @self.on(10, 15)
        def docked_again() -> None:
            force.docks_and_answers(pouch, "", "inspection")
            self.outcomes["docked by another, then by its holder"] = SETTLED

    def issued_to_the_wrong_officer(self) -> None:
        """4009 is typed, 4008 takes it and uses it; a day later it is put right, from that morning on."""
        force, pouch = self.force, self.pouch("08")

        @self.on(5, 18)
        def back() -> None:
            force.give_back(pouch, counted=True)

        @self.on(6, 7)
        def typed() -> None:
            pouch.kit = force.json("kit", "next")[0]["kit"]
            force.run("kit", "issue", str(pouch.kit), "4009", "--pouch", pouch.name)
            force.hand_to(pouch, "4008")

        @self.on(6, 12)
        def used() -> None:
            force.opens(pouch, "used", doses=1, marks=1)

        @self.on(6, 15)
        def docked() -> None:
            force.docks_and_answers(pouch, "4008", "used", "", "n")
            assert Question("explained_by_another", pouch.kit, "P-08", "4009") in self.asked()
            assert self.wrong("P-08")

        @self.on(7, 9)
        def put_right() -> None:
            at, kit = self.then(6, 7 + 1 / 60), str(pouch.kit)
            force.run("kit", "correct", kit, "--reason", "4009 typed for 4008")
            force.run("kit", "issue", kit, "4008", "--pouch", pouch.name, "--at", at, "--yes")
            assert not self.wrong("P-08")

        @self.on(7, 10)
        def reported() -> None:
            ((opening, was),) = force.known(force.tags[pouch.name].id)
            assert opening.officers == ("4008",)
            assert self.files_from_own_login("4008", was, opening.name)["kit"] == was.kit
            force.replace(pouch)
            self.outcomes["issued to the wrong officer"] = SETTLED

    def files_from_own_login(self, officer: str, was: Opened, opening: str) -> dict[str, object]:
        """The officer reports one dose from an account of their own, which shows them no other's openings."""
        force, login = self.force, f"pc{officer}"
        force.store.grant(login, OFFICER, officer, force.now_ms)
        answers = {**ANSWERS, "resupply_needed": False, "doses": 1, "incident_at": clock.iso(was.at_ms, ZONE)}
        del answers["resupply_kits"]
        with patch("host.access.identity.login", lambda: login):
            told = force.run(
                *("usage", "file", "--opening", opening, "--answers", "-", "--format", "json"),
                input=json.dumps(answers),
            )
        found: dict[str, object] = json.loads(told)
        return found

    def issue_of_the_past(self) -> None:
        """4012 takes the pouch from the cupboard and opens it; only the next day it is typed, with its time."""
        force, pouch = self.force, self.pouch("12")

        @self.on(5, 18)
        def back() -> None:
            kit = force.give_back(pouch, counted=True)
            force.run("kit", "load", kit, pouch.name)
            pouch.kit = kit

        @self.on(7, 7)
        def taken() -> None:
            force.hand_to(pouch, "4012")

        @self.on(7, 11)
        def opened() -> None:
            force.opens(pouch, "training")

        @self.on(7, 15)
        def docked() -> None:
            told = force.docks_and_answers(pouch, "4012", "training")
            assert "Pouch P-12 is issued to nobody." in told

        @self.on(8, 9)
        def typed() -> None:
            issue = ("kit", "issue", str(pouch.kit), "4012", "--at", self.then(7, 7))
            refused = force.refused(*issue)
            assert "from nobody to 4012" in refused and "add --yes" in refused
            assert self.wrong("P-12")
            force.run(*issue, "--yes")
            assert not self.wrong("P-12")
            self.outcomes["issue typed a day late"] = TOLD

    def three_doses_from_two(self) -> None:
        """Three marks, three doses said and reported; the kit had two, and nobody says whose the third was."""
        force, pouch = self.force, self.pouch("10")

        @self.on(9, 13)
        def used() -> None:
            kit, was = pouch.kit, force.opens(pouch, "used", doses=3, marks=3)
            force.docks_and_answers(pouch, "", "used", "", "n")
            ((opening, _),) = force.known(force.tags[pouch.name].id)
            force.report(was, opening, resupply=True)
            force.replace(pouch)
            self.left.append(Question("doses_differ", kit, None, "4010"))
            self.outcomes["three doses from a kit of two"] = LEFT

    def two_officers_one_kit(self) -> None:
        """4042 gives a dose from the pouch of 4041, and reports it from an account that shows only 4042's own."""
        force, pouch = self.force, self.pouch("41")

        @self.on(9, 12)
        def used() -> None:
            force.opens(pouch, "used", doses=1)

        @self.on(9, 14)
        def docked() -> None:
            force.docks_and_answers(pouch, "", "used", "1", "n")

        @self.on(9, 15)
        def reported() -> None:
            ((_, was),) = force.known(force.tags[pouch.name].id)
            filed = self.files_from_own_login("4042", was, "P-41")
            assert (filed["kit"], filed["officer"], filed["pouch"]) == (pouch.kit, "4042", "P-41")
            force.replace(pouch)
            self.outcomes["two officers, one kit"] = TOLD

    def opened_in_mid_hand_over(self) -> None:
        """A use at the end of a shift: by the tag's clock it may have been after the pouch changed hands."""
        force, pouch = self.force, self.pouch("55")

        @self.on(10, 18.95)
        def used() -> None:
            force.opens(pouch, "used", doses=1, marks=1)

        @self.on(10, 19.05)
        def handed_over() -> None:
            force.give_back(pouch, counted=True)
            force.issue(pouch, "4056")

        @self.on(12, 15)
        def docked() -> None:
            told = force.docks_and_answers(pouch, "4056", "")
            assert "Pouch P-55 is issued to officer 4056." in told
            ((opening, was),) = force.known(force.tags[pouch.name].id)
            assert opening.officers == ("4055", "4056") and opening.kits == (was.kit, pouch.kit)
            force.tell_why(opening, was)
            report = force.store.open_answers(force.report(was, opening, resupply=False))
            assert report.kit == was.kit
            self.outcomes["opened in mid-hand-over"] = TOLD

        @self.on(13, 19)
        def handed_over_again() -> None:
            # It may have been the one that was used, for all that the station knows: it asks for a count.
            assert pouch.kit in force.store.to_count()
            kit = force.give_back(pouch, counted=False)
            force.issue(pouch, "4055", kit)

    def lost_here_found_there(self) -> None:
        """A kit of an officer at Northgate turns up at Southgate: it is not handed out before it is counted."""
        force, pouch = self.force, self.pouch("26")

        @self.on(11, 9)
        def lost() -> None:
            lost = str(pouch.kit)
            force.replace(pouch, "--lost", "--reason", "not in the car")
            self.outcomes["kit"] = lost

        @self.on(14, 9)
        def found() -> None:
            kit = self.outcomes.pop("kit")
            force.run("kit", "find", kit, "--station", "Southgate")
            assert "must be counted first" in force.refused("kit", "issue", kit, "4042")
            force.run("kit", "count", kit, "--doses", "2")
            assert force.store.state(kit).place == "Southgate"
            self.outcomes["lost at one station, found at another"] = TOLD

    def tag_replaced_unfetched(self) -> None:
        """A tag is replaced before it has docked: that it is not known whether the pouch was opened, is known."""
        force, pouch = self.force, self.pouch("27")

        @self.on(13, 9)
        def opened() -> None:
            force.opens(pouch, "training")

        @self.on(13, 12)
        def replaced() -> None:
            force.new_tag(pouch, replace=True)
            self.left.append(Question("log_unread", pouch.kit, "P-27", "4027"))
            self.outcomes["tag replaced before its log was fetched"] = LEFT
            self.outcomes["an opening on that tag"] = NEVER

    def use_never_reported(self) -> None:
        """One dose is said to have been given, and is missing when the kit is counted: only the report is not there."""
        force, pouch = self.force, self.pouch("28")

        @self.on(16, 12)
        def used() -> None:
            kit = pouch.kit
            force.opens(pouch, "used", doses=1)
            force.docks_and_answers(pouch, "", "used", "1", "n")
            force.replace(pouch)
            self.left.append(Question("report_missing", kit, "P-28", "4028"))
            self.outcomes["use said and never reported"] = LEFT

    def use_reported_twice(self) -> None:
        """The officer reports, and two days later reports the same once more."""
        force, pouch = self.force, self.pouch("29")

        @self.on(17, 12)
        def used() -> None:
            kit, was = pouch.kit, force.opens(pouch, "used", doses=1)
            force.docks_and_answers(pouch, "", "used", "1", "n")
            ((opening, _),) = force.known(force.tags[pouch.name].id)
            force.report(was, opening, resupply=False)
            force.replace(pouch)

            @self.on(19, 12)
            def once_more() -> None:
                force.report(was, opening, resupply=False)
                # Two reports of one opening; the count, which found a dose in the kit, speaks against the second too.
                self.left.append(Question("doses_differ", kit, "P-29", "4029"))
                self.outcomes["use reported twice"] = LEFT

    def opened_to_restock(self) -> None:
        """The pouch lies on the counter, still 4013's, and the quartermaster opens it."""
        force, pouch = self.force, self.pouch("13")

        @self.on(18, 12)
        def opened() -> None:
            force.opens(pouch, "restocking")
            force.docks_and_answers(pouch, "me", "")
            force.run("openings", "explain", "P-13", "--cause", "restocking", "--myself")
            self.outcomes["opened by the quartermaster"] = TOLD


def questions(force: Force) -> list[Question]:
    """What `kitdock reconcile` asks, as far as it must name something."""
    return [Question(*(row[key] for key in Question._fields)) for row in force.questions()]  # type: ignore[arg-type]


@pytest.mark.timeout(900)
def test_a_month_of_mix_ups_ends_with_what_is_left_of_them(tmp_path: Path, tell: Tell) -> None:
    force = Force(tmp_path / "station.db", SEED, commands=True)
    story = Story(force)
    with force.at_work():
        force.equip()
        force.store.grant(force.store.login, PROGRAMME_LEAD, None, force.now_ms)
        quiet = [force.pouches[f"P-{each:02d}"] for each in QUIET]
        ordinary = [each for each in force.pouches.values() if each not in quiet]
        story.plan()
        for day in range(DAYS):
            force.plan_day(day, ordinary)
            if day % 3 == 0:
                for pouch in quiet:
                    force.plan(force.on(day, 17), lambda pouch=pouch: force.docks(pouch))
            force.live(force.on(day + 1, 0))
        force.all_dock(ordinary)
        for pouch in quiet:
            force.docks(pouch)
        assert story.outcomes == PLANTED
        asked = force.questions()
        assert Counter(questions(force)) == Counter(story.left), lines(asked)
        until_settled = force.wrong()
        assert {each.partition(":")[0] for each in until_settled} == {"P-03", "P-04"}
        # What the questions about the swap ask for.
        one, other = story.pouch("03"), story.pouch("04")
        story.put_right(one, other, story.then(10, 7.5))
        force.explain_all(other)
        story.left = [each for each in story.left if each.pouch not in ("P-03", "P-04")]
        assert Counter(questions(force)) == Counter(story.left)
        wrong, openings = force.wrong(at_the_end=True), force.store.openings()
        assert not wrong
        force.run("audit", "verify")
        force.run("db", "check")
    came_of = Counter(story.outcomes.values())
    tell(
        f"mix-ups in a month of 60 officers: {came_of.total()} planted; {came_of.total() - came_of[NEVER]} found "
        f"({came_of[LEFT]} left, {came_of[SETTLED]} settled by what the question says, {came_of[TOLD]} told or asked "
        f"at once), {came_of[NEVER]} not findable ({WHY_NEVER}); nothing else asked; "
        f"openings with the wrong officer: {len(wrong)} of {len(openings)}"
    )


@pytest.mark.timeout(900)
def test_in_clean_months_nothing_is_asked(tmp_path: Path, tell: Tell, request: pytest.FixtureRequest) -> None:
    openings = reports = 0
    seeds = SEEDS if request.config.getoption("exhaustive") else SEEDS[:2]
    for seed in seeds:
        force = Force(tmp_path / f"{seed}.db", seed, commands=False)
        with force.at_work():
            force.equip()
            for day in range(DAYS):
                force.plan_day(day, force.pouches.values())
                force.live(force.on(day, 23))
                if day % 7 == 6:
                    asked = force.questions()
                    assert not asked, f"seed {seed}, day {day}:\n{lines(asked)}"
                force.live(force.on(day + 1, 0))
            force.all_dock(force.pouches.values())
            asked = force.questions()
            assert not asked, f"seed {seed}:\n{lines(asked)}"
            assert force.wrong(at_the_end=True) == []
            assert force.unusable() == [], f"seed {seed}"
            openings += len(force.store.openings())
            reports += force.reports
    tell(f"clean months ({len(seeds)} seeds): {openings} openings, {reports} reports, 0 questions")
