"""Rules about kits that are out: with an officer, or in a car, custody suite or cabinet."""

from collections.abc import Iterator

from host.ledger import Officer, training_valid_until
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, Discrepancy, movement
from host.reconcile.situation import Carried, View
from host.usage.doses import told
from host.words import plural


def expired_carried(view: View) -> Iterator[Discrepancy]:
    """A kit that is out although its printed expiry has passed."""
    for each in view.of.carried:
        if each.expires_on < view.today:
            days = (view.today - each.expires_on).days
            yield _about(
                each,
                kind="expired_carried",
                severity=HIGH,
                occurrence=str(each.began),
                since_ms=view.midnight_after(each.expires_on),
                evidence=f"{each.product} lot {each.lot} expired on {each.expires_on}, {plural(days, 'day')} ago",
                next_step=f"`kitdock kit replace {each.kit}` by one that is in date",
            )


def recalled_carried(view: View) -> Iterator[Discrepancy]:
    """A kit that is out although its lot is recalled."""
    for each in view.of.carried:
        if each.recall is not None:
            yield _about(
                each,
                kind="recalled_carried",
                severity=HIGH,
                occurrence=f"{each.began}:{each.recall.id}",
                since_ms=each.recall.at_ms,
                evidence=f"{each.product} lot {each.lot} is recalled since {view.show(each.recall.at_ms)} "
                f"({each.recall.reason})",
                next_step=f"call it in: `kitdock kit replace {each.kit}` by one of another lot",
            )


def not_whole_carried(view: View) -> Iterator[Discrepancy]:
    """A kit that is out and not whole: handed out although nobody knew what is in it, empty, or used in part."""
    for each in view.of.carried:
        earlier = each.due if each.due is not None and each.due.earlier else None
        if earlier is None and each.doses_left >= each.doses:
            continue
        urgent = earlier is not None or each.doses_left <= 0
        evidence = (
            f"it was handed out uncounted: {told(earlier, view.of.time_zone)}"
            if earlier
            else f"{max(each.doses_left, 0)} of {plural(each.doses, 'dose')} left"
        )
        yield _about(
            each,
            kind="not_whole_carried",
            severity=HIGH if urgent else LOW,
            occurrence=f"{each.began}:{'uncounted' if earlier else each.doses_left}",
            since_ms=each.since_ms,
            evidence=evidence,
            next_step=("call it in: " if urgent else "") + f"`kitdock kit replace {each.kit}`, and count what is in it",
        )


def quarantined_carried(view: View) -> Iterator[Discrepancy]:
    """A kit that is out although it is quarantined."""
    for each in view.of.carried:
        if each.quarantine is not None:
            yield _about(
                each,
                kind="quarantined_carried",
                severity=MEDIUM,
                occurrence=str(each.began),
                since_ms=each.since_ms,
                evidence=f"it is quarantined ({each.quarantine}) and still out",
                next_step=f"`kitdock kit replace {each.kit}`, or `kitdock kit release {each.kit}` if it is sound",
            )


def kit_with_leaver(view: View) -> Iterator[Discrepancy]:
    """A kit out to an officer whose last day has passed."""
    for each in view.of.carried:
        if each.left_on is not None and each.left_on < view.today:
            yield _about(
                each,
                kind="kit_with_leaver",
                severity=MEDIUM,
                occurrence=f"{each.began}:{each.left_on}",
                since_ms=view.midnight_after(each.left_on),
                evidence=f"the officer's last day was {each.left_on}; no return is recorded",
                next_step=f"ask where the kit is, then `kitdock kit return {each.kit}`",
            )


def training_lapsed(view: View) -> Iterator[Discrepancy]:
    """A kit in the hands of an officer whose training is more than 12 months old."""
    for each in view.of.carried:
        if each.officer is None or each.trained_on is None:
            continue
        until = training_valid_until(Officer(each.officer, each.trained_on, 0))
        if until is not None and until < view.today:
            yield _about(
                each,
                kind="training_lapsed",
                severity=MEDIUM,
                occurrence=f"{each.began}:{until}",
                since_ms=view.midnight_after(until),
                evidence=f"the 12 months since the officer's last training ended on {until}",
                next_step=f"book the refresher, then `kitdock officer change {each.officer} --trained DATE`",
            )


def kit_without_pouch(view: View) -> Iterator[Discrepancy]:
    """A kit that an officer has in no pouch, where pouches have tags: nothing logs when it is opened."""
    for each in view.of.carried:
        if view.of.has_tags and each.officer is not None and each.pouch is None:
            yield _about(
                each,
                kind="kit_without_pouch",
                severity=LOW,
                occurrence=str(each.began),
                since_ms=each.since_ms,
                evidence=f"issued at {view.show(each.since_ms)} in no pouch: nothing logs when it is opened",
                next_step=f"if it is in a pouch, `kitdock kit load {each.kit} POUCH`",
            )


def _about(
    each: Carried, *, kind: str, severity: str, occurrence: str, since_ms: int, evidence: str, next_step: str
) -> Discrepancy:
    """A discrepancy that concerns a kit that is out, at the earliest since it is."""
    return Discrepancy(
        kind,
        severity,
        each.kit,
        occurrence,
        max(each.since_ms, since_ms),
        evidence,
        next_step,
        (movement(each.began),),
        kit=each.kit,
        pouch=each.pouch,
        officer=each.officer,
        place=each.place,
    )
