"""British English: every sentence that a person reads, by its code.

A sentence is a text with {fields}, or a function of them where a text is not enough. Dates, times, other phrases and
steps come to a function as they are written. After a colon stands a noun to count ({left:dose}), `and` or `or` between
the last two of a list, `times` or `bound`.
"""

from collections.abc import Callable
from datetime import date

from host import clock
from host.clock import Instant
from host.words.counts import bound, plural, times

Sentences = dict[str, str | Callable[..., str]]

NOUNS = {
    "count": ("count", "counts"),
    "day": ("day", "days"),
    "difference": ("difference", "differences"),
    "dose": ("dose", "doses"),
    "dose mark": ("dose mark", "dose marks"),
    "error": ("error", "errors"),
    "hour": ("hour", "hours"),
    "kit": ("kit", "kits"),
    "new record": ("new record", "new records"),
    "opening": ("opening", "openings"),
    "record": ("record", "records"),
    "row": ("row", "rows"),
}

JOINED = {"and": " and ", "or": " or "}


def day(on: date) -> str:
    """A date."""
    return on.isoformat()


def time(at: Instant) -> str:
    """A time, to the minute."""
    return clock.show(at.at_ms, at.zone)


# Whoever is at the terminal, what was typed: dates, numbers, settings, roles.

ACCESS: Sentences = {}

# The database and its key file.

STORE: Sentences = {}

# Stock: kits and their movements, lots, products, receiving, counting.

STOCK: Sentences = {
    "kit.expired": "kit {kit} expired on {expires_on}: never issue it, take another",
    "kit.recalled": "kit {kit} is of lot {lot}, which is recalled ({reason}): take another",
    "kit.quarantined": "kit {kit} is quarantined ({reason}): take another, or {release}",
    "kit.not_whole": "kit {kit} has {left} of {of} doses left: take a whole one",
    "kit.expires_soon": "kit {kit} expires on {expires_on}, in {days} days",
    "kit.put_aside": "put kit {kit} aside: {why:and}",
    "kit.aside_recalled": "its lot {lot} is recalled ({reason})",
    "kit.aside_quarantined": "it is quarantined ({reason})",
    "kit.aside_expired": "it expired on {expires_on}",
    "kit.another_first": "kit {kit} expires first, on {expires_on}: better issue that one",
    "kit.issue_was_reversed": (
        "an issue of kit {kit} was reversed: if this holder has had it since then, correct this one too and issue it "
        "with --at {since}, or openings since then are nobody's"
    ),
    "pouch.with_another": "pouch {pouch} {whom}",
    "pouch.also_holds": "pouch {pouch} also holds kit {kit}, which is in stock: issue or unload it",
    "officer.has_kit": "officer {officer} already has kit {kits:and}",
    "officer.left": "officer {officer} left on {left_on}: nothing is issued to leavers; if that is wrong, {back}",
    "officer.may_not_carry": (
        "officer {officer} is {role}: only {roles} carry kits (setting carry_roles), see {change}"
    ),
    "officer.of_no_role": (
        "officer {officer} is of no known role: only {roles} carry kits (setting carry_roles), see {change}"
    ),
    "officer.untrained": "no training is known for officer {officer}: it must come before carriage",
    "officer.training_lapsed": "training of officer {officer} lapsed on {until}: the refresher is due",
}

# Uses: openings, explanations, usage reports, forms, doses.

USAGE: Sentences = {}

# What does not agree, what expires, and what to do about it.


def _said(*parts: str | None) -> str:
    """The parts that there are."""
    return ", ".join(part for part in parts if part)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _doses_off(missing: int, left: int, of: int, used: int, quiet: int, reported: int, pending: int) -> str:
    gone = plural(abs(missing), "dose") + (" gone that nothing tells of" if missing > 0 else " told of, and not gone")
    by = f", {quiet} of them by no report" if quiet else ""
    also = f", {pending} said or marked as used and not reported" if pending else ""
    return f"{gone}: {left} of {of} left, {used} recorded as used{by}; {plural(reported, 'dose')} reported{also}"


