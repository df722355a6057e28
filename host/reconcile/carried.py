"""Rules about kits that are out: with an officer, or in a car, custody suite or cabinet."""

from collections.abc import Iterator

from host.ledger import Officer
from host.phrase import NextStep, Phrase
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, Discrepancy, movement
from host.reconcile.situation import Carried, View
from host.usage.doses import told


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
                evidence=Phrase(
                    "found.expired_carried", product=each.product, lot=each.lot, expires_on=each.expires_on, days=days
                ),
                next_step=NextStep("kit.replace", "next.expired_carried", kit=each.kit),
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
                evidence=Phrase(
                    "found.recalled_carried",
                    product=each.product,
                    lot=each.lot,
                    since=view.at(each.recall.at_ms),
                    reason=each.recall.reason,
                ),
                next_step=NextStep("kit.replace", "next.recalled_carried", kit=each.kit),
            )


def not_whole_carried(view: View) -> Iterator[Discrepancy]:
    """A kit that is out and not whole: handed out although nobody knew what is in it, empty, or used in part."""
    for each in view.of.carried:
        earlier = each.due if each.due is not None and each.due.earlier else None
        if earlier is None and each.doses_left >= each.doses:
            continue
        urgent = earlier is not None or each.doses_left <= 0
        evidence = (
            Phrase("found.carried_uncounted", why=told(earlier, view.of.time_zone))
            if earlier
            else Phrase("found.carried_not_whole", left=max(each.doses_left, 0), of=each.doses)
        )
        yield _about(
            each,
            kind="not_whole_carried",
            severity=HIGH if urgent else LOW,
            occurrence=f"{each.began}:{'uncounted' if earlier else each.doses_left}",
            since_ms=each.since_ms,
            evidence=evidence,
            next_step=NextStep(
                "kit.replace", "next.not_whole_urgent" if urgent else "next.not_whole_carried", kit=each.kit
            ),
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
                evidence=Phrase("found.quarantined_carried", reason=each.quarantine),
                next_step=NextStep(
                    "kit.replace",
                    "next.quarantined_carried",
                    kit=each.kit,
                    release=NextStep("kit.release", kit=each.kit),
                ),
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
                evidence=Phrase("found.kit_with_leaver", left_on=each.left_on),
                next_step=NextStep("kit.return", "next.kit_with_leaver", kit=each.kit),
            )


def training_lapsed(view: View) -> Iterator[Discrepancy]:
    """A kit in the hands of an officer whose training is more than 12 months old."""
    for each in view.of.carried:
        if each.officer is None or each.trained_on is None:
            continue
        until = Officer(each.officer, each.trained_on, 0).trained_until
        if until is not None and until < view.today:
            yield _about(
                each,
                kind="training_lapsed",
                severity=MEDIUM,
                occurrence=f"{each.began}:{until}",
                since_ms=view.midnight_after(until),
                evidence=Phrase("found.training_lapsed", until=until),
                next_step=NextStep("officer.trained", "next.training_lapsed", officer=each.officer),
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
                evidence=Phrase("found.kit_without_pouch", since=view.at(each.since_ms)),
                next_step=NextStep("kit.load", "next.kit_without_pouch", kit=each.kit),
            )


def _about(
    each: Carried, *, kind: str, severity: str, occurrence: str, since_ms: int, evidence: Phrase, next_step: Phrase
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
