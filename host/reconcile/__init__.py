"""Reconciliation: where the ledger, the tags' logs, the reports and the calendar do not agree.

discrepancy.py   what a discrepancy is
situation.py     what the rules look at
openings.py      rules about openings and usage reports
carried.py       rules about kits that are out
tags.py          rules about tags and pouches
logs.py          rules about what a log lacks, or holds that cannot be
counts.py        rules about the ledger, the doses and the stocktakes
storage.py       rules about how kits are kept
lifecycle.py     what people did about a discrepancy: acknowledged, resolved, reopened

Each rule is a small pure function that yields discrepancies. A discrepancy states what is known and what to
do next. It is never a verdict on a person: a missing signal is no evidence that nothing happened, and a flat
battery is not misconduct.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from host.phrase import Phrase
from host.reconcile import carried, counts, logs, openings, storage, tags
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, SEVERITIES, Discrepancy
from host.reconcile.situation import Situation, View

__all__ = ["RULES", "SEVERITIES", "Discrepancy", "Rule", "Situation", "reconcile"]


class Rule(NamedTuple):
    """A rule: how it looks at a situation, what it finds, how much that weighs, and the settings it uses."""

    look: Callable[[View], Iterator[Discrepancy]]
    text: Phrase
    severities: tuple[str, ...]
    settings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of what it finds."""
        return self.look.__name__


RULES: Sequence[Rule] = (
    Rule(logs.record_tampered, Phrase("rule.record_tampered"), (HIGH,)),
    Rule(logs.records_removed, Phrase("rule.records_removed"), (HIGH,)),
    Rule(logs.log_put_back, Phrase("rule.log_put_back"), (HIGH,)),
    Rule(logs.start_missing, Phrase("rule.start_missing"), (HIGH,)),
    Rule(carried.recalled_carried, Phrase("rule.recalled_carried"), (HIGH,)),
    Rule(carried.expired_carried, Phrase("rule.expired_carried"), (HIGH,)),
    Rule(carried.not_whole_carried, Phrase("rule.not_whole_carried"), (HIGH, LOW)),
    Rule(counts.kit_issued_twice, Phrase("rule.kit_issued_twice"), (HIGH,)),
    Rule(counts.ledger_impossible, Phrase("rule.ledger_impossible"), (HIGH,)),
    Rule(tags.pouch_without_kit, Phrase("rule.pouch_without_kit"), (MEDIUM, LOW), ("not_docked_days",)),
    Rule(openings.resupply_undelivered, Phrase("rule.resupply_undelivered"), (MEDIUM,), ("resupply_days",)),
    Rule(openings.report_missing, Phrase("rule.report_missing"), (MEDIUM, LOW), ("report_hours",)),
    Rule(openings.opening_unexplained, Phrase("rule.opening_unexplained"), (MEDIUM, LOW)),
    Rule(openings.use_without_opening, Phrase("rule.use_without_opening"), (MEDIUM, LOW)),
    Rule(openings.explanation_contradicted, Phrase("rule.explanation_contradicted"), (MEDIUM,)),
    Rule(openings.explained_by_another, Phrase("rule.explained_by_another"), (MEDIUM,)),
    Rule(openings.docked_by_another, Phrase("rule.docked_by_another"), (MEDIUM,)),
    Rule(counts.doses_differ, Phrase("rule.doses_differ"), (MEDIUM, LOW)),
    Rule(counts.stocktake_missing, Phrase("rule.stocktake_missing"), (MEDIUM,)),
    Rule(counts.stocktake_unexpected, Phrase("rule.stocktake_unexpected"), (MEDIUM,)),
    Rule(counts.stocktake_wrong_place, Phrase("rule.stocktake_wrong_place"), (MEDIUM,)),
    Rule(carried.quarantined_carried, Phrase("rule.quarantined_carried"), (MEDIUM,)),
    Rule(logs.tag_interrupted, Phrase("rule.tag_interrupted"), (MEDIUM,)),
    Rule(storage.outside_storage_limits, Phrase("rule.outside_storage_limits"), (MEDIUM,)),
    Rule(logs.sequence_gap, Phrase("rule.sequence_gap"), (MEDIUM,)),
    Rule(tags.log_unread, Phrase("rule.log_unread"), (MEDIUM,)),
    Rule(carried.kit_with_leaver, Phrase("rule.kit_with_leaver"), (MEDIUM,)),
    Rule(carried.training_lapsed, Phrase("rule.training_lapsed"), (MEDIUM,)),
    Rule(tags.tag_moved, Phrase("rule.tag_moved"), (MEDIUM, LOW)),
    Rule(tags.not_docked, Phrase("rule.not_docked"), (MEDIUM,), ("not_docked_days",)),
    Rule(tags.docking_failed, Phrase("rule.docking_failed"), (MEDIUM,)),
    Rule(tags.pouch_without_tag, Phrase("rule.pouch_without_tag"), (LOW,)),
    Rule(tags.tag_silent, Phrase("rule.tag_silent"), (LOW,), ("silent_days",)),
    Rule(tags.battery_low, Phrase("rule.battery_low"), (LOW,), ("battery_percent",)),
    Rule(logs.tag_faulty, Phrase("rule.tag_faulty"), (LOW,), ("faulty_days",)),
    Rule(logs.clock_implausible, Phrase("rule.clock_implausible"), (LOW,)),
    Rule(carried.kit_without_pouch, Phrase("rule.kit_without_pouch"), (LOW,)),
    Rule(counts.stocktake_double, Phrase("rule.stocktake_double"), (LOW,)),
)
"""In the order in which they matter within one severity."""


def reconcile(situation: Situation) -> list[Discrepancy]:
    """All discrepancies, worst first, of equal ones the oldest first."""
    view = View(situation)
    found = []
    for order, rule in enumerate(RULES):
        found += [(SEVERITIES.index(each.severity), order, each.since_ms, each) for each in rule.look(view)]
    return [entry[-1] for entry in sorted(found, key=lambda entry: (*entry[:3], entry[-1].subject))]