def _doses_told(said: int | None, marked: int | None, reported: int | None, reports: int) -> str:
    told = {"said": said, "marked": marked, "reported": reported}
    words = _said(*(f"{doses} {source}" for source, doses in told.items() if doses is not None))
    return f"doses told of this opening: {words}" + (f" in {plural(reports, 'report')}" if reports > 1 else "")


def _impossible(movement: int, kind: str, at: str, why: str) -> str:
    return f"movement {movement}, {_spaced(kind)} at {at}, cannot have been: {why}"


def _difference(stocktake: int, place: str, closed_at: str, difference: str, detail: str, reason: str) -> str:
    what = f"{_spaced(difference)}, {detail}; the reason given: {reason}"
    return f"stocktake {stocktake} of {place}, closed at {closed_at}: {what}"


def _tampered(records: list[int], tag: str, others: int) -> str:
    which = ", ".join(map(str, records))
    after = f"; {others} after it cannot be judged" if others else ""
    return f"record {which} of tag {tag} is not what the tag sealed{after}"


def _gone(first: int, last: int) -> str:
    return f"record {first} is gone" if first == last else f"records {first} to {last} are gone"


def _gap(tag: str, first: int, last: int) -> str:
    return f"{_gone(first, last)} from tag {tag}: openings in that time are not known"


def _removed(tag: str, first: int, last: int) -> str:
    return (
        f"{_gone(first, last)} from tag {tag}, although its log was not full: only then does it drop its oldest records"
    )


def _interrupted(tag: str, stops: int, starts: int, causes: list[str], records: list[int], more: int) -> str:
    told = []
    if stops:
        told.append(f"its program was stopped over USB {times(stops)}")
    if starts:
        told.append(f"it started anew {times(starts)} with a battery that was well ({', '.join(causes)})")
    which = f"record{'s' if len(records) > 1 else ''} {', '.join(map(str, records))}{_and_more(more)}"
    return f"tag {tag}: {', and '.join(told)}; {which}. A log can be put back that way"


def _and_more(more: int) -> str:
    return f" and {more} more" if more else ""


def _wrong_clock(dockings: int, pouches: list[str], more: int, day: str, first_at: str) -> str:
    return (
        f"{plural(dockings, 'docking')} of {', '.join(pouches)}{_and_more(more)} noted on {day}, the first at "
        f"{first_at}: what else is known of the same tags does not allow that time"
    )


def _unexplained(at: str, error_ms: int, duration_s: int | None, dose_marks: int, officers: list[str]) -> str:
    opened = _said(
        f"opened at {at} (± {bound(error_ms)})",
        None if duration_s is None else f"for {duration_s} s",
        plural(dose_marks, "dose mark") if dose_marks else None,
    )
    return f"{opened}; carried by {' or '.join(officers) or 'nobody on record'}"


def _label_limits(least_c: int | None, most_c: int | None) -> str:
    if least_c is None:
        return f"at most {most_c} °C"
    return f"at least {least_c} °C" if most_c is None else f"{least_c} to {most_c} °C"


def _between(began: str, ended: str) -> str:
    return f"at {began}" if began == ended else f"at some time between {began} and {ended}"


def _fact_movement(
    kind: str,
    kit: str,
    officer: str | None,
    place: str | None,
    pouch: str | None,
    doses: int | None,
    reason: str | None,
    document: str | None,
    login: str | None,
) -> str:
    return _said(
        f"{_spaced(kind)} of kit {kit}",
        f"officer {officer}" if officer else None,
        place,
        f"pouch {pouch}" if pouch else None,
        plural(doses, "dose") if doses is not None else None,
        reason,
        f"document {document}" if document else None,
        f"recorded by {login}" if login else None,
    )


def _fact_record(kind: str | None, verdict: str, docking: int) -> str:
    return f"{_spaced(kind or 'record')}, {verdict}; came with docking {docking}"


def _fact_report(form: str, officer: str, doses: int, opening: str | None, stands: str) -> str:
    return _said(
        f"{form}, filed by officer {officer}",
        plural(doses, "dose"),
        f"opening {opening}" if opening else "no opening named",
        {"filed": None, "same": "the same as another"}.get(stands, stands),
    )


