"""Rules about tags and pouches: which dock, which are well, which hold no kit or have no tag."""

from collections.abc import Iterable, Iterator

from host import clock
from host.ledger import Holding
from host.ledger.movement import IN_STOCK, LEFT_BEHIND, LOST, USED, in_words
from host.phrase import NextStep, Phrase
from host.reconcile.discrepancy import LOW, MEDIUM, Discrepancy, docking, movement
from host.reconcile.situation import EmptyPouch, View, whose
from host.tag.log import TagState

BROKEN_OFF_MS = 600_000
"""A docking that has not ended after so long was broken off, by a power cut for instance."""

_GONE = (USED, LEFT_BEHIND, LOST)
"""What becomes of a kit without the pouch coming in."""


def not_docked(view: View) -> Iterator[Discrepancy]:
    """A pouch that an officer carries and that has not docked for days."""
    for state, held, _, _ in view.of.tags:
        carried = [each for each in held if each.officer is not None]
        if not carried:
            continue
        last = state.docked_at_ms
        since = max(last or 0, state.enrolled_at_ms, min(each.since_ms for each in carried))
        days = view.days_since(since)
        if days >= view.settings.not_docked_days:
            yield _about(
                state,
                carried,
                kind="not_docked",
                severity=MEDIUM,
                occurrence=str(last or state.enrolled_at_ms),
                since_ms=since,
                evidence=Phrase("found.not_docked", last=view.at(last), days=days)
                if last
                else Phrase("found.never_docked", days=days),
                next_step=NextStep("tag.dock", "next.not_docked", pouch=state.pouch),
            )


def tag_silent(view: View) -> Iterator[Discrepancy]:
    """A pouch kept in a car, custody suite or cabinet whose tag nobody has heard for days."""
    for state, held, _, heard_at_ms in view.of.tags:
        kept = [each for each in held if each.place is not None]
        if not kept or len(kept) < len(held):
            continue
        last = max(state.docked_at_ms or 0, heard_at_ms or 0)
        since = max(last, state.enrolled_at_ms, min(each.since_ms for each in kept))
        days = view.days_since(since)
        if days >= view.settings.silent_days:
            place = kept[0].place
            yield _about(
                state,
                kept,
                kind="tag_silent",
                severity=LOW,
                occurrence=str(last or state.enrolled_at_ms),
                since_ms=since,
                evidence=Phrase("found.tag_silent", last=view.at(last), place=place, days=days)
                if last
                else Phrase("found.tag_never_heard", place=place, days=days),
                next_step=NextStep("tag.dock", "next.tag_silent", pouch=state.pouch),
            )


def docking_failed(view: View) -> Iterator[Discrepancy]:
    """A tag whose last docking did not end well; the next one that does clears it."""
    for state, held, detail, _ in view.of.tags:
        started = state.last_started_at_ms
        if started is None or state.last_docking is None or state.last_outcome == "complete":
            continue
        broken_off = state.last_outcome is None
        if broken_off and view.now_ms - started < BROKEN_OFF_MS:
            continue  # under way
        yield _about(
            state,
            held,
            kind="docking_failed",
            severity=MEDIUM,
            occurrence=str(state.docked_at_ms or state.enrolled_at_ms),
            since_ms=started,
            evidence=Phrase(
                "found.docking_broken_off" if broken_off else "found.docking_failed",
                at=view.at(started),
                detail=detail,
            ),
            next_step=NextStep("tag.dock", "next.docking_failed", pouch=state.pouch),
        )


def battery_low(view: View) -> Iterator[Discrepancy]:
    """A tag whose battery was low when it last told."""
    for state, held, _, _ in view.of.tags:
        percent = state.battery_percent
        if percent is None or percent >= view.settings.battery_percent:
            continue
        told = state.docked_at_ms or state.last_started_at_ms or state.enrolled_at_ms
        yield _about(
            state,
            held,
            kind="battery_low",
            severity=LOW,
            occurrence="low",
            since_ms=told,
            evidence=Phrase("found.battery_low", percent=percent, at=view.at(told)),
            next_step=Phrase("next.battery_low"),
        )


def log_unread(view: View) -> Iterator[Discrepancy]:
    """A tag that was taken out of use before its log was fetched: openings since its last docking are not known."""
    for state, held, counted in view.of.unread:
        if counted:
            continue
        assert state.retired_at_ms is not None
        last, retired = state.docked_at_ms, view.at(state.retired_at_ms)
        yield _about(
            state,
            held,
            kind="log_unread",
            severity=MEDIUM,
            occurrence=str(state.docked_at_ms or state.enrolled_at_ms),
            since_ms=state.retired_at_ms,
            evidence=Phrase("found.log_unread", tag=state.tag, retired_at=retired, last=view.at(last))
            if last
            else Phrase("found.log_never_read", tag=state.tag, retired_at=retired),
            next_step=NextStep("kit.count", "next.log_unread", kit=held[0].kit),
        )