def _fact_docking(pouch: str, outcome: str | None, detail: str | None, added: int, battery: int | None) -> str:
    return _said(
        f"pouch {pouch}",
        outcome or "not ended",
        detail,
        plural(added, "new record"),
        f"battery {battery} %" if battery is not None else None,
    )


RECONCILE: Sentences = {
    # What each rule finds.
    "rule.record_tampered": "Records that are not what the tag sealed; with those after them that cannot be judged.",
    "rule.records_removed": "Records gone from a log that was not full, which a tag does not do by itself.",
    "rule.log_put_back": (
        "A log that ended before what had been collected from it: it was put back to an earlier state."
    ),
    "rule.start_missing": (
        "A record of another start of the tag than the one before it, and none that tells of that start."
    ),
    "rule.recalled_carried": "A kit that is out although its lot is recalled.",
    "rule.expired_carried": "A kit that is out although its printed expiry has passed.",
    "rule.not_whole_carried": (
        "A kit that is out and not whole: handed out although nobody knew what is in it, empty, or used in part."
    ),
    "rule.kit_issued_twice": (
        "A kit that was issued while it was out already: two ledgers that were put together, most likely."
    ),
    "rule.ledger_impossible": "A kit whose movements cannot follow on each other in any other way than two issues.",
    "rule.pouch_without_kit": (
        "A pouch in use that holds no kit: its kit was used up, left behind or lost, or the pouch docks without any."
    ),
    "rule.resupply_undelivered": "A usage report that asked for kits, and fewer were issued to its officer since.",
    "rule.report_missing": "An opening explained as used, with no usage report; of more weight once that is overdue.",
    "rule.opening_unexplained": "An opening of which nobody has said why.",
    "rule.use_without_opening": (
        "A usage report for which no tag has logged an opening, although one was there and its log is known."
    ),
    "rule.explanation_contradicted": (
        "An opening said to be no use, although its tag has dose marks or a report tells of a use."
    ),
    "rule.explained_by_another": (
        "An opening explained by somebody who did not carry the pouch: pouches may have been swapped."
    ),
    "rule.docked_by_another": (
        "A pouch that somebody else than its holder brought to the dock: pouches may have been swapped."
    ),
    "rule.doses_differ": (
        "Doses that are not the same as said, marked, reported, recorded as used and counted; or more than a kit had."
    ),
    "rule.stocktake_missing": (
        "A kit that the newest stocktake of its place did not find, and that has not moved since."
    ),
    "rule.stocktake_unexpected": (
        "A kit that the newest stocktake found although it is out or gone by the ledger, or not in it at all."
    ),
    "rule.stocktake_wrong_place": (
        "A kit that the newest stocktake found in another place than the ledger has it, and that has not moved since."
    ),
    "rule.quarantined_carried": "A kit that is out although it is quarantined.",
    "rule.tag_interrupted": (
        "A tag that started anew although its battery was well, or whose program somebody stopped over USB. Who "
        "copies its memory and writes that back later leaves no more than this."
    ),
    "rule.outside_storage_limits": (
        "A kit whose pouch was warmer or colder than the product's label allows, by more than its thermometer can err."
    ),
    "rule.sequence_gap": "Records that a tag made and the station never got.",
    "rule.log_unread": (
        "A tag that was taken out of use before its log was fetched: openings since its last docking are not known."
    ),
    "rule.kit_with_leaver": "A kit out to an officer whose last day has passed.",
    "rule.training_lapsed": "A kit in the hands of an officer whose training is more than 12 months old.",
    "rule.tag_moved": "A pouch whose tag is in another pouch now, and that has got none since.",
    "rule.not_docked": "A pouch that an officer carries and that has not docked for days.",
    "rule.docking_failed": "A tag whose last docking did not end well; the next one that does clears it.",
    "rule.pouch_without_tag": (
        "A pouch that holds a kit and whose tag was wiped or taken out: nothing logs when it is opened."
    ),
    "rule.tag_silent": "A pouch kept in a car, custody suite or cabinet whose tag nobody has heard for days.",
    "rule.battery_low": "A tag whose battery was low when it last told.",
    "rule.tag_faulty": (
        "A tag whose firmware has recorded errors of its own; when none has come for days, it is well again."
    ),
    "rule.clock_implausible": "A day on which dockings were noted at times that the tags' other dockings contradict.",
    "rule.kit_without_pouch": (
        "A kit that an officer has in no pouch, where pouches have tags: nothing logs when it is opened."
    ),
    "rule.stocktake_double": (
        "A kit that two people counted on the same shelves, or only one of two who each counted everything."
    ),
    # What is known of what it found.
    "found.expired_carried": "{product} lot {lot} expired on {expires_on}, {days:day} ago",
    "found.recalled_carried": "{product} lot {lot} is recalled since {since} ({reason})",
    "found.carried_uncounted": "it was handed out uncounted: {why}",
    "found.carried_not_whole": "{left} of {of:dose} left",
    "found.quarantined_carried": "it is quarantined ({reason}) and still out",
    "found.kit_with_leaver": "the officer's last day was {left_on}; no return is recorded",
    "found.training_lapsed": "the 12 months since the officer's last training ended on {until}",
    "found.kit_without_pouch": "issued at {since} in no pouch: nothing logs when it is opened",
    "found.doses_off": _doses_off,
    "found.doses_told": _doses_told,
    "found.more_reported": "usage report {report} tells of {doses:dose}; {taken} came from kit {kits:and}",
    "found.none_taken": "usage report {report} tells of {doses:dose}; none came from a kit yet",
    "found.officer": "officer {officer}",
    "found.kit_issued_twice": "issued to {first} at {since}, and to {second} at {at} with no return between",
    "found.ledger_impossible": _impossible,
    "found.and_now": "{what}; by the last movement it is {status}",
    "found.stocktake": _difference,
    "found.record_tampered": _tampered,
    "found.sequence_gap": _gap,
    "found.records_removed": _removed,
    "found.log_put_back": (
        "the log of tag {tag} ended at record {last} when it docked at {at}, and records up to {collected} had been "
        "collected before"
    ),
    "found.start_missing": (
        "record {record} of tag {tag} belongs to another start of the tag than the one before it, and no record "
        "tells of that start"
    ),
    "found.tag_interrupted": _interrupted,
    "found.tag_faulty": (
        "tag {tag} reported {errors:error} of its own in {days} days, the last in record {record}: {what}"
    ),
    "found.clock_implausible": _wrong_clock,
    "found.opening_unexplained": _unexplained,
    "found.report_due": "{by} said at {at}: used on a person, {doses:dose}; no report is filed, due by {due}",
    "found.report_overdue": "{by} said at {at}: used on a person, {doses:dose}; no report is filed, due since {due}",
    "found.explanation_contradicted": "{by} said: {cause}; against that: {against:and}",
    "found.dose_marks": "{marks:dose mark}",
    "found.report": "usage report {report}",
    "found.explained_by_another": "{by} said: {cause}; by the ledger officer {officers:or} had the pouch",
    "found.docked_by_another": (
        "officer {officer} brought it to the dock at {at}; by the ledger officer {holders:or} has it"
    ),
    "found.use_not_logged": "usage report {report} tells of {doses:dose} at {at}; no tag has logged an opening then",
    "found.use_without_tag": (
        "usage report {report} tells of {doses:dose} at {at}; no pouch with a tag was with the officer then"
    ),
    "found.fewer_issued": (
        "usage report {report}, filed at {filed_at}, asks for {wanted:kit}; {issued} of them issued since"
    ),
    "found.none_issued": "usage report {report}, filed at {filed_at}, asks for {wanted:kit}; none was issued since",
    "found.outside_storage_limits": (
        "the label of {product} says {limits}; the tag of its pouch measured {measured:and} ({records:record}). It "
        "measures its own chip, not the kit"
    ),
    "found.limits": _label_limits,
    "found.warmest": "up to {celsius} °C, give or take {error}, {when}",
    "found.coldest": "down to {celsius} °C, give or take {error}, {when}",
    "found.between": _between,
    "found.not_docked": "last docked at {last}; carried for {days:day} without docking",
    "found.never_docked": "has never docked; carried for {days:day} without docking",
    "found.tag_silent": "its tag was last heard at {last}; the pouch has been at {place} for {days:day} since",
    "found.tag_never_heard": "its tag was never heard; the pouch has been at {place} for {days:day} since",
    "found.docking_broken_off": "the docking at {at} was broken off",
    "found.docking_failed": "the docking at {at} failed: {detail}",
    "found.battery_low": "the battery was at {percent} % when the pouch docked at {at}",
    "found.log_unread": (
        "its tag {tag} was taken out of use at {retired_at} and last docked at {last}; what it logged since is lost"
    ),
    "found.log_never_read": (
        "its tag {tag} was taken out of use at {retired_at} and never docked; what it logged since is lost"
    ),
    "found.pouch_emptied": "kit {kit} that was in it is {became} since {since}; no other has been put in since",
    "found.pouch_docks_empty": "it docked at {docked}, and the ledger has no kit in it: kit {kit} left it at {left}",
    "found.pouch_never_filled": "it docked at {docked}, and the ledger has no kit in it: no kit was ever put into it",
    "found.pouch_without_tag": "its tag {tag} is out of use since {since}: nothing logs openings",
    "found.tag_moved": "its tag {tag} was provisioned into pouch {pouch} at {at}",
    "found.tag_moved_from_kit": "its tag {tag} was provisioned into pouch {pouch} at {at}; a kit is still in this one",
    # What to do about it.
    "next.expired_carried": "{step} by one that is in date",
    "next.recalled_carried": "call it in: {step} by one of another lot",
    "next.not_whole_carried": "{step}, and count what is in it",
    "next.not_whole_urgent": "call it in: {step}, and count what is in it",
    "next.quarantined_carried": "{step}, or {release} if it is sound",
    "next.kit_with_leaver": "ask where the kit is, then {step}",
    "next.training_lapsed": "book the refresher, then {step}",
    "next.kit_without_pouch": "if it is in a pouch, {step}",
    "next.doses_gone": "ask whether it was used and not reported; count it again: {step}",
    "next.doses_lack": "{step}, or count it again: {count}",
    "next.doses_not_gone": "count it again: {step}; if that is right, correct what was said or reported",
    "next.same_doses": "if both tell of the same doses, {step}; if not, {explain}",
    "next.doses_told": "ask again, then {step}",
    "next.doses_or_report_anew": (
        "ask again, then {step}, or file the report anew: {amend}; a count of the kit settles it too"
    ),
    "next.the_other_doses": "ask which kit the other {doses} came from, then {step}",
    "next.doses_of_report": "ask which kit {doses} came from, then {step}",
    "next.kit_issued_twice": "look which box is where: see {step}",
    "next.ledger_impossible": "look where the box is: see {step}",
    "next.stocktake_missing": "look for it again; if it is gone, {step}",
    "next.stocktake_unexpected": "record how it came there: see {step}",
    "next.stocktake_unknown": "receive it with {step}, or put its label right",
    "next.stocktake_wrong_place": "{step}, or take it back to where it belongs",
    "next.stocktake_double": "look whether two boxes carry the number {kit}",
    "next.count_again": "count it again: {step}",
    "next.keep_as_evidence": "keep the pouch and its tag as evidence, count its kit, enrol another tag",
    "next.sequence_gap": "dock more often, and ask whether the kit was used",
    "next.tag_interrupted": "ask who had it on a cable, or changed its cell; if nobody did, count the kit",
    "next.tag_faulty": "if more come, flash the tag again or put another in its place",
    "next.clock_implausible": "check this computer's clock; times of openings rest on the other dockings",
    "next.opening_unexplained": "ask why, then {step}",
    "next.report_missing": "file it with {step}",
    "next.used_or_count": "ask again, then {step}; if it was no use, count the kit",
    "next.used_or_withdraw": "ask again, then {step}; if it was no use, count the kit and {withdraw}",
    "next.explained_by_another": (
        "ask officer {officer}, then {step}; if pouches were swapped, put the kits right in the ledger"
    ),
    "next.docked_by_another": (
        "look which pouch each of them has; if they were swapped, {step} and {issue} put that right, else it is "
        "settled when officer {holder} docks it"
    ),
    "next.opening_of_report": "ask whose pouch it was, then say which opening: {step}",
    "next.opening_or_kit": (
        "ask whose pouch it was, then say which opening: {step}, or from which kit the doses came: {use}"
    ),
    "next.resupply_undelivered": "{step}, or ask whether it is still needed",
    "next.outside_storage_limits": (
        "compare it with what the maker of {product} says, decide what becomes of the kit, and say so: {step}"
    ),
    "next.not_docked": "ask for the pouch at the dock; if it is there and not seen, check its battery",
    "next.tag_silent": "dock the pouch once, and check its battery",
    "next.docking_failed": "dock the pouch again: what it holds is kept until the station has it",
    "next.battery_low": "charge it, or put a fresh cell in; a flat one logs nothing",
    "next.log_unread": "ask whether the pouch was opened, and count the kit: {step}",
    "next.pouch_without_kit": "look what is in it; if a kit is, {step}",
    "next.tag_moved": "if this pouch is still used, {step} with another tag",
    "next.keep_back": "keep it back: it would expire while carried",
    "next.issue_first": "issue it first",
    "next.nothing_yet": "nothing yet: it is good for as long as a kit is carried",
    "next.nothing_to_bring": "no other kit in stock is good for longer, see {step}",
    "next.take_back": "{why}; take this one back: {step}",
    "next.bring": "bring {new}: {step}",
    "next.bring_from": "bring {new} from {place}: {step}",
    # What it rests on, what was done about it, and what is known of what expires.
    "fact.gone": "no longer kept",
    "fact.movement": _fact_movement,
    "fact.record": _fact_record,
    "fact.report": _fact_report,
    "fact.docking": _fact_docking,
    "fact.stocktake": "of {place}, closed by {login}",
    "discrepancy.is_so_already": "{name} is {status} already: see {show}",
    "discrepancy.is_otherwise": "{name} is {status}: see {show}",
    "discrepancy.unknown": "no discrepancy is called {name} now: see {known}",
    "expiry.no_such_holder": "no officer or place {holder}: see {officers} and {places}",
    "expiry.no_day_to_come": "{until} is no day to come: say until when it need not be shown, after {today}",
    "expiry.is_gone": "kit {kit} is {status}: its expiry needs no acknowledgement",
}

# Tags: the dock, the radio, USB, firmware, the bench.

TAGS: Sentences = {}

# The command line's own: what was done, what is asked, what there is none of.

COMMANDS: Sentences = {}

SENTENCES: Sentences = {**ACCESS, **STORE, **STOCK, **USAGE, **RECONCILE, **TAGS, **COMMANDS}
"""Every sentence, by its code."""

# What an action is called where a face has no other way to show it.

STOCK_STEPS: Sentences = {
    "kit.release": "release the kit",
    "officer.back": "bring the officer back",
    "officer.role": "change the officer's role",
}

RECONCILE_STEPS: Sentences = {
    "discrepancy.list": "see all discrepancies",
    "discrepancy.resolve": "resolve the discrepancy",
    "discrepancy.show": "see the discrepancy",
    "expiry.forecast": "see the forecast",
    "kit.count": "count the kit",
    "kit.destroy": "destroy the kit",
    "kit.history": "see the kit's history",
    "kit.issue": "issue the kit",
    "kit.issue_next": "issue the next kit",
    "kit.load": "put the kit into a pouch",
    "kit.lose": "record the kit as lost",
    "kit.receive": "receive the kit",
    "kit.replace": "replace the kit",
    "kit.return": "take the kit back",
    "kit.transfer": "transfer the kit",
    "kit.use": "record the use",
    "officer.list": "see the officers",
    "officer.trained": "record the training",
    "opening.doses": "say how many doses were used",
    "opening.explain": "explain the opening",
    "opening.used": "explain the opening as used",
    "place.list": "see the places",
    "report.amend": "file the report anew",
    "report.file": "file the report",
    "report.match": "say which opening it was",
    "report.same": "mark the reports as of the same use",
    "report.withdraw": "withdraw the report",
    "tag.dock": "dock the pouch",
    "tag.enrol": "enrol a tag",
}

TAG_STEPS: Sentences = {}

STEPS: Sentences = {**STOCK_STEPS, **RECONCILE_STEPS, **TAG_STEPS}
"""Every action that a sentence may tell somebody to take, by its name."""