def _about(
    state: TagState,
    held: Iterable[Holding],
    *,
    kind: str,
    severity: str,
    occurrence: str,
    since_ms: int,
    evidence: Phrase,
    next_step: Phrase,
) -> Discrepancy:
    held = tuple(held)
    facts = [docking(state.last_docking)] if state.last_docking is not None else []
    return Discrepancy(
        kind,
        severity,
        state.tag,
        occurrence,
        since_ms,
        evidence,
        next_step,
        (*facts, *(movement(each.began) for each in held)),
        pouch=state.pouch,
        shown=state.pouch,
        **whose(held),
    )


def pouch_without_kit(view: View) -> Iterator[Discrepancy]:
    """A pouch in use that holds no kit: its kit was used up, left behind or lost, or the pouch docks without any."""
    for each in view.of.empty:
        if each.last is not None and each.became in _GONE:
            yield _emptied(view, each, each.last)
        elif _docks_empty(view, each):
            yield _never_filled(view, each)


def _emptied(view: View, each: EmptyPouch, last: Holding) -> Discrepancy:
    until = last.until_ms or last.since_ms
    if last.status == IN_STOCK:
        step = NextStep("kit.load", pouch=each.pouch)
    elif last.officer is not None:
        step = NextStep("kit.issue_next", officer=last.officer, pouch=each.pouch)
    else:
        step = NextStep("kit.issue_next", place=last.place, pouch=each.pouch)
    return Discrepancy(
        "pouch_without_kit",
        MEDIUM,
        each.pouch,
        f"{last.kit}:{until}",
        until,
        Phrase("found.pouch_emptied", kit=last.kit, became=in_words(each.became or ""), since=view.at(until)),
        step,
        (movement(last.began),),
        pouch=each.pouch,
        officer=last.officer,
        place=last.place,
    )


def _docks_empty(view: View, each: EmptyPouch) -> bool:
    """Whether the pouch docked lately, a day or more after it was emptied or got its tag: so somebody has it."""
    emptied = max(each.enrolled_at_ms, (each.last.until_ms or 0) if each.last else 0)
    docked = each.docked_at_ms
    return (
        docked is not None
        and docked - emptied >= clock.DAY_MS
        and view.now_ms - docked < view.settings.not_docked_days * clock.DAY_MS
    )


def _never_filled(view: View, each: EmptyPouch) -> Discrepancy:
    docked = view.at(each.docked_at_ms or 0)
    last = each.last
    return Discrepancy(
        "pouch_without_kit",
        LOW,
        each.pouch,
        f"{last.kit}:{last.until_ms}" if last else "never",
        (last.until_ms or 0) if last else each.enrolled_at_ms,
        Phrase("found.pouch_docks_empty", docked=docked, kit=last.kit, left=view.at(last.until_ms or 0))
        if last
        else Phrase("found.pouch_never_filled", docked=docked),
        NextStep("kit.load", "next.pouch_without_kit", pouch=each.pouch),
        (movement(last.began),) if last else (),
        pouch=each.pouch,
    )


def pouch_without_tag(view: View) -> Iterator[Discrepancy]:
    """A pouch that holds a kit and whose tag was wiped or taken out: nothing logs when it is opened."""
    for each in view.of.untagged:
        if each.moved_to is None and each.kits:
            yield Discrepancy(
                "pouch_without_tag",
                LOW,
                each.pouch,
                each.tag,
                each.retired_at_ms,
                Phrase("found.pouch_without_tag", tag=each.tag, since=view.at(each.retired_at_ms)),
                NextStep("tag.enrol", pouch=each.pouch),
                tuple(movement(kit.began) for kit in each.kits),
                pouch=each.pouch,
                **whose(each.kits),
            )


def tag_moved(view: View) -> Iterator[Discrepancy]:
    """A pouch whose tag is in another pouch now, and that has got none since."""
    for each in view.of.untagged:
        if each.moved_to is not None:
            yield Discrepancy(
                "tag_moved",
                MEDIUM if each.kits else LOW,
                each.pouch,
                each.tag,
                each.retired_at_ms,
                Phrase(
                    "found.tag_moved_from_kit" if each.kits else "found.tag_moved",
                    tag=each.tag,
                    pouch=each.moved_to,
                    at=view.at(each.retired_at_ms),
                ),
                NextStep("tag.enrol", "next.tag_moved", pouch=each.pouch),
                tuple(movement(kit.began) for kit in each.kits),
                pouch=each.pouch,
                **whose(each.kits),
            )
