"""British English: every sentence that a person reads, by its code.

A sentence is a text with {fields}, or a function of them where a text is not enough. Dates, times, other phrases and
steps come to a function as they are written. After a colon stands a noun to count ({left:dose}), `and` or `or` between
the last two of a list, `times` or `bound`.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from host import clock
from host.words.counts import bound, plural, times

Sentences = dict[str, str | Callable[..., str]]

NOUNS = {
    "count": ("count", "counts"),
    "date": ("date", "dates"),
    "day": ("day", "days"),
    "difference": ("difference", "differences"),
    "dose": ("dose", "doses"),
    "draft": ("draft", "drafts"),
    "dose mark": ("dose mark", "dose marks"),
    "entry": ("entry", "entries"),
    "error": ("error", "errors"),
    "explanation": ("explanation", "explanations"),
    "fact": ("fact", "facts"),
    "file": ("file", "files"),
    "hour": ("hour", "hours"),
    "key": ("key", "keys"),
    "kit": ("kit", "kits"),
    "label": ("label", "labels"),
    "line": ("line", "lines"),
    "mark": ("mark", "marks"),
    "movement": ("movement", "movements"),
    "new record": ("new entry", "new entries"),
    "new thing": ("new item", "new items"),
    "officer": ("officer", "officers"),
    "opening": ("opening", "openings"),
    "question": ("question", "questions"),
    "record": ("record", "records"),
    "row": ("row", "rows"),
    "stocktake": ("stocktake", "stocktakes"),
    "table": ("table", "tables"),
    "tag": ("tag", "tags"),
    "thing": ("item", "items"),
    "trigger": ("trigger", "triggers"),
    "usage report": ("usage report", "usage reports"),
}

JOINED = {"": ", ", "and": " and ", "or": " or "}

HEADINGS = {
    "": "",
    "about": "About",
    "action": "Action",
    "adds_up": "Adds up",
    "after_it": "Afterwards",
    "altered": "Altered entries",
    "answer": "Answer",
    "at": "Time",
    "battery": "Battery",
    "by": "By",
    "carried_by": "Carried by",
    "check": "Check",
    "default": "Default",
    "description": "Description",
    "destroyed": "Destroyed",
    "detail": "Details",
    "details": "Details",
    "difference": "Difference",
    "docked": "Result",
    "doses": "Doses",
    "doses_at_end": "Doses at end",
    "doses_at_start": "Doses at start",
    "doses_left": "Doses left",
    "enrolled": "Enrolled",
    "entry": "Entry",
    "event": "Event",
    "expire": "Kits expiring",
    "expired": "Out of date",
    "expires": "Expires",
    "expires_first": "First expiry",
    "failed": "Failed",
    "filed": "Filed",
    "form": "Form",
    "found": "Found",
    "give_or_take": "Give or take",
    "gtins": "GTINs",
    "id": "Report",
    "in": "Time left",
    "in_stock": "In stock",
    "is_with": "Held by",
    "issued": "Still out",
    "item": "Item",
    "keep": "Keep",
    "kind": "Kind",
    "kit": "Kit",
    "kits": "Kits",
    "kits_at_end": "Kits at end",
    "kits_at_start": "Kits at start",
    "last_docked": "Last collected",
    "lasted": "Lasted",
    "left": "Left",
    "lid": "Lid",
    "login": "Login",
    "lot": "Lot",
    "marks": "Dose marks",
    "meaning": "Meaning",
    "month": "Month",
    "needs": "Needs",
    "new_records": "New entries",
    "next": "What to do",
    "not_done": "Not done",
    "note": "Note",
    "number": "No.",
    "numbers": "Kit numbers",
    "of_these": "Of these",
    "officer": "Officer",
    "oldest": "Oldest",
    "open_at_end": "Open at end",
    "opened": "Opened",
    "opening": "Opening",
    "openings": "Openings",
    "order_by": "Order by",
    "out": "Issued",
    "outcome": "Outcome",
    "passed": "Passed",
    "place": "Place",
    "port": "Port",
    "pouch": "Pouch",
    "product": "Product",
    "quarantined": "Quarantined",
    "question": "Question",
    "reason": "Reason",
    "received": "Received",
    "record": "Record",
    "records": "Log entries",
    "result": "Result",
    "role": "Role",
    "roles": "Roles",
    "scanned": "Scanned",
    "scanned_by": "Scanned by",
    "section": "Section",
    "seems_to_be": "Looks like",
    "setting": "Setting",
    "settled": "Settled",
    "severity": "Severity",
    "signal": "Signal",
    "since": "Since",
    "started": "Started",
    "state": "Status",
    "station": "Station",
    "stay": "Kept back",
    "step": "Step",
    "stored_at": "Stored at",
    "table": "Table",
    "tag": "Tag",
    "title": "Title",
    "to_destroy": "To destroy",
    "to_order": "To order",
    "training": "Training",
    "trouble": "Problem",
    "unaccounted": "Unaccounted for",
    "unit": "Unit",
    "use": "Likely use",
    "used": "Used",
    "value": "Value",
    "what": "What",
    "what_is_wrong": "What's wrong",
    "what_it_does": "What it does",
    "when": "When",
    "where": "Where",
    "which_failed": "Steps that failed",
    "who": "Who",
    "why": "Why",
    "with": "Held by",
    "±": "±",
    "cause.used": "used on someone",
    "cause.training": "training",
    "cause.inspection": "checking it",
    "cause.restocking": "restocking",
    "cause.accidental": "opened by accident",
    "check.file": "database file",
    "check.references": "cross-references",
    "check.layout": "layout",
    "check.audit": "audit",
    "check.tables": "tables",
    "check.ledger": "stock ledger",
    "check.roll-ups": "running totals",
    "check.records": "tags' logs",
    "difference.missing": "missing",
    "difference.unexpected": "unexpected",
    "difference.unknown": "unknown",
    "difference.wrong_place": "wrong place",
    "difference.double": "counted twice",
    "difference.counted_once": "counted once",
    "difference.expired": "out of date",
    "difference.doses": "doses differ",
    "difference.uncounted": "doses not counted",
    "end.doses_received": "all doses ever received",
    "end.doses_unaccounted": "unaccounted for",
    "end.doses_used": "given to people",
    "flow.receive": "received",
    "flow.issue": "issued",
    "flow.return": "returned",
    "flow.transfer": "transferred",
    "flow.use": "used",
    "flow.leave_behind": "left behind",
    "flow.lose": "lost",
    "flow.find": "found",
    "flow.quarantine": "quarantined",
    "flow.release": "released",
    "flow.count": "counted",
    "flow.destroy": "destroyed",
    "flow.expired": "went out of date",
    "flow.correct": "corrected",
    "help.usage": "Usage",
    "help.options": "Options",
    "help.commands": "Commands",
    "help.to_begin": "To begin",
    "help.at_the_dock": "At the dock",
    "help.stock": "Stock",
    "help.to_do": "What needs doing",
    "help.station": "Station and people",
    "help.tags": "Tags",
    "help.care": "Care",
    "holder.in_stock": "in stock",
    "kind.record_tampered": "tag's log was altered",
    "kind.records_removed": "entries gone from tag's log",
    "kind.log_put_back": "tag's log was put back",
    "kind.start_missing": "restart missing from tag's log",
    "kind.recalled_carried": "recalled kit still out",
    "kind.expired_carried": "out-of-date kit still out",
    "kind.not_whole_carried": "kit out and maybe not full",
    "kind.kit_issued_twice": "kit issued twice",
    "kind.ledger_impossible": "kit's movements don't fit together",
    "kind.pouch_without_kit": "pouch has no kit",
    "kind.resupply_undelivered": "kits asked for, not issued",
    "kind.report_missing": "use without a report",
    "kind.opening_unexplained": "opening not explained",
    "kind.use_without_opening": "report without an opening",
    "kind.explanation_contradicted": "explanation doesn't fit",
    "kind.explained_by_another": "explained by another officer",
    "kind.docked_by_another": "brought in by another officer",
    "kind.doses_differ": "doses don't add up",
    "kind.stocktake_missing": "not found in the stocktake",
    "kind.stocktake_unexpected": "not expected in the stocktake",
    "kind.stocktake_wrong_place": "found in the wrong place",
    "kind.quarantined_carried": "quarantined kit still out",
    "kind.tag_interrupted": "tag restarted or was stopped",
    "kind.outside_storage_limits": "too warm or too cold",
    "kind.sequence_gap": "gap in tag's log",
    "kind.log_unread": "tag removed, log not collected",
    "kind.kit_with_leaver": "officer has left, kit still out",
    "kind.training_lapsed": "training has lapsed",
    "kind.tag_moved": "tag is in another pouch now",
    "kind.not_docked": "not at the dock for days",
    "kind.docking_failed": "last collection failed",
    "kind.pouch_without_tag": "pouch has no tag",
    "kind.tag_silent": "tag not heard for days",
    "kind.battery_low": "tag's battery is low",
    "kind.tag_faulty": "tag reports errors",
    "kind.clock_implausible": "computer's clock looks wrong",
    "kind.kit_without_pouch": "kit carried without a pouch",
    "kind.stocktake_double": "stocktake counts differ",
    "month.1": "January",
    "month.2": "February",
    "month.3": "March",
    "month.4": "April",
    "month.5": "May",
    "month.6": "June",
    "month.7": "July",
    "month.8": "August",
    "month.9": "September",
    "month.10": "October",
    "month.11": "November",
    "month.12": "December",
    "movement.receive": "received",
    "movement.issue": "issued",
    "movement.return": "returned",
    "movement.transfer": "transferred",
    "movement.load": "put into pouch",
    "movement.unload": "taken out of pouch",
    "movement.use": "used",
    "movement.leave_behind": "left behind",
    "movement.lose": "lost",
    "movement.find": "found",
    "movement.quarantine": "quarantined",
    "movement.release": "released",
    "movement.count": "counted",
    "movement.destroy": "destroyed",
    "movement.correct": "reversed no.",
    "place.station": "station",
    "place.vehicle": "vehicle",
    "place.custody": "custody suite",
    "place.cabinet": "cabinet",
    "at_dock.collected": "collected",
    "at_dock.listening": "listening",
    "at_dock.never_started": "never started",
    "at_dock.not_collected": "not collected",
    "at_dock.not_listening": "not listening",
    "at_dock.not_known": "not known",
    "at_dock.not_running": "not running",
    "at_dock.not_writable": "can't be written",
    "at_dock.running": "running",
    "result.ok": "OK",
    "result.failed": "failed",
    "result.not checked": "not checked",
    "role.officer": "officer",
    "role.quartermaster": "quartermaster",
    "role.programme_lead": "programme lead",
    "role.auditor": "auditor",
    "role.administrator": "administrator",
    "severity.high": "high",
    "severity.medium": "medium",
    "severity.low": "low",
    "state.opened": "open",
    "state.acknowledged": "acknowledged",
    "state.resolved": "resolved",
    "state.reopened": "reopened",
    "state.cleared": "no longer found",
    "taken_back.receive": "receipt",
    "taken_back.issue": "issue",
    "taken_back.return": "return",
    "taken_back.transfer": "transfer",
    "taken_back.load": "move into the pouch",
    "taken_back.unload": "move out of the pouch",
    "taken_back.use": "use",
    "taken_back.leave_behind": "leaving behind",
    "taken_back.lose": "loss",
    "taken_back.find": "finding",
    "taken_back.quarantine": "quarantine",
    "taken_back.release": "release",
    "taken_back.count": "count",
    "taken_back.destroy": "destruction",
    "taken_back.correct": "correction",
    "training.valid": "valid",
    "training.lapsed": "lapsed",
    "training.unknown": "not recorded",
    "where.officers": "with officers",
}
"""What stands over a column, before a row or in a cell, by its code."""


def _shown(group: str, code: str) -> str:
    """What a cell shows for a code."""
    return HEADINGS.get(f"{group}.{code}", code)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def day(on: date, form: str = "") -> str:
    """A date: 30 Nov 2026; in a sentence: on 30 Nov 2026; its month: November 2026."""
    if form == "month":
        return f"{HEADINGS[f'month.{on.month}']} {on.year}"
    written = f"{on.day} {MONTHS[on.month - 1]} {on.year}"
    return f"on {written}" if form else written


def time(at: datetime, form: str = "") -> str:
    """A time, to the minute: 30 Nov 2026, 10:02; in a sentence: on 30 Nov 2026 at 10:02.

    Lately, which is for what is read at once and not kept: today at 10:02, yesterday at 10:02, on Sunday at 10:02.
    """
    on, hour = at.date(), f"{at:%H:%M}"
    if form != "lately":
        return f"{day(on, form)} at {hour}" if form else f"{day(on)}, {hour}"
    ago = (datetime.fromtimestamp(clock.now_ms() / 1000, at.tzinfo).date() - on).days
    if ago in (0, 1):
        return f"{('today', 'yesterday')[ago]} at {hour}"
    if 1 < ago < 7:
        return f"on {WEEKDAYS[on.weekday()]} at {hour}"
    return f"on {on.day} {MONTHS[on.month - 1]} at {hour}" if 0 < ago < 300 else f"{day(on, 'on')} at {hour}"


# Who is at the terminal and what was typed: dates, numbers, settings, roles.


def _roles(roles: list[str]) -> str:
    *others, last = [each.replace("_", " ") for each in roles]
    return f"{', '.join(others)} or {last}" if others else last


def _added_c(celsius: float) -> str:
    return f"{celsius:+.1f} °C"


def _offset_too_far(told_c: int, measured_c: float) -> str:
    return (
        f"The tag reads {told_c} °C where {measured_c:g} °C was measured. Its thermometer can't be that far off. Leave "
        "both side by side for an hour, away from dock and USB, and compare them again."
    )


ACCESS: Sentences = {
    "typed.no_zone": "There's no time zone called {text!r}. Use a name such as Europe/London.",
    "typed.no_date": "I can't read {text!r} as a date. Type it as {such}, 2026-11-30 or 30 Nov 2026.",
    "typed.no_iso_date": "I can't read {text!r} as a date. Write it as 2026-11-30.",
    "typed.no_time": "I can't read {text!r} as a time. Type it as {such}, or as 2026-11-30T19:30.",
    "typed.understood": "{text} is understood as {found}.",
    "typed.time_skipped": "There's no {text!r} in {zone}, because the clocks go forward over it. Type another time.",
    "typed.time_to_come": "The time {text!r} is in the future. Type one that has passed.",
    "month.none": "I can't read {text!r} as a month. Type it like 2026-11.",
    "month.to_come": "Month {text} hasn't begun. Choose a month up to {this}.",
    "named.no_number": "You can't use {text} as a {what}. Use 1 to 32 letters, digits, dots, dashes or slashes.",
    "named.not_plain": (
        "You can't use {text} as a {what}, because some of its letters aren't plain. Type {plain} instead."
    ),
    "named.no_line": "You can't use {text!r} as a {what}. Type one line of 1 to {most} characters.",
    "named.collar_number": "collar number",
    "named.counter": "counter",
    "named.document": "document",
    "named.kit_number": "kit number",
    "named.login": "login",
    "named.lot": "lot",
    "named.name": "name",
    "named.place": "place",
    "named.pouch": "pouch",
    "named.product": "product",
    "named.reason": "reason",
    "named.role": "role",
    "named.serial": "serial",
    "named.station": "station",
    "named.unit": "unit",
    "named.wording": "wording",
    "who.officer": "officer {officer}",
    "who.place": "{place}",
    "who.login": "{login}",
    "who.somebody": "somebody",
    "role.officer": "uses the dock, explains openings and files reports, and sees only their own",
    "role.quartermaster": "looks after stock, officers, tags, expiry and reconciliation, without health data",
    "role.programme_lead": "reads usage reports in full, and reconciliation",
    "role.auditor": "reads everything that happened and the audit, without health data, and changes nothing",
    "role.administrator": "grants roles and looks after the database, without health data",
    "role.one_of": _roles,
    "setting.unknown": "There's no setting called {setting}. The settings are {settings:and}.",
    "setting.one_line": "Setting {setting} must be one line of at most {most} characters.",
    "setting.whole_number": "Setting {setting} must be a whole number from {least} to {most}, not {text!r}.",
    "setting.nonsense": "Another program changed a setting. {error} Change it with {change}.",
    "setting.one_of": "Setting {setting} can be {choices:or}, not {text!r}.",
    "setting.date_order": "Which comes first when somebody types a date such as 3/4/2027: the day or the month.",
    "setting.kit_prefix": (
        "What the numbers that Kitdock gives to kits begin with. Give each station of a force its own."
    ),
    "setting.carry_days": (
        "How many days a kit is carried for. You get a warning if a kit that you issue expires sooner."
    ),
    "setting.carry_roles": "Which roles may carry a kit, separated by commas. Leave it empty for all roles.",
    "setting.expiry_days": "How many days ahead kits are listed as expiring. To see the list: {look}.",
    "setting.not_docked_days": (
        "How many days a carried pouch may stay away from the dock before it counts as a discrepancy."
    ),
    "setting.silent_days": (
        "How many days the tag of a pouch kept in a place may be silent before it counts as a discrepancy."
    ),
    "setting.report_hours": "How many hours after an opening that was a use its report becomes overdue.",
    "setting.faulty_days": "How many days a fault found at the dock counts as a discrepancy.",
    "setting.battery_percent": (
        "The battery level, in percent, below which a tag last seen at the dock counts as a discrepancy."
    ),
    "setting.dock_alarm_hours": (
        "How many hours the dock may be out of action, or a pouch may wait to be collected, before Kitdock tells you. "
        "0 means never."
    ),
    "setting.resupply_days": "How many days after a resupply was asked for it becomes overdue.",
    "setting.lead_days": "How many days it takes from ordering kits to having them.",
    "setting.retain_answers_days": "How many days the protected answers of a usage report are kept. 0 means for ever.",
    "setting.retain_reports_days": "How many days the open answers of a usage report are kept. 0 means for ever.",
    "setting.retain_events_days": "How many days the records of tags are kept. 0 means for ever.",
    "setting.retain_leavers_days": "How many days the number of an officer who has left is kept. 0 means for ever.",
    "retention.answers": "protected answers of usage reports",
    "retention.reports": "open answers of usage reports",
    "retention.events": "records of tags and their explanations",
    "retention.leavers": "numbers of officers who have left",
    "retention.events_stay": (
        "openings without a cause or with a report, faults, heat and frost beyond a product's limits, and what "
        "times and the next docking depend on"
    ),
    "retention.leavers_stay": "those with a kit out or an account",
    "audit.entry_missing": "Entry {entry} is missing.",
    "audit.entry_altered": "Entry {entry} isn't what was written, or doesn't follow the entry before it.",
    "audit.fact_altered": "Fact {part} of entry {entry} isn't what was written.",
    "audit.fact_missing": "Fact {part} of entry {entry} is missing, and no entry says that it was destroyed.",
    "key.there_already": (
        "Key file {path} already exists and wasn't overwritten. Move it away or choose another database."
    ),
    "key.not_made": "Can't make key file {path}: {why}.",
    "key.not_written": "Can't write key file {path}: {why}.",
    "key.not_read": "Can't read key file {path}: {why}.",
    "key.open": "Key file {path} isn't protected. {whom}",
    "key.open_to_all": "Every user can get at it. Run `chmod {mode} {path}`.",
    "key.open_to_changes": "A group can change it. Run `chmod {mode} {path}`.",
    "key.open_to_group": "A group can get at it. Run `chmod {mode} {path}`.",
    "key.missing": (
        "Key file {path} is missing. Put it back from your backup. Tag keys and reports can't be read without it."
    ),
    "key.none": "Key file {path} doesn't hold a key. Put the right one back from your backup.",
    "key.of_another": (
        "Key file {path} belongs to another database. Its check value is {found}, and this database needs {needed}. "
        "Put the right one back from your backup."
    ),
    "sealed.no_key": "There is no key for {what} any more, so nobody can open it.",
    "key.is_there": (
        "Key file {path} is there and opens this database, so nothing is lost. To change the key, use {rekey} without "
        "--lost."
    ),
    "key.in_the_way": (
        "Key file {path} isn't this database's. Move it away, but keep it: it may be all that opens another."
    ),
    "rekey.nobody_to_ask": (
        "To begin anew without the lost key, somebody must confirm it. Run this in a terminal, or add --yes."
    ),
    "sealed.altered": "The sealed value of {what} was altered in the database. Restore a backup.",
    "value.plain": "{value}",
    "value.yes": "yes",
    "value.no": "no",
    "value.none": "none",
    "value.off": "off",
    "value.not_known": "not known",
    "value.duration": "{count} {unit}",
    "value.time": "{at}",
    "value.added_c": _added_c,
    "tag_config.no_time": (
        "I can't read {text!r} as a time for {item}. Type one from {least} to {most}, such as {such}."
    ),
    "tag_config.no_time_or_off": (
        "I can't read {text!r} as a time for {item}. Type one from {least} to {most}, such as {such}, or off."
    ),
    "tag_config.no_offset": (
        "I can't read {text!r} as an offset. Type what to add to the tag's own reading, from -{most} to {most} °C, "
        "such as 10.5, or none."
    ),
    "tag_config.offset_too_far": _offset_too_far,
    "tag_config.gain_too_far": (
        "The tag reads {told_mv} mV where {measured_mv} mV was measured. Its divider can't be that far off. Measure "
        "at the cell with no charger connected, and check the divider."
    ),
    "tag_config.not_agreed": (
        "In profile open anybody can follow this tag by its address. Agree to that with --trackable, or choose "
        "another profile."
    ),
    "tag_config.not_compared": (
        "The tag's own thermometer may be ten degrees off. Compare it with another one first (step T1 of kitdock "
        "tag bench), then give what to add to its readings with --temperature-offset."
    ),
    "tag_config.profile": "when it advertises away from its dock",
    "tag_config.heartbeat_s": "time between two signs of life in the log",
    "tag_config.trackable": "whether someone has agreed that it can be tracked (profile open needs it)",
    "tag_config.field_period_s": "time between two advertisements in the field, in private and open",
    "tag_config.open_sealed": "whether what it says in profile open is encrypted under its bind key",
    "tag_config.kit_expires_s": "when its kit goes out of date (each docking sets it)",
    "tag_config.buzzer": "whether it may make a sound",
    "tag_config.second_dose_s": "time from a dose mark to the cue for a second dose",
    "tag_config.resedation_s": "time from a dose mark to the cue that sedation may return",
    "tag_config.battery_gain": "factor by which its battery reading is multiplied",
    "tag_config.temperature_s": "how often it measures its temperature (needs temp_offset)",
    "tag_config.temp_offset": "what is added to its own thermometer's reading (none until compared)",
    "label.no_file": "File {path} can't hold a label. Give it a name that ends in {endings:or}.",
    "label.no_folder": "There's no folder {folder} for the label. Make it, or choose another place.",
    "limits.at_most": "at most {most_c} °C",
    "limits.at_least": "at least {least_c} °C",
    "limits.between": "{least_c} to {most_c} °C",
    "start.usb": "USB, crash or power glitch",
    "start.power_on": "power-on",
    "start.reset": "reset or crash",
    "start.watchdog": "watchdog",
    "start.deep_sleep": "deep sleep",
    "start.soft_reset": "soft reset",
    "start.other": "cause {cause}",
    "record.altered": "altered",
    "record.unlinked": "unlinked",
    "event.mark": "mark {mark}",
    "event.first_set": "first set",
    "event.put_forward": "put forward {seconds} s",
    "event.put_back": "put back {seconds} s",
    "event.item": "{item}",
    "event.unknown_item": "item {item}",
    "event.over_usb": "over USB",
    "event.over_usb_times": "over USB {times:times}",
    "event.fault": "{fault}",
    "event.no_temperature": "no temperature ({aux})",
    "event.temperature": "{coldest_c} °C",
    "event.temperatures": "{coldest_c} to {warmest_c} °C",
    "event.brief": "brief",
    "event.doubtful_time": "its time can't be right",
}

# The database and its key file.


def _not_allowed(*, login: str, action: str, subject: str | None, why: str) -> str:
    what = action.replace(".", " ") + (f" {subject}" if subject else "")
    return f"Account {login} can't do this ({what}). {why}"


def _bytes(*, size: int) -> str:
    return f"{size:,} bytes"


def _faults(*, faults: list[str], more: int) -> str:
    return "; ".join(each.rstrip(".") for each in faults) + (f"; and {more} more" if more else "")


def _rows_altered(*, table: str, rows: list[str], more: int) -> str:
    return f"{table} {_some(rows, more)} {'was' if _one(rows, more) else 'were'} altered"


def _rows_missing(*, table: str, rows: list[str], more: int) -> str:
    return f"{table} {_some(rows, more)} {'is' if _one(rows, more) else 'are'} missing"


def _rows_added(*, table: str, rows: list[str], more: int) -> str:
    return f"{table} {_some(rows, more)} {'was' if _one(rows, more) else 'were'} added behind Kitdock's back"


def _some(rows: list[str], more: int) -> str:
    return ", ".join(rows) + (f" and {more} more" if more else "")


def _one(rows: list[str], more: int) -> bool:
    return len(rows) + more == 1


def _audit_whole(*, entries: int, mark: str, destroyed: str | None) -> str:
    return _audit(f"The audit is whole: {plural(entries, 'entry', 'entries')}.", mark, destroyed)


def _audit_holds(*, entries: int, mark: str, destroyed: str | None) -> str:
    counted = plural(entries, "entry", "entries")
    return _audit(f"The audit is whole: {counted}, among them the one you kept.", mark, destroyed)


def _audit(whole: str, mark: str, destroyed: str | None) -> str:
    gone = [f"Nothing is missing but {destroyed}."] if destroyed else []
    return "\n".join([whole, *gone, f"The newest is {mark}. Keep that elsewhere."])


def _whole(sentence: str) -> str:
    """A sentence that ends in what another one says, which may have its own full stop."""
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _lot_of_several(*, lot: str, products: list[str]) -> str:
    names = " and of ".join(f'"{each}"' for each in products)
    return f"There's a lot {lot} of {names}. Say which with --product."


def _lot_unknown(*, lot: str, product: str | None, like: list[str], see: str) -> str:
    of = f" of {product}" if product is not None else ""
    return f"No lot {lot}{of} was ever received. " + (f"Do you mean {' or '.join(like)}?" if like else f"See {see}.")


def _none_to_issue(*, product: str | None, station: str, see: str, waiting: int, to_count: str) -> str:
    kit = f"kit of {product}" if product else "kit"
    count = f" First count {plural(waiting, *NOUNS['kit'])} there, see {to_count}." if waiting else ""
    return f"No {kit} at {station} can be issued. See {see}, then transfer or receive some.{count}"


def _count_first(*, kit: str, why: str, count: str, since: str | None) -> str:
    return _whole(f"Kit {kit} must be counted first: {why}") + f" Count it with {count}."


def _count_or_out_since(*, kit: str, why: str, count: str, since: str) -> str:
    return (
        _whole(f"Kit {kit} must be counted first: {why}")
        + f" Count it with {count}, or use --at {since} if this holder has had it since then."
    )


def _no_station(*, place: str, kind: str) -> str:
    return f"Place {place} isn't a station ({_shown('place', kind)}). Stock is kept at stations."


def _pouch_with_another(*, pouch: str, whom: str, kit: str) -> str:
    return _whole(f"Kit {kit} can't go into pouch {pouch}, which {whom}")


def _again_with_another(*, kit: str, pouch: str, whom: str) -> str:
    return _whole(f"Kit {kit} would be back in pouch {pouch}, which {whom}")


def _kit_not_in_pouch(*, kit: str, pouch: str, possible: list[str], **_: object) -> str:
    return f"Kit {kit} wasn't in pouch {pouch} at that opening. It was {' or '.join(possible)}."


def _kit_not_with_officer(*, kit: str, officer: str, possible: list[str], **_: object) -> str:
    return f"Kit {kit} wasn't with officer {officer} then. It was {' or '.join(possible)}."


def _unsettled(*, stocktake: int, place: str, first: str, differences: list[str]) -> str:
    count = len(differences)
    return (
        f"Stocktake {stocktake} of {place} has {plural(count, *NOUNS['difference'])} without a reason. Nothing was "
        f'closed. Give {"its reason" if count == 1 else "each reason"} with --reason {first}="...", or all in a file '
        "with --reasons:\n" + "\n".join(differences)
    )


STORE: Sentences = {
    # Who may do what.
    "access.not_allowed": _not_allowed,
    "access.for_roles": "It needs the role {roles}.",
    "access.no_role": "It has no role in {path}. An administrator can give it one with {grant}.",
    "access.of_another_officer": "It belongs to another officer.",
    "access.own_kits": "Officers see only their own kits.",
    "access.report_of_another": "The report is another officer's.",
    "access.shared_reads_no_reports": "An account that officers share can't read reports.",
    "access.say_for_whom": "An officer's account can only answer for an officer. Say which one.",
    "access.dock_first": "This account is shared. Put the pouch in the dock first.",
    "access.pouch_of_another": "Another officer was carrying the pouch.",
    "account.no_such_role": "There's no role called {role}. The roles are {roles:and}.",
    "account.no_officers_role": "An officer's number goes with the role {needed}, not with {role}.",
    "account.has_role": "Account {login} already has the role {role}. See {see}.",
    "account.has_no_such_role": "Account {login} doesn't have the role {role}. See {see}.",
    "account.last_administrator": "Account {login} is the last administrator. Make another one first.",
    "clock.behind": (
        "This machine's clock says {now}, but the newest entry is from {newest}. Nothing was written. Set the "
        "clock. If it's that entry that is wrong, an administrator can use {accept}."
    ),
    "input.no_utf8": "What you typed isn't UTF-8 text. Check the terminal's encoding and type it again.",
    "number.too_large": "Number {number} is too large. Check what you typed.",
    # The database's file.
    "database.missing": "There's no database at {path}. Make one with {create}.",
    "database.no_access": "Can't open database {path}: {why}. This login needs access to it and its folder.",
    "database.cannot_open": "Can't open database {path}. Check the path and its permissions.",
    "database.exists": "File {path} already exists and wasn't overwritten. Choose another path.",
    "database.cannot_make": "Can't make database {path}: {why}.",
    "database.not_kitdock": "File {path} isn't a Kitdock database. Check the path.",
    "database.no_station": "Database {path} has no station, so it wasn't made with {create}. Check the path.",
    "database.newer": "Database {path} was changed by a later Kitdock (layout {layout}). Upgrade this installation.",
    "database.busy": (
        "Database {path} is locked by another program. Nothing was written. Try again when that program is done."
    ),
    "database.full": (
        "There's no room left for database {path}. Nothing was written. Free some disk space, then try again."
    ),
    "database.read_only": (
        "Database {path} is read-only. Nothing was written. Give this user write access to it and its folder."
    ),
    "database.no_utf8": (
        "A text in database {path} isn't UTF-8. Another program did that. See {verify} and {check}, or restore a "
        "backup."
    ),
    "database.not_whole": (
        "Database {path} can't be read or written in full ({why}). Check the disk, then restore a backup."
    ),
    "database.damaged": "Database {path} is damaged ({fault}). Restore an earlier backup.",
    "database.audit_broken": "The audit of {path} isn't intact. {why} See {check}.",
    "database.in_use": (
        "Database {path} is open in another program. Nothing was changed. Stop {dock} and any other program that "
        "uses it, then try again."
    ),
    "database.cannot_replace": "Can't replace {path}: {why}. Nothing was changed. Put that right, then try again.",
    "database.no_folder": "There's no folder {folder}. Make it, or choose another place for the database.",
    "database.is_link": "File {path} is a link to {to}. Name the file itself with --db.",
    "folder.cannot_write": "Can't write to folder {folder}: {why}. Choose another place for {name}.",
    # Backups.
    "backup.missing": "There's no backup at {backup}. Check the path.",
    "backup.is_the_database": "File {backup} is the database itself. Name a backup of it.",
    "backup.audit_broken": "The audit of {backup} isn't intact. {why} Use another backup.",
    "backup.of_another_station": (
        "Backup {backup} is from another station, {station}, with another key. The database here is from {present}. "
        "Choose another place with --db."
    ),
    "backup.cannot_write": "Can't write {target}: {why}. Choose another place.",
    "backup.no_file": "Can't make a file at {target}. Name one in a folder that exists.",
    "backup.part_of_database": "File {target} belongs to the database itself. Choose another name.",
    "backup.exists": "File {target} already exists. Choose another name, or replace it with --overwrite.",
    "backup.log_there": "File {log} would be read as part of the backup. Choose another name than {target}.",
    # What a check finds.
    "check.file": _bytes,
    "check.references": "every row that is referred to exists",
    "check.layout": "{triggers:trigger} protect what may only grow",
    "check.audit": "{entries:entry} chained, newest {mark}",
    "check.audit_destroyed": (
        "{entries:entry} chained, newest {mark}; {destroyed:fact} destroyed by policy, last {on:on}"
    ),
    "check.tables": "{count:row} in {tables:table} as the audit gives them",
    "check.rows_altered": _rows_altered,
    "check.rows_missing": _rows_missing,
    "check.rows_added": _rows_added,
    "check.ledger": "{received:dose} received, {accounted} accounted for",
    "check.rollups": "{count:row} as the history gives them",
    "check.records": "{count:record} as their tags sealed them, or known not to be",
    "check.not_made": "it can't be checked while the tables are as they are",
    "check.faults": _faults,
    "check.reference": "a row of {table} refers to a row that isn't in {parent}",
    "check.missing": "{kind} {name} is missing",
    "check.strange": "{kind} {name} isn't Kitdock's",
    "check.changed": "{kind} {name} was changed",
    "check.doses": "the doses of kit {kit} don't add up",
    "check.movement": "movement {movement} of kit {kit}: {why}",
    "check.table": "{table} differs for {rows}",
    "check.table_and_more": "{table} differs for {rows} and {more} more",
    "check.tag": "tag {tag}: {count:record} not as the tag sealed it ({sequences})",
    # What retention leaves.
    # The key file, and what it seals.
    # Officers, places, products.
    "officer.known": "There's already an officer {officer}. See {see}.",
    "officer.still_here": "Officer {officer} hasn't left. Record it first: {leave}.",
    "officer.is_needed": (
        "Officer {officer} still has a kit out or a login. Take the kit back, or take the login's role away. See {see}."
    ),
    "officer.unknown": "There's no officer {officer}. Add the officer with {add}.",
    "place.known": "There's already a place called {place}. See {see}.",
    "place.unknown": "There's no place called {place}. See {see}, or add it with {add}.",
    "place.no_station": _no_station,
    "place.is_station": "Place {place} is a station. To move kits between stations, use {transfer}.",
    "holder.officer": "officer {officer}",
    "holder.pouch": "pouch {pouch}",
    "product.unknown": "There's no product called {product}. See {see}, or add it with {add}.",
    "product.known": "There's already a product called {product}. Give it one more GTIN with {more}.",
    "product.known_as": "Product {product} is already known as {known}. Use that name: --product '{known}'.",
    "product.no_limits": (
        "Those limits can't be used. Give whole °C from {coldest} to {warmest}, the lower one with --from and the "
        "higher one with --to."
    ),
    "gtin.of_another": "GTIN {gtin} belongs to {product}. If that's wrong, use {take}.",
    "gtin.not_of_product": "GTIN {gtin} belongs to {of}, not to {product}.",
    "gtin.unknown": "{what} Add it with {enter}.",
    "gtin.of_no_product": "No product has GTIN {gtin}.",
    "gtin.of_a_case": (
        "No product has GTIN {gtin}. It doesn't begin with 0, so it may be the number of a case of several packs."
    ),
    # Lots and kits that come in.
    "lot.recalled_already": "Lot {lot} of {product} was already recalled by {login} {at:on} ({reason}). See {see}.",
    "lot.not_recalled": "Lot {lot} of {product} isn't recalled. See {see}.",
    "lot.of_several": _lot_of_several,
    "lot.unknown": _lot_unknown,
    "lot.of_product": "{lot} of {product}",
    "lot.new_without_expiry": "Lot {lot} of {product} is new. Fill in the column expires.",
    "serial.received_already": "This box was already received. Serial {serial} is kit {kit}.",
    "serial.on_two_lines": "Serial {serial} is on line {line} too. Keep one of them.",
    "kit.unknown": "There's no kit {kit}. See {see}, or add it with {add}.",
    "kit.known_already": "There's already a kit {kit}. Give the new box another number.",
    "kit.number_too_like": "Number {number} is too much like kit {kit}. Give the new box another number.",
    "kit.number_was_of_another": (
        "Number {number} belonged to a kit of {product} lot {lot}. Give the new box another number."
    ),
    "kit.doubtful": "{doubt} If that's right, receive this kit on its own with {add}.",
    "kit.has_no_label": "Kit {kit} has no label, because its receipt was taken back.",
    # Kits that move.
    "kit.transferred_nowhere": "Kit {kit} has to be transferred to a station. Name the station.",
    "kit.to_officer_or_place": "Kit {kit} goes to an officer or to a place. Name one of them.",
    "kit.none_to_issue": _none_to_issue,
    "kit.to_count_first": _count_first,
    "kit.to_count_or_out_since": _count_or_out_since,
    "kit.does_not_add_up": (
        "The doses of kit {kit} don't add up. What was said, reported and counted differs. Settle that first, see "
        "{see}."
    ),
    "kit.reversed_already": "The last entry of kit {kit} already reverses movement {movement}. See {see}.",
    "kit.reversed_already_one_left": (
        "The last entry of kit {kit} already reverses movement {movement}. To reverse movement {left} as well, name "
        "it with --movement. See {see}."
    ),
    "pouch.has_no_tag": "There's no pouch {pouch} with a tag. Enrol one with {enrol}.",
    "pouch.with_another_than_kit": _pouch_with_another,
    "pouch.again_with_another": _again_with_another,
    "replace.unknown": "There's no officer {who}, no kit {who}, and no pouch {who} that held a kit. See {see}.",
    "replace.several": "Say which kit to replace, because {holder} has {kits:and}.",
    "replace.none": "There's no kit to replace for {holder}. Issue one with {issue}.",
    "replace.not_out": "Kit {kit} is {status}. Issue another with {issue}.",
    "replace.done_already": "Officer {officer} already has kit {other} in place of kit {kit}.",
    "replace.ended_already": "Kit {kit} is already {status}. Leave out what became of it.",
    "replace.more_used": "Kit {kit} already has {used:dose} recorded as used, not {doses}. See {see}.",
    "kit.replaces_itself": "Kit {kit} can't replace itself. Name another, or none to take the next one.",
    # Tags and dockings.
    "tag.unknown": "There's no tag {tag}. See {see}.",
    "tag.unknown_name": "There's no pouch or tag {name}. See {see}.",
    "tag.never_docked": "Tag {tag} hasn't been docked yet.",
    "docking.unknown": "Tag {tag} has no docking {docking}.",
    "pouch.has_tag": "Pouch {pouch} already has tag {tag}. To put another in its place, use --replace.",
    # Openings and reports.
    "opening.unknown": "There's no such opening. See {see}.",
    "report.unknown": "There's no usage report {report}. See {see}.",
    "report.tells_of_fewer": (
        "Usage report {report} is about {doses:dose}, with {lacking} still to be recorded. See {see}."
    ),
    "report.counts_not": "Usage report {report} doesn't count. See {see}.",
    "report.kit_not_in_pouch": _kit_not_in_pouch,
    "report.kit_not_with_officer": _kit_not_with_officer,
    "report.counts_already": "Usage report {report} already counts. There's nothing left to do.",
    "report.withdrawn": "Usage report {report} was withdrawn. Take that back with {restore}.",
    "report.other_counts_not": (
        "Usage report {report} can't be about the same doses as report {other}. Name another report, one that "
        "counts itself."
    ),
    "report.of_that_opening_already": (
        "Usage report {report} is already about that opening. There's nothing left to do."
    ),
    # Stocktakes.
    "stocktake.under_way": (
        "Stocktake {stocktake} of {place} is under way. It was started by {login} {at:on}. Go on with {scan}."
    ),
    "stocktake.not_under_way": "There's no stocktake {which} under way. See {see}, or start one.",
    "stocktake.none_under_way": "No stocktake is under way. Start one with {start}.",
    "stocktake.several_under_way": "There are {count:stocktake} under way. Name the place: {places:or}.",
    "stocktake.unknown": "There's no stocktake {stocktake}. See {see}.",
    "stocktake.closed": "Stocktake {stocktake} of {place} was closed by {login} {at:on}. Start another.",
    "stocktake.given_up": "Stocktake {stocktake} of {place} was given up by {login} {at:on}. Start another.",
    "stocktake.needs_two": (
        "Stocktake {stocktake} of {place} is blind, so two people must count. Scan with another --counter, or give "
        "it up with {cancel}."
    ),
    "stocktake.no_difference": (
        "Stocktake {stocktake} of {place} has no difference called {name}. Nothing was closed. See {see}."
    ),
    "stocktake.unsettled": _unsettled,
    "stocktake.difference": "  {name}  {detail}",
}

# Stock: kits and their movements, lots, products, receiving, counting.


def _since(since: str | None) -> str:
    return f" since {since}" if since else ""


def _carried(officer: str, pouch: str | None, since: str | None) -> str:
    return f"carried by officer {officer}" + (f" in pouch {pouch}" if pouch else "") + _since(since)


def _at(place: str, since: str | None) -> str:
    return f"at {place}{_since(since)}"


def _no_more(status: str, since: str | None) -> str:
    return f"{status}{_since(since)}"


def _expires_soon(kit: str, expires_on: str, days: int) -> str:
    when = f"in {plural(days, 'day')}" if days else "which is today"
    return f"Kit {kit} expires {expires_on:on}, {when}."


def _lines_wrong(lines: list[str], count: int) -> str:
    wrong = "1 line is" if count == 1 else f"{count} lines are"
    return "\n".join([*lines, f"{wrong} wrong, so nothing was imported. Correct the file and import it again."])


def _numbers(numbers: list[str]) -> str:
    return ", ".join(numbers)


def _empty(columns: list[str]) -> str:
    return f"Fill in {' and '.join(columns)}."


def _all_wrong(wrong: list[str]) -> str:
    return " ".join(wrong)


def _fields(fields: list[str]) -> str:
    return " and ".join(fields)


def _ways(field: str, ways: list[str]) -> str:
    return f"Parts of the code may have run together. It reads {field}, but could also be {', or '.join(ways)}."


def _ways_if_too_long(field: str, ways: list[str]) -> str:
    return f"Parts of the code have run together. It reads {field}, which is too long. It may be {', or '.join(ways)}."


def _beyond_the_sheet(right_mm: float, bottom_mm: float) -> str:
    return f"The labels end {right_mm:g} by {bottom_mm:g} mm from the corner, but an A4 sheet is only 210 by 297 mm."


STOCK: Sentences = {
    "status.in_stock": "in stock",
    "status.issued": "issued",
    "status.used": "used up",
    "status.left_behind": "left behind with a person",
    "status.lost": "lost",
    "status.destroyed": "destroyed",
    "status.void": "not in the ledger",
    # What became of a kit: Kit K-1 can't be ...
    "movement.receive": "received",
    "movement.issue": "issued",
    "movement.return": "returned",
    "movement.transfer": "transferred",
    "movement.load": "put into a pouch",
    "movement.unload": "taken out of its pouch",
    "movement.use": "used",
    "movement.leave_behind": "left behind",
    "movement.lose": "recorded as lost",
    "movement.find": "recorded as found",
    "movement.quarantine": "quarantined",
    "movement.release": "released",
    "movement.count": "counted",
    "movement.destroy": "destroyed",
    "movement.correct": "corrected",
    "ledger.moved_since": "The kit has moved since then, and only its latest movement can be followed by another.",
    "ledger.kit_is": "The kit was {status} at that time.",
    "ledger.there_already": "It is already at that station. Name another one.",
    "ledger.in_a_pouch": "It is in pouch {pouch}. Take it out first: {step}.",
    "ledger.in_no_pouch": "It isn't in a pouch, so there is nothing to do.",
    "ledger.quarantined_already": "It is already quarantined ({reason}). To end that, release it: {step}.",
    "ledger.not_quarantined": "It isn't quarantined, so there is nothing to do.",
    "ledger.how_many_given": "Say how many doses were given, at least one.",
    "ledger.fewer_left": "It has {left:dose} left, not {doses}. Record the others from the kit they came from.",
    "ledger.how_many_counted": "Say how many doses you counted.",
    "ledger.came_with_fewer": "It came with {came:dose}, so it can't hold {doses}. Count it again.",
    "ledger.nothing_to_correct": "It has no movement left to correct.",
    "ledger.only_the_last": "Only its last movement can be corrected: number {movement} ({kind}).",
    "ledger.is_a_correction": "Movement {movement} is a correction and can't be corrected. Record the movement again.",
    "ledger.rests_on_the_use": "Its movement {movement} ({kind}) depends on that use. Correct that movement first.",
    "kit.moved_later": "Kit {kit} moved {moved_at:on}, after the time you gave. See what happened to it: {history}.",
    "kit.already_issued": "Kit {kit} has been issued to {holder} since {since}. Take it back first: {back}.",
    "kit.impossible_in_stock": "Kit {kit} is {status} at {place}, so it can't be {doing}. {instead}",
    "kit.impossible_as_it_is": "Kit {kit} is {status}, so it can't be {doing}. {instead}",
    "kit.impossible": "Kit {kit} can't be {doing} like this. {why}",
    "kit.another_number": "Give the new box another number.",
    "kit.comes_first": "Do this first: {step}.",
    "kit.if_it_came_back": "If it has come back, take it into stock first: {step}.",
    "kit.if_it_turned_up": "If it has turned up, record that first: {step}.",
    "kit.return_or_destroy": "You can only take it back or destroy it: {back}, {destroy}.",
    "kit.if_that_is_wrong": "If that is wrong, correct it first: {step}.",
    "kit.if_it_is_here": "Its receipt was corrected. If the box is here, receive it again: {step}.",
    "kit.see": "See what happened to it: {step}.",
    "kit.received_expired": (
        "Kit {kit} from lot {lot} went out of date {expires_on:on}. Check the date on the pack. To receive it anyway, "
        "add --accept-expired."
    ),
    "lot.new": "Lot {lot} of {product} is new. Give the expiry date printed on the pack with --expires.",
    "lot.other_expiry": (
        "The kits already received from lot {lot} of {product} expire {known:on}, not {expires_on:on}. Check the lot "
        "and the expiry on the pack. If the first entry was wrong, correct each kit of the lot and receive it again: "
        "{correct}."
    ),
    "lot.other_doses": "Kits from lot {lot} of {product} have {known:dose}, not {doses}. Check the pack.",
    "kit.expired": "Kit {kit} went out of date {expires_on:on}, so it can't be issued. Issue another kit instead.",
    "kit.recalled": "Kit {kit} is from lot {lot}, which is recalled ({reason}). Issue another kit instead.",
    "kit.quarantined": "Kit {kit} is quarantined ({reason}). Issue another kit, or release this one first: {release}.",
    "kit.not_whole": "Kit {kit} has only {left} of its {of:dose} left. Issue a full kit instead.",
    "kit.expires_soon": _expires_soon,
    "kit.put_aside": "Put kit {kit} aside, because {why:and}.",
    "kit.aside_recalled": "its lot {lot} is recalled ({reason})",
    "kit.aside_quarantined": "it is quarantined ({reason})",
    "kit.aside_expired": "it went out of date {expires_on:on}",
    "kit.another_first": "Kit {kit} expires first, {expires_on:on}. Issue that one instead if you can.",
    "kit.issue_was_reversed": (
        "An earlier issue of kit {kit} was reversed. If this holder has had the kit since then, correct this issue as "
        "well and record it again with --at {since}. Otherwise openings since then have no holder."
    ),
    "pouch.with_another": "Pouch {pouch} {whom}",
    "pouch.is_with": "is with {who}. Return the kits in it first.",
    "pouch.was_with": "was with {who} until {until}. Check the time you gave with --at.",
    "pouch.also_holds": "Pouch {pouch} also holds kit {kit}, which is in stock. Issue that kit too, or take it out.",
    "officer.has_kit": "Officer {officer} already has kit {kits:and}.",
    "officer.left": "Officer {officer} left {left_on:on}, so nothing can be issued to them. If that is wrong: {back}.",
    "officer.may_not_carry": (
        "Officer {officer} has the role {role}, but only {roles:or} may carry kits (setting carry_roles). If the role "
        "is wrong, change it: {change}."
    ),
    "officer.of_no_role": (
        "No role is recorded for officer {officer}, and only {roles:or} may carry kits (setting carry_roles). Record "
        "the role: {change}."
    ),
    "officer.untrained": "No training is recorded for officer {officer}. Officers need training to carry a kit.",
    "officer.training_lapsed": "Officer {officer}'s training lapsed {until:on}. The refresher is due.",
    "officer.twice": "Officer {officer} is also on line {line}. Keep only one of them.",
    "officer.no_station": "There is no station {station}. Add it with the kind station, or correct the line: {add}.",
    "training.to_come": "The training date {trained_on} is in the future. Record the training once it has taken place.",
    "training.later_known": (
        "Officer {officer} was trained {known:on}, which is later than {trained_on}, and the latest training counts. "
        "If the later date is wrong, add --correct."
    ),
    "typed.no_prefix": (
        "{text!r} can't be a prefix. Use 1 to 20 letters, digits, dots, dashes or slashes, and don't end with a digit."
    ),
    "typed.no_lot": "Type `lot A1 exp 2028-04-30`, or just `lot A1` if Kitdock already knows its expiry.",
    "numbers.from_to": "{first} to {last}",
    "numbers.all": _numbers,
    "gtin.rounded": "A spreadsheet has rounded GTIN {text}. Format its column as text and enter the GTIN again.",
    "gtin.none": "I can't read {text} as a GTIN. A GTIN has 8, 12, 13 or 14 digits.",
    "gtin.zeros": "A GTIN can't be all zeros. Scan or type it again.",
    "gtin.check_digit": "GTIN {gtin} ends in {found} where {due} should be. Scan or type it again.",
    "file.dates_unclear": (
        "The file has {dates:date} that can be read two ways. {such} can be {one} or {other}. Say which comes first: "
        "add --dates dmy for the day or --dates mdy for the month."
    ),
    "file.dates_mixed": (
        "The file has {dates:date} in numbers, and no one order fits all of them. Check {such} and the others, or "
        "write each as 2027-05-31."
    ),
    "printed.no_month": "I can't read {text} as a month. Type it as YYYY-MM.",
    "printed.no_date": "I can't read {text} as a date. Type it as YYYY-MM-DD.",
    "printed.no_day": "There is no such day as {text}. Type a date as YYYY-MM-DD.",
    "printed.no_day_in_style": "There is no such day as {text}, read as {style}. Type a date as YYYY-MM-DD.",
    "printed.excel_day": "{text} is a date as Excel stores it. Format the column as dates, YYYY-MM-DD, or as text.",
    "printed.day_or_month": (
        "I can't tell which part of {text} is the day. Type it as YYYY-MM-DD, or for a file add --dates dmy or "
        "--dates mdy."
    ),
    "doubt.expiry_passed": "The expiry date has passed: {expires_on}. You can receive the kit but never issue it.",
    "doubt.expiry_far_ahead": "The expiry, {expires_on}, is more than {years} years ahead. Is that what the pack says?",
    "doubt.caps_lock": "Caps lock was on, so the lot was read as {lot}. Is that what the pack says?",
    "doubt.small_letters": "Lot {lot} has small letters. Is that what the pack says, or is caps lock on?",
    "doubt.cut_short": "{text} may be the start of a longer code. Is it the whole number printed below the bars?",
    "doubt.marked_otherwise": "The code is marked ]{symbology}, which isn't GS1. Is this what the pack says?",
    "doubt.separator_lost": _ways_if_too_long,
    "doubt.separator_maybe_lost": _ways,
    "field.product": "product {text}",
    "field.lot": "lot {text}",
    "field.made": "production date {text}",
    "field.expiry": "expiry {text}",
    "field.serial": "serial {text}",
    "field.national": "national number {text}",
    "field.other": "({ai}) {text}",
    "scan.fields": _fields,
    "scan.nothing": "Nothing was scanned. Scan the code again.",
    "scan.several": "{text} is more than one scan. Scan one pack at a time.",
    "scan.not_gs1": "{text} is {what}, not a GS1 code. Scan the code with (01) printed beside it.",
    "scan.web_address": "a web address",
    "scan.hibc": "a HIBC code",
    "scan.iso_15434": "an ISO 15434 code",
    "scan.strange_letter": (
        "{text} contains {letter!r}, which no GS1 code has. Set the scanner to this computer's keyboard layout and "
        "scan again."
    ),
    "scan.no_brackets": "{text} isn't a GS1 code. It must begin with (01) and 14 digits.",
    "scan.too_long": "The code is damaged: {field} is too long. Scan it again.",
    "scan.cut_gtin": "{text} is cut short. 14 digits must follow 01. Scan it again.",
    "scan.no_field": (
        "The code is cut short or damaged: {text}, after {before}, isn't part of a GS1 code. Scan it again."
    ),
    "scan.no_gs1": "{text} isn't a GS1 code. Scan the one with (01) printed beside it.",
    "scan.nothing_follows": "The code is cut short: nothing follows {ai}. Scan it again.",
    "scan.damaged": "The code is cut short or damaged at {ai} {text}. Scan it again.",
    "scan.no_day": "The expiry {digits} in the code isn't a real date (YYMMDD). Type what the pack says.",
    "scan.two_values": "This scan has both {field} and {other}. Scan one pack at a time.",
    "scan.second": "A second scan is mixed into {field}. Scan one pack at a time.",
    "scan.pallet": "This is the label of a pallet or a case. Scan the code on a pack.",
    "scan.no_product": "This code has no product number (01). Scan the one with (01) printed beside it.",
    "file.empty": "The file is empty. Its first line must name the columns {columns:and}.",
    "file.workbook": "This is an Excel workbook. Save it as `CSV UTF-8` and import that file.",
    "file.cut": "The file begins as UTF-16 text but is cut short or damaged. Save it as CSV UTF-8.",
    "file.no_text": "This isn't a text file. Save it as CSV UTF-8.",
    "file.columns": "Columns it must have: {required}. Columns it may have: {optional}.",
    "file.required_columns": "Columns it must have: {required}.",
    "file.no_columns": "The first line must name the columns. {columns}",
    "file.strange_columns": "Kitdock doesn't know the column {strange:or}. {columns}",
    "file.missing_columns": "There is no column {missing:or}. {columns}",
    "file.column_twice": "The file names {columns:and} more than once. Keep one column of each name.",
    "file.line": "Line {line}: {wrong}",
    "file.lines_wrong": _lines_wrong,
    "line.other_encoding": "It is encoded differently from the rest of the file. Save the whole file as CSV UTF-8.",
    "line.quotation_mark": "A quotation mark isn't closed, or is inside a cell. Correct the line.",
    "line.too_many_cells": "It has {cells} cells, but the file names only {columns} columns.",
    "line.empty_cells": _empty,
    "line.rounded": "A spreadsheet has rounded {column} {text}. Format the column as text and enter it again.",
    "line.no_product": "Fill in a product or a GTIN.",
    "line.no_doses": "I can't read {text} as a number of doses. Use 1 to {most}.",
    "line.kit": "Kit {kit}",
    "line.serial": "Serial {serial} of GTIN {gtin}",
    "line.twice": "{what} is also on line {lines:and}. Keep only one of them.",
    "difference.missing": "recorded in this place, and not scanned",
    "difference.unexpected": "scanned, and recorded as with an officer, used up, left behind, lost or destroyed",
    "difference.unknown": "scanned, and no kit has that number",
    "difference.wrong_place": "scanned, and recorded in another place",
    "difference.double": "scanned by two people who share the shelves",
    "difference.counted_once": "scanned by only one of the people who each count everything",
    "difference.expired": "scanned, out of date, and not destroyed yet",
    "difference.doses": "counted with a different number of doses from the ledger",
    "difference.uncounted": "scanned, but its doses must be counted before it is issued again, and none were typed",
    "difference.here_since": "recorded here since {since}",
    "difference.look_for_it": "Look for it. If it is gone, record it as lost: {step}.",
    "difference.scanned_by": "scanned by {counters:and}",
    "difference.scanned_by_some": "scanned by {counters:and}, not by {others:or}",
    "difference.receive_it": "Receive it, or correct its label if that is wrong: {step}.",
    "difference.move_it": "Record that it is here, or take it back there: {step}.",
    "difference.see_what_happened": "See what happened to it: {step}.",
    "difference.two_boxes": "Check whether two boxes carry the number {kit}.",
    "difference.look_together": "Check together whether it is there.",
    "difference.expired_ago": "went out of date {expires_on:on}, {days:day} ago",
    "difference.take_it_off": "Take it off the shelf and destroy it: {step}.",
    "difference.to_be_counted": "to be counted: {why}",
    "difference.scan_with_doses": "Scan it again with its doses, or count it: {step}.",
    "difference.doses_by": "{doses} counted by {counter}",
    "difference.other_doses": "{said}, {left} in the ledger",
    "difference.count_again": "Count it again: {step}.",
    "difference.closing_records": "Close the stocktake to record this count.",
    "whereabouts.carried": _carried,
    "whereabouts.at": _at,
    "whereabouts.gone": _no_more,
    "scan.ok": "ok",
    "scan.wrong": _all_wrong,
    "scan.counted_by_you": "You have already counted it.",
    "scan.counted_by": "Already counted by {counters:and}.",
    "scan.unknown_kit": "Unknown kit.",
    "scan.unexpected": "Not expected here (recorded as {where}).",
    "scan.expired": "Went out of date {expires_on:on}.",
    "scan.recalled": "Lot {lot} is recalled.",
    "scan.quarantined": "Quarantined ({reason}).",
    "scan.to_be_counted": "Count its doses and type them after its number, such as {kit} 2.",
    "scan.other_doses": "You counted {doses:dose}, but the ledger has {left}.",
    "sheet.no_maker": (
        "Kitdock needs more software to write {ending} files. Install it with pip install 'kitdock[reports]'."
    ),
    "sheet.too_many_rows": "A worksheet can't hold {rows} rows. Write a .csv file instead.",
    "labels.none": "There are no kits to print labels for.",
    "labels.no_place": "The sheet has no label {place}. Its labels are numbered 1 to {places}.",
    "labels.beyond_the_sheet": _beyond_the_sheet,
    "labels.overlap": "The labels overlap: each is wider or higher than the distance to the next.",
    "labels.too_small": "The labels are too small. The code and the text need 60 by 30 mm.",
    "labels.strange_letters": (
        "The {what} {text} has letters that can't be printed in a PDF. Labels can have Western European letters only."
    ),
}

# Uses: openings, explanations, usage reports, forms, doses.


def _problems(problems: list[str]) -> str:
    return "\n".join(problems)


def _not(answer: object) -> str:
    """What was answered, unless that is protected."""
    return "" if answer is None else f", not {answer!r}"


def _yes_or_no(answer: object = None) -> str:
    return f"Answer yes or no{_not(answer)}."


def _whole_number(least: int, most: int, answer: object = None) -> str:
    return f"Answer with a whole number from {least} to {most}{_not(answer)}."


def _one_of(choices: list[str], answer: object = None) -> str:
    return f"Choose one of {', '.join(map(_spaced, choices))}{_not(answer)}."


USAGE: Sentences = {
    "cause.used": "used on someone",
    "cause.training": "training",
    "cause.inspection": "checking it",
    "cause.restocking": "restocking",
    "cause.accidental": "opened by accident",
    "opening.contradicted": "explained as something other than a use, although it has dose marks or a report",
    "opening.differing": "a use; the doses said, marked and reported differ, or nothing confirms a second report",
    "opening.unexplained": "not explained and not reported",
    "opening.unreported": "explained as a use, but not reported yet",
    "opening.reported": "a use that has been reported, and all numbers agree",
    "opening.explained": "explained as something other than a use, with no dose marks and no report",
    "to_count.opened": "the pouch it was in was opened, and that was or may have been a use",
    "to_count.told": "the officer who had it reported a use, without naming an opening",
    "to_count.unread": "the log of the pouch it was in hasn't been collected since it left that pouch",
    "to_count.back": "it came back after it was lost or left behind",
    "due.opened": "pouch {pouch} was opened {at:on} with it inside, and that was or may have been a use",
    "due.told": "usage report {report} is about a use {at:on} by the officer who had it then",
    "due.unread": "it left pouch {pouch} {at:on}, and the pouch hasn't been in the dock since",
    "due.back": "it came back {at:on} after it was lost or left behind",
    "form.unknown": "There is no form {form}. Use {forms:or}.",
    "form.no_version": "Form {form} doesn't say its version. Add a line with a whole number, such as version = 1.",
    "answers.refused": _problems,
    "answer.names": "{field}: This station doesn't collect names. Leave it out.",
    "answer.no_field": "{field}: Form {form} has no such field.",
    "answer.not_asked": "{field}: Leave it out unless {with_yes} is yes.",
    "answer.missing": "{field}: This one is required ({label}).",
    "answer.unfit": "{field}: {error}",
    "answer.is_a_time": "Answer with a date and time, such as 2026-05-01T18:30.",
    "answer.is_one_line": "Answer in one line of at most {most} characters.",
    "answer.is_yes_or_no": _yes_or_no,
    "answer.is_a_whole_number": _whole_number,
    "answer.is_one_of": _one_of,
}

# What does not agree, what expires, and what to do about it.


def _said(*parts: str | None) -> str:
    """The parts that there are."""
    return ", ".join(part for part in parts if part)


def _and(values: list[int]) -> str:
    *first, last = map(str, values)
    return f"{', '.join(first)} and {last}" if first else last


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _done(kind: str) -> str:
    """What a movement of that kind does to a kit: issued."""
    return str(STOCK.get(f"movement.{kind}", kind))


def _doses_off(missing: int, left: int, of: int, used: int, quiet: int, reported: int, pending: int) -> str:
    count = abs(missing)
    if missing > 0:
        what = f"{plural(count, 'dose')} {'is' if count == 1 else 'are'} gone and we don't know why yet."
    else:
        what = f"More doses were said to be used than are gone from the kit: {count} more."
    by = f" ({quiet} without a report)" if quiet else ""
    also = f" Said or marked as used but not reported yet: {pending}." if pending else ""
    there = f"The kit has {left} of its {plural(of, 'dose')} left."
    return f"{what} {there} Recorded as used: {used}{by}. Reported as used: {reported}.{also}"


def _doses_told(said: int | None, marked: int | None, reported: int | None, reports: int) -> str:
    words = _said(
        None if said is None else f"{said} in the explanation",
        None if marked is None else f"{marked} marked on the pouch",
        None
        if reported is None
        else f"{reported} in {'the usage report' if reports < 2 else f'{reports} usage reports'}",
    )
    return f"Doses used in this opening: {words or 'not known'}."


def _impossible(movement: int, kind: str, at: str, why: str) -> str:
    return f"Movement {movement} ({_done(kind)} {at:on}) can't have happened. {why}"


def _difference(stocktake: int, place: str, closed_at: str, difference: str, detail: str, reason: str) -> str:
    what = f"{_spaced(difference)}, {detail}"
    return f"Stocktake {stocktake} of {place}, closed {closed_at:on}, found: {what}. The reason given was '{reason}'."


def _tampered(records: list[int], tag: str, others: int) -> str:
    several = len(records) > 1
    which = f"Entries {_and(records)}" if several else f"Entry {records[0]}"
    after = f" {plural(others, 'later entry', 'later entries')} can't be checked because of this." if others else ""
    return f"{which} in the log of tag {tag} {'are' if several else 'is'} not what the tag wrote.{after}"


def _gone(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"


def _gap_elsewhere(first: int, last: int, tag: str = "") -> str:
    return (
        f"{_gone(first, last)} no longer on {f'tag {tag}' if tag else 'the tag'}, and not in this database. Another "
        "station has collected from it meanwhile, or this one had before a backup was restored."
    )


def _gap_at_dock(first: int, last: int, see: str) -> str:
    return f"{_gone(first, last)} no longer on the tag, and not in this database. See {see}."


def _gap(tag: str, first: int, last: int) -> str:
    return (
        f"{_gone(first, last)} missing from the log of tag {tag}. We don't know whether the pouch was opened at that "
        "time."
    )


def _removed(tag: str, first: int, last: int) -> str:
    return (
        f"{_gone(first, last)} missing from the log of tag {tag}, although it wasn't full. A tag only drops its oldest "
        "entries when its log is full."
    )


def _interrupted(tag: str, stops: int, starts: int, causes: list[str], records: list[int], more: int) -> str:
    told = []
    if stops:
        told.append(f"was stopped over USB {times(stops)}")
    if starts:
        told.append(f"restarted {times(starts)} although its battery was good ({', '.join(causes)})")
    which = f"entr{'ies' if len(records) > 1 or more else 'y'} "
    which += f"{', '.join(map(str, records))}{_and_more(more)}" if more else _and(records)
    return f"Tag {tag} {' and '.join(told)}: {which} in its log. A log can be put back to an earlier state this way."


def _and_more(more: int) -> str:
    return f" and {more} more" if more else ""


def _wrong_clock(dockings: int, pouches: list[str], more: int, first_at: str, **_: object) -> str:
    which = f"{'pouch' if len(pouches) + more == 1 else 'pouches'} {', '.join(pouches)}{_and_more(more)}"
    visits = f"{plural(dockings, 'visit')} to the dock ({which})"
    if dockings == 1:
        return f"{visits} was recorded {first_at:on}. That time doesn't fit with the tag's other visits."
    return f"{visits} were recorded at times that don't fit with the tags' other visits, the first {first_at:on}."


def _unexplained(at: str, error_ms: int, duration_s: int | None, dose_marks: int, officers: list[str]) -> str:
    long = "" if duration_s is None else f" for {_lasted(duration_s)}"
    marks = f", with {plural(dose_marks, 'dose mark')}" if dose_marks else ""
    whose = f"Officer {' or '.join(officers)} had it." if officers else "We don't know who had it."
    return f"It was opened {at:on} (within about {bound(error_ms)}){long}{marks}. {whose}"


def _lasted(seconds: int) -> str:
    return plural(seconds, "second") if seconds < 120 else plural(seconds // 60, "minute")


def _label_limits(least_c: int | None, most_c: int | None) -> str:
    if least_c is None:
        return f"at most {most_c} °C"
    return f"at least {least_c} °C" if most_c is None else f"{least_c} to {most_c} °C"


def _between(began: str, ended: str) -> str:
    return f"{began:on}" if began == ended else f"some time between {began} and {ended}"


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
        f"kit {kit} {_done(kind)}",
        f"officer {officer}" if officer else None,
        place,
        f"pouch {pouch}" if pouch else None,
        plural(doses, "dose") if doses is not None else None,
        reason,
        f"document {document}" if document else None,
        f"recorded by {login}" if login else None,
    )


def _fact_record(kind: str | None, verdict: str, docking: int) -> str:
    return f"{_spaced(kind or 'entry in the log')}, {verdict}, collected with docking {docking}"


def _fact_report(form: str, officer: str, doses: int, opening: str | None, stands: str) -> str:
    return _said(
        f"{form}, filed by officer {officer}",
        plural(doses, "dose"),
        f"opening {opening}" if opening else "no opening named",
        {"filed": None, "same": "about the same doses as another report"}.get(stands, stands),
    )


def _fact_docking(pouch: str, outcome: str | None, detail: str | None, added: int, battery: int | None) -> str:
    return _said(
        f"pouch {pouch}",
        outcome or "not finished",
        detail,
        plural(added, "new entry", "new entries"),
        f"battery {battery}%" if battery is not None else None,
    )


def _no_such_product(product: str, products: list[str]) -> str:
    known = f"The products with kits are {', '.join(products)}." if products else "No product has any kits yet."
    return f"There are no kits of {product!r}. {known}"


def _is_so_already(*, name: str, status: str, show: str) -> str:
    return f"That is already {_shown('state', status)}: {name}. To see what was done about it: {show}."


def _is_otherwise(*, name: str, status: str, show: str) -> str:
    return f"That is {_shown('state', status)}: {name}. To see what was done about it: {show}."


def _doses_of(subject: str, kit: str | None, pouch: str | None, **_: object) -> str:
    """Of a report, an opening or a kit."""
    if subject.startswith("report-"):
        return f"The doses of usage report {subject.removeprefix('report-')} don't add up"
    if ":" in subject:
        return f"The doses used from pouch {pouch} don't agree"
    return f"The doses of kit {kit or subject} don't add up"


RECONCILE: Sentences = {
    # What stands over a discrepancy.
    "is.record_tampered": "The log of pouch {pouch} isn't what its tag wrote",
    "is.records_removed": "The log of pouch {pouch} lacks entries that it should have",
    "is.log_put_back": "The log of pouch {pouch} was put back to an earlier state",
    "is.start_missing": "The log of pouch {pouch} lacks a start of its tag",
    "is.recalled_carried": "Kit {kit} is recalled and still out",
    "is.expired_carried": "Kit {kit} is out of date and still out",
    "is.not_whole_carried": "Kit {kit} is out and may not be full",
    "is.kit_issued_twice": "Kit {kit} was issued twice",
    "is.ledger_impossible": "The movements of kit {kit} can't be right",
    "is.pouch_without_kit": "Pouch {pouch} has no kit",
    "is.resupply_undelivered": "Officer {officer} is still waiting for kits",
    "is.report_missing": "A use from pouch {pouch} has not been reported yet",
    "is.opening_unexplained": "Pouch {pouch} was opened and we don't know why yet",
    "is.use_without_opening": "Usage report {subject} doesn't match an opening",
    "is.explanation_contradicted": "The reason given for opening pouch {pouch} doesn't fit",
    "is.explained_by_another": "An opening of pouch {pouch} was explained by somebody else",
    "is.docked_by_another": "Pouch {pouch} was brought to the dock by somebody else",
    "is.doses_differ": _doses_of,
    "is.stocktake_missing": "Kit {kit} was not found at {place}",
    "is.stocktake_unexpected": "Kit {kit} was found at {place} and should not be there",
    "is.stocktake_wrong_place": "Kit {kit} was found at {place} and belongs elsewhere",
    "is.quarantined_carried": "Kit {kit} is quarantined and still out",
    "is.tag_interrupted": "The tag of pouch {pouch} was stopped or restarted",
    "is.outside_storage_limits": "Kit {kit} may have been too warm or too cold",
    "is.sequence_gap": "Part of the log of pouch {pouch} is missing",
    "is.log_unread": "The last log of pouch {pouch} was not collected",
    "is.kit_with_leaver": "Officer {officer} has left and kit {kit} is not back",
    "is.training_lapsed": "The training of officer {officer} has lapsed",
    "is.tag_moved": "The tag of pouch {pouch} is in another pouch now",
    "is.not_docked": "Pouch {pouch} has not been in the dock lately",
    "is.docking_failed": "The log of pouch {pouch} could not be collected",
    "is.pouch_without_tag": "Pouch {pouch} has no tag",
    "is.tag_silent": "The tag of pouch {pouch} has not been heard lately",
    "is.battery_low": "The battery of pouch {pouch} is low",
    "is.tag_faulty": "The tag of pouch {pouch} has recorded errors",
    "is.clock_implausible": "The times of some visits to the dock can't be right",
    "is.kit_without_pouch": "Kit {kit} is carried outside a pouch",
    "is.stocktake_double": "The counts of kit {kit} at {place} don't agree",
    # What each rule finds.
    "rule.record_tampered": (
        "Entries in a tag's log aren't what the tag wrote, and the entries after them can't be checked."
    ),
    "rule.records_removed": "Entries are missing from a log that wasn't full. A tag doesn't do that by itself.",
    "rule.log_put_back": (
        "A log ended before entries that had already been collected from it. It was put back to an earlier state."
    ),
    "rule.start_missing": (
        "An entry comes from another start of the tag than the entry before it, and no entry records that start."
    ),
    "rule.recalled_carried": "A kit is still out although its lot is recalled.",
    "rule.expired_carried": "A kit is still out although it is out of date.",
    "rule.not_whole_carried": (
        "A kit that is out isn't full: it is empty or partly used, or it was issued although nobody knew what was "
        "in it."
    ),
    "rule.kit_issued_twice": (
        "A kit was issued while it was already out. Most likely two ledgers have been put together."
    ),
    "rule.ledger_impossible": (
        "The movements of a kit can't have happened as recorded. Being issued twice is a rule of its own."
    ),
    "rule.pouch_without_kit": (
        "A pouch in use has no kit: its kit was used up, left behind or lost, or the pouch comes to the dock without "
        "one."
    ),
    "rule.resupply_undelivered": (
        "A usage report asked for kits, and fewer than that have been issued to its officer since."
    ),
    "rule.report_missing": (
        "An opening is explained as a use, and no usage report is filed. It matters more once the report is overdue."
    ),
    "rule.opening_unexplained": "A pouch was opened, and nobody has said why yet.",
    "rule.use_without_opening": (
        "A usage report is about a time at which no tag logged an opening, although the officer's pouch had a tag "
        "whose log has been collected."
    ),
    "rule.explanation_contradicted": (
        "An opening is explained as something other than a use, although it has dose marks or a usage report."
    ),
    "rule.explained_by_another": (
        "An opening was explained by somebody who didn't have the pouch. Pouches may have been swapped."
    ),
    "rule.docked_by_another": (
        "A pouch was brought to the dock by somebody who isn't its holder. Pouches may have been swapped."
    ),
    "rule.doses_differ": (
        "The doses said, marked, reported, recorded as used and counted don't agree, or there are more than a kit had."
    ),
    "rule.stocktake_missing": ("The latest stocktake of its place didn't find a kit, and the kit hasn't moved since."),
    "rule.stocktake_unexpected": (
        "The latest stocktake found a kit that is recorded as out or gone, or isn't in the ledger at all."
    ),
    "rule.stocktake_wrong_place": (
        "The latest stocktake found a kit in another place than the ledger has it, and the kit hasn't moved since."
    ),
    "rule.quarantined_carried": "A kit is still out although it is quarantined.",
    "rule.tag_interrupted": (
        "A tag restarted although its battery was good, or its program was stopped over USB. Copying its memory and "
        "writing it back later would leave no other trace."
    ),
    "rule.outside_storage_limits": (
        "A kit's pouch was warmer or colder than the product's label allows, by more than its thermometer can be off."
    ),
    "rule.sequence_gap": "A tag wrote entries in its log that the station never received.",
    "rule.log_unread": (
        "A tag was taken out of use before its log was collected, so openings since its last visit to the dock aren't "
        "known."
    ),
    "rule.kit_with_leaver": "A kit is still out with an officer whose last day has passed.",
    "rule.training_lapsed": "A kit is out with an officer whose training is more than 12 months old.",
    "rule.tag_moved": "A pouch's tag is now in another pouch, and this one hasn't been given a new one.",
    "rule.not_docked": "An officer carries a pouch that hasn't been in the dock for days.",
    "rule.docking_failed": (
        "A tag's log couldn't be collected the last time it was in the dock. The next time it can, this clears."
    ),
    "rule.pouch_without_tag": (
        "A pouch has a kit in it, but its tag was wiped or taken out, so nothing logs when it is opened."
    ),
    "rule.tag_silent": (
        "A pouch is kept in a vehicle, custody suite or cabinet, and its tag hasn't been heard for days."
    ),
    "rule.battery_low": "A tag's battery was low when it last reported.",
    "rule.tag_faulty": ("A tag's firmware has recorded errors of its own. If no more come for some days, this clears."),
    "rule.clock_implausible": "Visits to the dock were recorded at times that don't fit with the tags' other visits.",
    "rule.kit_without_pouch": (
        "An officer has a kit outside any pouch, where pouches have tags, so nothing logs when it is opened."
    ),
    "rule.stocktake_double": (
        "A kit was counted by two people on the same shelves, or by only one of two who each counted everything."
    ),
    # What is known of what it found.
    "found.expired_carried": "Lot {lot} of {product} went out of date {expires_on:on}, {days:day} ago.",
    "found.recalled_carried": "Lot {lot} of {product} was recalled {since:on} ({reason}).",
    "found.carried_uncounted": "It was issued without being counted first: {why}.",
    "found.carried_not_whole": "It has {left} of its {of:dose} left.",
    "found.quarantined_carried": "It is quarantined ({reason}) and still out.",
    "found.kit_with_leaver": "The officer's last day was {left_on}, and no return is recorded.",
    "found.training_lapsed": "The officer's last training was valid for 12 months, until {until}.",
    "found.kit_without_pouch": "It was issued {since:on} without a pouch, so nothing logs when it is opened.",
    "found.doses_off": _doses_off,
    "found.doses_told": _doses_told,
    "found.more_reported": (
        "Usage report {report} is for {doses:dose}, but only {taken} of them came from kit {kits:and}."
    ),
    "found.none_taken": "Usage report {report} is for {doses:dose}, but none has been taken from a kit yet.",
    "found.officer": "officer {officer}",
    "found.kit_issued_twice": (
        "It was issued to {first} {since:on} and to {second} {at:on}, with no return in between."
    ),
    "found.ledger_impossible": _impossible,
    "found.and_now": "{what} According to its last movement it is {status}.",
    "found.stocktake": _difference,
    "found.record_tampered": _tampered,
    "found.sequence_gap": _gap,
    "found.gap_elsewhere": _gap_elsewhere,
    "found.records_removed": _removed,
    "found.log_put_back": (
        "The log of tag {tag} ended at entry {last} when the tag was in the dock {at:on}, but entries up to "
        "{collected} had already been collected."
    ),
    "found.start_missing": (
        "Entry {record} in the log of tag {tag} comes from another start of the tag than the entry before it, and no "
        "entry records that start."
    ),
    "found.tag_interrupted": _interrupted,
    "found.tag_faulty": (
        "Tag {tag} recorded {errors:error} of its own in {days:day}, the last one in entry {record} of its log: {what}."
    ),
    "found.clock_implausible": _wrong_clock,
    "found.opening_unexplained": _unexplained,
    "found.report_due": (
        "Used on someone ({doses:dose}), as {by} said {at:on}. The usage report isn't filed yet. It is due by {due}."
    ),
    "found.report_overdue": (
        "Used on someone ({doses:dose}), as {by} said {at:on}. The usage report isn't filed yet. It was due by {due}."
    ),
    "found.explanation_contradicted": "The reason given by {by} is '{cause}', but that doesn't fit with {against:and}.",
    "found.dose_marks": "{marks:dose mark}",
    "found.report": "usage report {report}",
    "found.explained_by_another": (
        "The reason was given by {by} ('{cause}'), but the ledger says that officer {officers:or} had the pouch."
    ),
    "found.docked_by_another": (
        "Officer {officer} brought it to the dock {at:on}, but the ledger says that officer {holders:or} has it."
    ),
    "found.use_not_logged": (
        "Usage report {report} is for {doses:dose} used {at:on}, but no tag logged an opening then."
    ),
    "found.use_without_tag": (
        "Usage report {report} is for {doses:dose} used {at:on}, but the officer had no pouch with a tag then."
    ),
    "found.fewer_issued": (
        "Usage report {report}, filed {filed_at:on}, asked for {wanted:kit}. Issued since then: only {issued}."
    ),
    "found.none_issued": (
        "Usage report {report}, filed {filed_at:on}, asked for {wanted:kit}. None has been issued since then."
    ),
    "found.outside_storage_limits": (
        "The label of {product} says {limits}. The tag in its pouch measured {measured:and} ({records:entry} in its "
        "log). It measures its own chip, not the kit."
    ),
    "found.limits": _label_limits,
    "found.warmest": "up to {celsius} °C (within {error} °C) {when}",
    "found.coldest": "down to {celsius} °C (within {error} °C) {when}",
    "found.between": _between,
    "found.not_docked": (
        "It was last in the dock {last:on} and has been carried for {days:day} without coming back to it."
    ),
    "found.never_docked": "It has been carried for {days:day} and has never been in the dock.",
    "found.tag_silent": "Its tag was last heard {last:on}. The pouch has been at {place} for {days:day} since then.",
    "found.tag_never_heard": "Its tag has never been heard. The pouch has been at {place} for {days:day}.",
    "found.docking_broken_off": "The dock began to collect its log {at:on} and was interrupted.",
    "found.docking_failed": "The dock couldn't collect its log {at:on}. {detail}",
    "found.battery_low": "The battery was at {percent}% when the pouch was last in the dock, {at:on}.",
    "found.log_unread": (
        "Its tag {tag} was taken out of use {retired_at:on} and was last in the dock {last:on}. What it logged after "
        "that is lost."
    ),
    "found.log_never_read": (
        "Its tag {tag} was taken out of use {retired_at:on} and was never in the dock. What it logged is lost."
    ),
    "found.pouch_emptied": "Kit {kit} was {became} {since:on} and has not been replaced.",
    "found.pouch_docks_empty": (
        "The pouch was in the dock {docked:on} with no kit recorded in it. Kit {kit} left it {left:on}."
    ),
    "found.pouch_never_filled": (
        "The pouch was in the dock {docked:on} with no kit recorded in it. No kit has ever been put into it."
    ),
    "found.pouch_without_tag": "Its tag {tag} has been out of use since {since}, so nothing logs when it is opened.",
    "found.tag_moved": "Its tag {tag} was put into pouch {pouch} {at:on}.",
    "found.tag_moved_from_kit": "Its tag {tag} was put into pouch {pouch} {at:on}. This pouch still has a kit in it.",
    # What to do about it.
    "next.expired_carried": "Swap it for one that is in date: {step}.",
    "next.recalled_carried": "Call it in and swap it for one from another lot: {step}.",
    "next.not_whole_carried": "Swap it for a full one, then count what is left in it: {step}.",
    "next.not_whole_urgent": "Call it in, swap it for a full one, then count what is left in it: {step}.",
    "next.quarantined_carried": "Swap it: {step}. Or release it if it is sound: {release}.",
    "next.kit_with_leaver": "Ask where the kit is, then take it back: {step}.",
    "next.training_lapsed": "Book the refresher, then record the training: {step}.",
    "next.kit_without_pouch": "If it is in a pouch, record which: {step}.",
    "next.doses_gone": "Ask whether it was used and not reported, then count it again: {step}.",
    "next.doses_lack": "Record the doses of the report: {step}. Or count the kit again: {count}.",
    "next.doses_not_gone": "Count it again: {step}. If the count is right, correct what was said or reported.",
    "next.same_doses": (
        "If both reports are about the same doses, say so: {step}. If not, say how many were used in all: {explain}."
    ),
    "next.doses_told": "Ask again, then record how many doses were used: {step}.",
    "next.doses_or_report_anew": (
        "Ask again, then record how many doses were used: {step}. Or file a corrected report: {amend}. Counting the "
        "kit settles it too."
    ),
    "next.the_other_doses": "Ask which kit the other {doses:dose} came from, then record it: {step}.",
    "next.doses_of_report": "Ask which kit the {doses:dose} came from, then record it: {step}.",
    "next.kit_issued_twice": "Find out which box is where. See what is recorded: {step}.",
    "next.ledger_impossible": "Find out where the box is. See what is recorded: {step}.",
    "next.stocktake_missing": "Look for it again. If it is gone, record it as lost: {step}.",
    "next.stocktake_unexpected": "Record how it got there. See what happened to it before: {step}.",
    "next.stocktake_unknown": "Receive it, or correct its label if that is wrong: {step}.",
    "next.stocktake_wrong_place": "Record that it has moved, or take it back to where it belongs: {step}.",
    "next.stocktake_double": "Check whether two boxes carry the number {kit}.",
    "next.count_again": "Count it again: {step}.",
    "next.keep_as_evidence": "Keep the pouch and its tag as evidence, count its kit and enrol another tag.",
    "next.gap_elsewhere": (
        "Look for openings of that time at the other station, or in the database that was kept when the backup was "
        "restored. Set up each tag at one station only."
    ),
    "next.sequence_gap": "Ask whether the kit was used, and put the pouch into the dock more often.",
    "next.tag_interrupted": (
        "Ask whether somebody connected it by cable or changed its battery. If nobody did, count the kit."
    ),
    "next.tag_faulty": "If more errors come, flash the tag again or replace it.",
    "next.clock_implausible": (
        "Check this computer's clock. The times of openings are worked out from the other visits."
    ),
    "next.opening_unexplained": "Ask why, then record the answer: {step}.",
    "next.report_missing": "File the report: {step}.",
    "next.used_or_count": "Ask again. If it was a use, record that: {step}. If not, count the kit.",
    "next.used_or_withdraw": (
        "Ask again. If it was a use, record that: {step}. If not, count the kit and withdraw the report: {withdraw}."
    ),
    "next.explained_by_another": (
        "Ask officer {officer}, then record the answer: {step}. If pouches were swapped, correct who has which kit."
    ),
    "next.docked_by_another": (
        "Check which pouch each of them has. If they were swapped, take the kits back ({step}) and issue them again "
        "({issue}). If not, this clears when officer {holder} brings it to the dock."
    ),
    "next.opening_of_report": "Ask whose pouch it was, then say which opening: {step}.",
    "next.opening_or_kit": (
        "Ask whose pouch it was, then say which opening: {step}. Or say which kit the doses came from: {use}."
    ),
    "next.resupply_undelivered": "Issue the kits, or ask whether they are still needed: {step}.",
    "next.outside_storage_limits": (
        "Check what the maker of {product} says, decide what to do with the kit, and record it: {step}."
    ),
    "next.not_docked": "Ask for the pouch to be put into the dock. If the dock doesn't see it, check its battery.",
    "next.tag_silent": "Put the pouch into the dock once, and check its battery.",
    "next.docking_failed": "Put the pouch into the dock again. Its tag keeps its log until the station has it.",
    "next.battery_low": "Charge it or fit a fresh battery. With a flat battery, nothing is logged.",
    "next.log_unread": "Ask whether the pouch was opened, and count the kit: {step}.",
    "next.pouch_without_kit": "Look inside it. If there is a kit, record that: {step}.",
    "next.tag_moved": "If this pouch is still in use, give it another tag: {step}.",
    "next.keep_back": "Don't issue it: it would go out of date while being carried.",
    "next.issue_first": "Issue it first.",
    "next.nothing_yet": "Nothing yet. It stays in date for as long as a kit is carried.",
    "next.nothing_to_bring": "No other kit in stock is in date for longer. See how many to order: {step}.",
    "next.ask_the_quartermaster": "Ask the quartermaster.",
    "next.take_back": "{why} Take this one back: {step}.",
    "next.bring": "Bring kit {new} and swap them: {step}.",
    "next.bring_from": "Bring kit {new} from {place} and swap them: {step}.",
    # What it rests on, what was done about it, and what is known of what expires.
    "fact.gone": "no longer kept",
    "fact.movement": _fact_movement,
    "fact.record": _fact_record,
    "fact.report": _fact_report,
    "fact.docking": _fact_docking,
    "fact.stocktake": "of {place}, closed by {login}",
    "discrepancy.is_so_already": _is_so_already,
    "discrepancy.is_otherwise": _is_otherwise,
    "discrepancy.no_such_kind": "There is no kind of discrepancy called {kind}. See all of them: {rules}.",
    "discrepancy.several": "More than one discrepancy is about {name}. Say which: {which:or}.",
    "discrepancy.unknown": "There is no discrepancy called {name} at present. See all of them: {known}.",
    "expiry.no_such_holder": (
        "There is no officer or place {holder}. See the officers: {officers}. See the places: {places}."
    ),
    "expiry.no_such_product": _no_such_product,
    "expiry.no_day_to_come": "{until} isn't in the future. Choose a date after {today} until which to hide the kit.",
    "expiry.is_gone": "Kit {kit} is {status}, so there is nothing to acknowledge.",
}

# Tags: the dock, the radio, USB, firmware, the bench.


def _sentence(text: str) -> str:
    """An error as a sentence of its own: what the wire's own errors say is a fragment."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!', ':')) else '.'}"


def _radio_failed(why: str) -> str:
    return _sentence(why)


def _docking_failed(error: str, committed: int, again: bool) -> str:
    said = [
        f"Only {plural(committed, 'entry', 'entries')} collected." if committed else "Not collected.",
        _sentence(error),
        "The tag keeps its log, and Kitdock tries again." if again else "",
    ]
    return " ".join(filter(None, said))


def _more_altered(more: int) -> str:
    if more == 1:
        return "1 more entry in the tag's log is not as the tag wrote it. It is kept as evidence too."
    return f"{more} more entries in the tag's log are not as the tag wrote them. They are kept as evidence too."


def _pouch_failed(pouch: str, error: str) -> str:
    return f"Pouch {pouch} was not collected. {_sentence(error)}"


def _not_docked(port: str, error: str) -> str:
    return f"The tag on {port} was not docked. {_sentence(error)}"


def _log_unreadable(error: str) -> str:
    return f"The log can't be read over the cable. {_sentence(error)}"


def _openings_logged(seconds: list[int], records: int) -> str:
    long = f" of {' and '.join(f'{each} s' for each in seconds)}" if seconds else ""
    return f"{plural(len(seconds), 'opening')}{long}, {plural(records, 'record')} of the lid"


def _send_the_report(path: object, failed: int, go_on: str | None) -> str:
    said = [
        f"The report is {path}.",
        "Attach it to an issue and send it to us, whatever it says. It holds no keys and no names.",
        "To do a step again, add --only with its number to --resume." if failed else "",
        f"To go on: {go_on}." if go_on else "",
    ]
    return " ".join(filter(None, said))


def _clock_set(step_s: int, now: str) -> str:
    way = "forward" if step_s > 0 else "back"
    return (
        f"This computer's clock was put {way} by {_roughly(abs(step_s))} and now says {now}. Check that it's right: "
        "openings are dated by it."
    )


def _roughly(seconds: int) -> str:
    for unit, size_s in (("year", 365 * 86_400), ("day", 86_400), ("hour", 3600)):
        if seconds > 1.9 * size_s:
            return plural(round(seconds / size_s), unit)
    return plural(round(seconds / 60), "minute")


def _radio_lost(adapter: str, error: str) -> str:
    which = f"Adapter {adapter}: " if adapter and adapter not in error else ""
    return f"{which}{_sentence(error)} The dock goes on by itself once it can."


def _radio_back(adapter: str) -> str:
    return (
        f"Adapter {adapter} works again. The dock goes on." if adapter else "Bluetooth works again. The dock goes on."
    )


TAGS: Sentences = {
    # The radio, the session, the serial port.
    "radio.no_scan": (
        "Bluetooth can't scan ({error}). Is it switched on? On Linux, is BlueZ running? "
        "With a USB dongle you need neither: add --adapter usb:0."
    ),
    "radio.no_stack": "Adapter {adapter} needs the bumble stack. Run `pip install 'kitdock[dongle]'`.",
    "radio.cannot_open": _radio_failed,
    "link.no_connection": "The tag can't be connected to ({why}).",
    "link.timed_out": "timed out",
    "link.not_connected": "The tag is not connected, or it has no session service.",
    "link.gone_while_written_to": "The tag went away while it was being written to ({error}).",
    "link.silent": lambda seconds: f"The tag said nothing for {seconds:g} s.",
    "link.drags": lambda seconds: f"The tag did not finish its answer within {seconds:g} s.",
    "link.not_proven": lambda seconds: f"The device did not prove within {seconds:g} s that it is the tag.",
    "link.more_than_asked": "The tag sent more than it was asked for.",
    "link.gap_senseless": "The tag says that its log begins at entry {first}. That can't be.",
    "link.status_senseless": "What the tag says about itself makes no sense.",
    "link.dropped": "The tag dropped the connection.",
    "link.nothing_more": "The tag had nothing more to say.",
    "link.wrong_key": "The device answers to the tag's adverts but does not hold its session key.",
    "link.session_refused": "The tag refused the session ({reason}).",
    "link.operation_refused": lambda operation, reason: f"The tag refused operation {operation:#04x} ({reason}).",
    "link.malformed": "malformed message",
    "link.unknown_operation": "unknown operation",
    "link.out_of_range": "value out of range",
    "link.proof_of_another_key": "proof made with another key",
    "link.unknown_version": "unknown protocol version",
    "link.flash_write_failed": "flash write failed",
    "link.busy": "busy with another link",
    "link.error_number": "error {number}",
    "port.of_the_chip": "Espressif chip, maybe a tag",
    "port.of_a_bridge": "serial bridge ({maker}), maybe with a tag behind it",
    "port.of_something_else": "something else",
    "port.missing": "There is no serial port {port}. See which there are: {see}.",
    "port.in_use": "Port {port} is in use by another program. End that one first.",
    "port.not_permitted": (
        "You have no access to port {port}. On Linux, add yourself to its group, often dialout, and log in again."
    ),
    "port.cannot_open": "Port {port} can't be opened ({error}). See which there are: {see}.",
    "port.no_answer": (
        "Nothing on port {port} answers as MicroPython does. Is it a tag, and is it awake? "
        "If the board has no MicroPython yet: {flash}."
    ),
    "board.answers_in_another_form": (
        "The tag on {port} did not answer in Kitdock's form. Does it run Kitdock's firmware?"
    ),
    "board.refused": "The tag on {port} refused ({reason}).",
    "board.of_another_release": (
        "The board on {port} doesn't have Kitdock's firmware, or has another release of it ({reason}). "
        "Flash it first: {flash}."
    ),
    "board.failed": "The tag on {port} failed ({reason}).",
    "board.gives_no_reason": "it gave no reason",
    "board.gone": "The tag on {port} went away. Plug it in again and repeat the command.",
    "board.does_not_start_anew": (
        "The tag on {port} was wiped but does not restart. Unplug it, plug it in and try again."
    ),
    # A docking, and what is said of openings there.
    "docking.connected": "Connected.",
    "docking.received": "{records} received.",
    "docking.committed": "{records} committed.",
    "docking.complete": "Collected: {added:new record}.",
    "docking.partly": "Collected so far: {added:new record}. The rest follows at its next turn.",
    "docking.drags": lambda seconds: f"The tag took longer than {seconds:g} s, so the dock let it go for now.",
    "docking.stopped": "Kitdock had to stop before it had everything.",
    "docking.too_many_records": (
        "The tag says that its log holds {ends_at} entries. Since it was enrolled, it can have made at most {most}."
    ),
    "docking.nothing_new": "Collected: nothing new.",
    "docking.failed": _docking_failed,
    "docking.gap": _gap_at_dock,
    "docking.gap_elsewhere": _gap_elsewhere,
    "docking.altered": "Entry {sequence} in the tag's log is not as the tag wrote it. It is kept as evidence.",
    "docking.more_altered": _more_altered,
    "docking.time_refused": (
        "The tag didn't take this computer's time, {now}. Set this computer's clock: openings are dated by it."
    ),
    "docking.expiry_refused": "The tag did not take its kit's expiry date. {error}",
    "docking.rolled_back": (
        "The tag's log ends at record {ends_at}, but {committed} are committed: its flash was put back to an earlier "
        "state. Take the tag out of use and enrol it again."
    ),
    "docking.heard": "In the dock (battery {battery_percent}%). Collecting {waiting:new record}.",
    "docking.heard_behind": "In the dock (battery {battery_percent}%).",
    "docking.replayed": "An old signal from this tag is being repeated. Kitdock ignores it.",
    "docking.safe_mode": (
        "The tag is in safe mode. It logs openings, but can't be collected until its firmware works again. Plug it "
        "into USB, then use {log} and {flash}."
    ),
    "docking.in_safe_mode": "Pouch {pouch} can't be reached. {how}",
    "docking.not_heard": (
        "Pouch {pouch} was not heard within {seconds} s. Put it in the dock, or press its button with the lid closed, "
        "then try again."
    ),
    "opening.no_such_number": "Pouch {pouch} has no opening number {sequence}. See which it has: {see}.",
    "opening.none_unexplained": (
        "Pouch {pouch} has no opening left to explain. To explain one again, name it as {named}:SEQUENCE. See its "
        "openings: {see}."
    ),
    "opening.carried_by": (
        "Officer {officers:or} had the pouch at opening {opening}. Say with --officer who explains it."
    ),
    "opening.carried_by_nobody": (
        "Kitdock doesn't know who had the pouch at opening {opening}. Say with --officer who explains it."
    ),
    "opening.unknown_cause": "There is no cause '{cause}'. Choose {causes:or}.",
    "opening.doses_of_another_cause": "Doses can only be given with the cause {used}, not with {cause}.",
    "opening.no_dose_marks": "Opening {opening} has no dose marks. Say with --doses how many doses were given.",
    "opening.impossible_doses": "{doses} doses can't be right. Give a number from 1 to {most}.",
    "opening.none_near_the_incident": (
        "That pouch has no opening within an hour of the incident. Check the time, or collect the pouch at the dock "
        "first. You can also file the report without --opening."
    ),
    # Putting the firmware onto a board.
    "flash.extra_missing": "Flashing needs {module}. Run `pip install 'kitdock[flash]'`.",
    "flash.not_the_firmware": (
        "Folder {folder} is not the firmware's folder. Give the one in a checkout of Kitdock with --firmware FOLDER, "
        "or leave the option out to take the firmware that comes with Kitdock."
    ),
    "flash.no_firmware_folder": (
        "There is no folder {folder}. Give the firmware's folder in a checkout, or leave --firmware out."
    ),
    "flash.does_not_compile": "File {source} does not compile ({reason}).",
    "flash.compiler_gives_no_reason": "the compiler gave no reason",
    "flash.table_unreadable": "Partition table {path} can't be read ({reason}).",
    "flash.no_table": "File {path} is not a partition table: line {line!r} makes no sense.",
    "flash.empty_table": "Partition table {path} lists no partition.",
    "flash.application_compiled": "Application compiled: {files:file}, {size} bytes.",
    "flash.application_is": "Application: {files:file} written, {unchanged} up to date.",
    "flash.image_is": "The image is MicroPython {version} for the {chip}, {vouched}.",
    "flash.sha256_is": "Its SHA-256 is {sha256}.",
    "flash.log_elsewhere": (
        "The board on {port} keeps its log in another place, which this would overwrite. Fetch the log first, with "
        "the release that flashed the board: {log}. Then repeat this command with --erase-log."
    ),
    "flash.log_erased": "Log and keys erased.",
    "flash.up_to_date": "{part}: up to date",
    "flash.writing": lambda part, size, offset: f"{part}: writing {size} bytes at 0x{offset:x}",
    "flash.too_little": "The board on {port} has too little flash ({size_kib} KiB). A tag needs {least_kib} KiB.",
    "flash.size_unknown": (
        "The board on {port} doesn't say how much flash it has, and that may be too little. A tag needs "
        "{least_kib} KiB."
    ),
    "flash.waiting_for_start": "Waiting for MicroPython to start.",
    "flash.does_not_start": (
        "It does not start by itself. Press and release the board's RESET button, without holding BOOT."
    ),
    "flash.other_micropython": (
        "The board on {port} has MicroPython {version}, and the firmware needs {wanted}. Give an image: {flash}."
    ),
    "flash.no_log_partition": (
        "The board on {port} has no partition for the log in the right place. Give an image: {flash}."
    ),
    "flash.no_chip": (
        "No chip answers on port {port}. Hold its BOOT button, press and release RESET, release BOOT, then repeat the "
        "command."
    ),
    "flash.other_chip": "The board on port {port} has an {chip}, and the firmware is for an {wanted}.",
    "flash.chip_failed": "The board on port {port} failed ({reason}). Nothing is lost: repeat the command.",
    "flash.chip_gone": (
        "The board on port {port} went away. Plug it in again and repeat the command. It goes on where it stopped."
    ),
    "flash.does_not_keep": lambda port, offset: (
        f"The flash of the board on {port} does not keep what is written at 0x{offset:x}."
    ),
    "flash.no_room": "There is no room for {path} in the board's file system. Remove what is not Kitdock's.",
    "flash.file_not_taken": "The board on {port} did not take {path} ({error}). Repeat the command.",
    "flash.file_differs": "File {path} on the board is not what was written. Repeat the command.",
    "flash.image_or_images": "Give --image or --images, not both.",
    "flash.checksum_of_no_image": "Name the image that has this SHA-256: --image FILE.",
    "flash.erase_log": "Erase the log and the keys of the board on {port}? Whatever it has not handed over is lost.",
    "flash.flashed": "The board on {port} is flashed with MicroPython {micropython} and the firmware.",
    "flash.nothing_written": "The board on {port} is up to date. Nothing was written.",
    "image.where": (
        "Get the one for the ESP32_GENERIC_C6 or SEEED_XIAO_ESP32C6 from MicroPython's download page. Its name looks "
        "like {like}."
    ),
    "image.unreadable": "Image {image} can't be read ({reason}).",
    "image.cut_short": "Image {image} is cut short: it has only {size} bytes. Get it again.",
    "image.cut_short_or_damaged": "Image {image} is cut short or damaged. Get it again.",
    "image.without_application": (
        "Image {image} has no partition table with an application. It must be the .bin that is written at 0, not an "
        "update. {where}"
    ),
    "image.not_micropython": "Image {image} is not MicroPython. {where}",
    "image.other_micropython": "Image {image} is MicroPython {version}, and the firmware needs {wanted}. {where}",
    "image.does_not_fit": "Image {image} does not fit the tag's partition table. {where}",
    "image.no_folder": "There is no folder {folder}.",
    "image.none_fits": lambda reasons: "\n".join(reasons),
    "image.none_there": "There is no image (*.bin) in folder {folder}. {where}",
    "image.no_image": "File {image} is not an image for an {chip}: it does not begin like one. {where}",
    "image.of_another_chip": "Image {image} is for the {chip}, and the tag has an {wanted}. {where}",
    "image.chip_number": "chip {number}",
    "image.no_checksum": "I can't read {typed!r} as a SHA-256. Give its {digits} hexadecimal digits.",
    "image.not_the_named": (
        "Image {image} is not the one you named: its SHA-256 is {sha256}, and --sha256 says {named}. Get the image "
        "again, or correct --sha256."
    ),
    "image.damaged_or_swapped": (
        "Image {image} has the name of one of MicroPython's own images, but is another file ({size} bytes, SHA-256 "
        "{sha256}). It is damaged, or was swapped. Get it again, and give an image of your own another name."
    ),
    "image.as_published": "as MicroPython published it",
    "image.as_named": "the one named with --sha256",
    "image.unknown": (
        "Kitdock doesn't know image {image} by its SHA-256, which is {sha256}. Make sure that it is the file which "
        "MicroPython published, then say so: repeat the command with --sha256 {sha256}."
    ),
    # The bench: its steps and its report.
    "bench.no_such_step": "There is no step {name}. See which there are: {list}.",
    "bench.steps_not_named": "Name the steps by their numbers, such as F1,F2. See which there are: {list}.",
    "bench.no_such_instrument": "There is no instrument {name!r}. Choose from: {instruments}.",
    "bench.no_such_number": "There is no number {number}. The numbers go from 1 to {most}.",
    "bench.report_exists": (
        "File {path} exists already. Go on with it by --resume {path}, or choose another --report FILE."
    ),
    "bench.no_folder_for_report": "No report can be written to folder {folder}. Choose another --report FILE.",
    "bench.report_unreadable": "Report {path} can't be read ({reason}).",
    "bench.no_report": "File {path} is not a report of the bench. Choose a file that was written by {bench}.",
    "bench.report_changed": "Report {path} was changed by hand or by another release of Kitdock. Begin a new one.",
    "bench.report_of_another_board": (
        "Report {path} belongs to another board. Begin a new report, or connect that board."
    ),
    "bench.report_not_written": "Report {path} can't be written ({reason}).",
    "bench.report_is": "The report is {path}. It is written again after each step.",
    "bench.report_or_resume": "Give --report or --resume, not both.",
    "bench.no_port_named": "Name the board's serial port with --port PORT. See which there are: {see}.",
    "bench.in_use": (
        "\nThe steps from here on are yours, with the tag as it is used on a pouch. If it has no keys, give it some: "
        "{provision}. Then pull the cable."
    ),
    "bench.by_the_command": "the command",
    "bench.by_you": "you",
    "bench.usb_alone": "USB only",
    "bench.list_tells": "To see everything about each step: {all}. The instruments are listed in hardware/bench.md.",
    "bench.all_sections": "all",
    "bench.send_it": _send_the_report,
    # The bench: what is said and asked.
    "bench.what_have_you": "What have you got? Steps that need anything else are left out.",
    "bench.their_numbers": "Their numbers, such as 1 4 (Enter: none of them)",
    "bench.how": "{how}.",
    "bench.prompt": "{prompt} (?: why, s: skip this step, q: stop)",
    "bench.prompt_at_the_end": "{prompt} (q: stop, ?: why)",
    "bench.enter_when_done": "Press Enter when that is done",
    "bench.enter_alone": "Press Enter on its own, or one of the keys.",
    "bench.enter_or_r": "Press Enter, or r.",
    "bench.go_on_or_repeat": "Enter: go on, r: repeat this step",
    "bench.y_or_n": "y or n",
    "bench.does_not_pass": "{typed} does not pass. If you mistyped it, type it again. Press Enter to keep it.",
    "bench.no_number": "I can't read {typed!r} as a number. Type it like 17 {unit}.",
    "bench.nobody_to_ask": "there is nobody to ask",
    "bench.skipped": "skipped",
    "bench.not_bare": "The board still has the keys that the bench gave it. {error} To take them away: {wipe}.",
    "bench.needs": "needs {instruments}",
    "bench.not_done": "not done: {why}",
    "bench.passed": "passed: {said}",
    "bench.failed": "FAILED: {said}",
    "bench.why_awake": "The bench needs the board awake, with known levels at its pins.",
    "bench.expected": "Expected: {expected}.",
    "bench.source": "Where this comes from: {source}.",
    "bench.passes": "passes: {range}",
    "bench.yes": "yes",
    "bench.no": "no",
    "bench.a_checksum": "64 hexadecimal digits",
    "bench.number": lambda number, unit: f"{number:g} {unit}",
    "bench.at_most": lambda most, unit: f"at most {most:g} {unit}",
    "bench.at_least": lambda least, unit: f"at least {least:g} {unit}",
    "bench.from_to": lambda least, most, unit: f"{least:g} to {most:g} {unit}",
    "bench.reading": "{what}: {answer}",
    "bench.readings": lambda readings, ranges: "; ".join(readings),
    "bench.wrong_readings": lambda readings, ranges: f"{'; '.join(readings)} (passes: {'; '.join(ranges)})",
    # The bench: the board.
    "bench.maybe_asleep": "{error} If the board is asleep: {ready}",
    "bench.lacks_firmware": "The board on {port} doesn't have Kitdock's firmware. Flash it first: {flash}.",
    "bench.somebodys_tag": (
        "The board on {port} is tag {tag}, and the bench would destroy its keys and its log. Fetch its log, then "
        "wipe it: {wipe}. Or take another board."
    ),
    "bench.no_power_sensed": (
        "The board reads no power at DOCK_SENSE, so it would fall asleep. On a bare board, connect D3 to 3V3. A "
        "complete tag gets it from USB."
    ),
    "bench.other_keys": "The board on {port} doesn't hold the keys that were written.",
    "bench.log_unreadable": _log_unreadable,
    "bench.chip_is": "{machine}, MicroPython {micropython}, chip revision {revision}",
    "bench.files_not_compared": "not compared",
    "bench.files_differ": "{count} differ",
    "bench.files_are_right": "as they should be",
    "bench.other_firmware": "the board has firmware {firmware}, this Kitdock has {wanted}",
    "bench.other_files": "the board has firmware {firmware}, this Kitdock has {wanted}: {files}",
    "bench.log_partition_elsewhere": "the log's partition is in the wrong place: flash the board with an image",
    "bench.firmware_is": "firmware {firmware}, files {files}, {free_kib} KiB free",
    "bench.nvs_forgets": "what was written does not read back",
    "bench.nvs_other_error": "a missing blob gives error {error}, not {wanted}",
    "bench.nvs_keeps_erased": "reads back; not found is {not_found}; an erased blob stays in flash",
    "bench.nvs_forgets_erased": "reads back; not found is {not_found}; an erased blob is gone from flash",
    "bench.hard_reset": "a hard reset",
    "bench.other_reset": "cause {cause}, not a hard reset ({wanted})",
    "bench.number_there": "{cause}; the number is still there",
    "bench.number_gone": "{cause}; the number is gone",
    "bench.flash_forgets": "does not read back once {once}",
    "bench.once_erased": "erased",
    "bench.once_programmed": "programmed",
    "bench.once_cleared": "cleared",
    "bench.once_erased_again": "erased again",
    "bench.flash_keeps": "everything reads back; an erase takes {erase_ms} ms",
    "bench.woken_otherwise": "woken by {reason} after reset {cause}, not by the timer",
    "bench.woken_by_timer": "woken by the timer; the clock is off by {percent}%",
    "bench.not_woken_by_timer": "woken by {reason}, not by the timer",
    "bench.wake_takes": "{start_ms} ms to start, {imports_ms} ms to import, {whole_ms} ms in all",
    # The bench: pins, log, air, warmth.
    "bench.lid_open_before": "the lid's pin reads open before you have begun",
    "bench.wakes_by_itself": "The board wakes by itself within a minute ...",
    "bench.woken_by_other_pins": "not woken by the lid's pin: reason {reason}, pins {pins}",
    "bench.woken_by_no_pin": "not woken by the lid's pin: reason {reason}, no pins",
    "bench.woken_at_once": "woken at once, before the lid was opened",
    "bench.pad_not_taken_back": "woken by the lid's pin, which then reads 0: its pad was not taken back",
    "bench.woken_by_lid": "slept {slept_s} s, woken by the lid's pin, which reads 1",
    "bench.leave_it_so": lambda seconds: f"Leave it like this for {seconds:g} s ...",
    "bench.not_verified": "{unverified:record} of {records} not verified",
    "bench.started_anew": "the board restarted meanwhile",
    "bench.reports_a_fault": "the firmware reports a fault",
    "bench.away_and_back_not_logged": "the log lacks leaving the dock, or coming back to it",
    "bench.wakes_again_and_again": (
        "{records} records of the lid: the board wakes again and again, as if the pad of the lid's pin were not taken "
        "back"
    ),
    "bench.openings_logged": _openings_logged,
    "bench.marks_logged": "{marks:dose mark}, {inside} within an opening",
    "bench.meter_shows": "what the meter shows",
    "bench.millivolts": lambda read, meter, percent: f"{read} mV against {meter:g} mV: {percent:+.1f}%",
    "bench.search_finds_too_few": "the search finds only {before} of 3 keys before the wipe, so it proves nothing",
    "bench.keys_found": "{before} of 3 keys before the wipe, {after} after",
    "bench.lay_one_metre_off": (
        "Lay the board 1 m away from this computer's Bluetooth antenna, with no metal between them."
    ),
    "bench.no_fresh_address": "the chip did not take a fresh random address",
    "bench.too_few_heard": "only {heard} advertisements heard with the switch powered",
    "bench.nothing_without_antenna": "{on} dBm with the switch powered, nothing heard without it",
    "bench.antenna_strength": "{on} dBm with the switch powered, {off} dBm without it",
    "bench.not_heard": lambda seconds: f"not heard within {seconds:g} s",
    "bench.docking_failed": "the docking failed: {error}",
    "bench.docked": "complete, {verified} of {records} records verified",
    "bench.lay_to_rest": lambda minutes: (
        "Put the board and the thermometer side by side in a box with a lid, out of the sun and away from radiators, "
        f"and leave them there for {minutes:g} minutes. Read the thermometer when you take them out."
    ),
    "bench.thermometer_shows": "what the thermometer shows",
    "bench.no_temperature": "the board did not read its temperature: was it away from USB long enough?",
    "bench.not_at_rest": "the board read {coldest_c} to {warmest_c} °C: its temperature had not settled",
    "bench.chip_reads": lambda warmest_c, measured_c, offset_c, error_c: (
        f"the chip reads {warmest_c} °C where {measured_c:g} °C was measured: offset {offset_c:+.1f}, "
        f"right to {error_c} °C"
    ),
    "bench.offset_found": "{reads}; set that as the tag's temperature offset once it has its keys",
    "bench.offset_too_large": "{reads}; the offset is larger than it should be",
    # The dock, and who is asked there.
    "dock.until_stopped": "The dock is open. Press Ctrl-C to close it.",
    "dock.until_stopped_asking": (
        "The dock is open. Press Ctrl-C to leave your questions for later, or to close the dock if nobody is being "
        "asked."
    ),
    "dock.already_open": "The dock is already open. To open it here instead, close it there first.",
    "dock.only_asks": (
        "The dock is already open, so this terminal only asks. Press Ctrl-C to leave your questions for later, or "
        "to stop if nobody is being asked."
    ),
    "dock.stopped": "The dock is closed.",
    "dock.asking_stopped": "This terminal asks no more. The dock stays open.",
    "dock.collected_meanwhile": "Pouch {pouch} was collected. Its questions come after these.",
    "dock.nothing_to_answer": "Pouch {pouch} was collected. There's nothing for you to answer.",
    "dock.next": "We'll ask in this order: {queues}.",
    "dock.officer_next": "officer {officer}",
    "dock.pouches_next": "pouch {pouches:and}",
    "dock.unsaved": (
        "{why} Until then nothing can be collected. Tags keep their logs, and the dock goes on by itself."
    ),
    "dock.saves_again": (
        "What pouches bring can be saved again. Leave your pouch in the dock: it's collected within a minute."
    ),
    "unsaved.locked": "Another program has locked database {path}. Wait until it's done, or close it.",
    "unsaved.clock": (
        "This computer's clock says {now}, but the newest entry is from {newest}. Set the clock. If it's that entry "
        "that is wrong, an administrator can use {accept}."
    ),
    "unsaved.no_room": "There's no room left for database {path}. Free some disk space.",
    "dock.clock_set": _clock_set,
    "dock.lines_left_out": "Earlier messages not shown: {left_out}.",
    "dock.complete": "collected",
    "dock.failed": "failed",
    "dock.battery_low": "{percent}, low",
    "dock.lid_open": "open",
    "dock.lid_closed": "closed",
    "dock.safe_mode": "safe mode",
    "dock.log_damaged": "log damaged",
    "dock.nothing_new": "No tag has anything new. To see the tags in range: {scan}.",
    "dock.none_in_range": (
        "No tag of this station is in range. Put a pouch in the dock, or press its button with the lid closed."
    ),
    "dock.report_missing": "Officer {officer}: the use {at:lately} has no report yet. To file it: {file}.",
    "dock.pouch_failed": _pouch_failed,
    "dock.some_failed": lambda failed: "\n".join(failed),
    # The dock as a service.
    "service.about_the_unit": "Kitdock replaces this file. Put changes of your own into another, with: {edit}",
    "service.description": "Kitdock dock",
    "service.not_here": (
        "Kitdock sets up the dock as a service only on Linux with systemd. For other computers, docs/service.md says "
        "what to use."
    ),
    "service.needs_root": "Only root can set up a service. Run {install}. To see what that would set up: {show}.",
    "service.needs_root_too": "Only root can take a service away. Run {uninstall}.",
    "service.no_such_login": (
        "This computer has no login {login!r}. Name one with --user, and make it first if it is only for the dock."
    ),
    "service.no_role": (
        "Login {login} has no role at this station, so it can't run the dock. An administrator of the station gives it "
        "one: {grant}."
    ),
    "unit.no_program": "Kitdock isn't installed here as a command. Install it, then try again.",
    "unit.no_systemctl": "The command systemctl is missing, so systemd can't be asked for anything.",
    "unit.refused": "The command `systemctl {arguments}` failed. It said: {why}",
    "unit.unwritable_name": "A unit of systemd can't hold the name {name!r}. Move or rename that first.",
    # How the dock is.
    "dock_status.well": "The dock is running and listening for pouches.",
    "dock_status.hears_nothing": "The dock is running but can't hear pouches. It keeps trying by itself.",
    "dock_status.not_running": (
        "The dock isn't running. It last reported in {seen:lately}. Start it with {start}. To have this computer start "
        "it and keep it running: {install}."
    ),
    "dock_status.not_known": (
        "The dock last reported in {seen:lately}. It can't report while the database can't be written, so we don't "
        "know whether it's running."
    ),
    "dock_status.never_started": (
        "No dock has been started here yet. Start one with {start}. To have this computer start it and keep it "
        "running: {install}."
    ),
    "dock_status.not_listening": (
        "No dock has listened for pouches since {since}. What their tags have logged since then hasn't been collected."
    ),
    "dock_status.not_collected": (
        "Pouch {pouch} was in the dock {since:lately} with something new. Kitdock hasn't collected it yet."
    ),
    "dock_status.radio_is_tried": "The adapter doesn't work at the moment. The dock tries it again every few seconds.",
    "dock_status.tried_again": (
        "The last try to collect from it failed. Put it back into the dock, which tries again while the pouch is there."
    ),
    "dock_status.put_back": "Put it back into the dock.",
    "dock_status.wrong_key": (
        "A device that doesn't have its tag's key answers in its place. Take the tag out of use and set up another."
    ),
    "dock_status.rolled_back": (
        "Its tag's memory was put back to an earlier state. Keep the tag as it is, and see {see}."
    ),
    "dock_status.safe_mode": "Its tag is in safe mode. Plug the tag into USB: {log}.",
    "dock_status.clock": "What it had couldn't be saved: this computer's clock was far behind the newest entry.",
    "dock_status.database": "What it had couldn't be saved: the database was locked, full or read-only.",
    "asking.officers": "officer {officers:or}",
    "asking.nobody": "nobody",
    "asking.was_with": "Pouch {pouch} was with {who} at the time.",
    "asking.issued_to": "Pouch {pouch} is issued to {who}.",
    "asking.if_for_yourself": "If you answer for yourself and not for an officer, type {myself}.",
    "asking.collar_number": "Your collar number",
    "asking.why_opened": "Pouch {pouch} was opened {at:lately} (give or take {error_ms:bound}). What was it for?",
    "asking.was_with_others": (
        "It was with officer {officers:or} at the time. If you don't know, leave the question for later."
    ),
    "asking.left_for_later": "Left for later.",
    "asking.file_now": "File the usage report now?",
    "asking.no_report_yet": (
        "Pouch {pouch} was used {at:lately} (give or take {error_ms:bound}) and has no report yet. File it now?"
    ),
    "asking.report_filed": "Usage report {report} is filed.",
    "asking.which_kit": "Which kit was used: {kits:or}?",
    "asking.kit": "Kit (press Enter if you don't know)",
    "asking.was_one_of": "Type {kits:or}, or press Enter if you don't know.",
    "asking.number_of_cause": "Type a number from 1 to {most}, or press Enter to leave it for later.",
    "asking.doses": "Doses given",
    "asking.form": (
        "{title}. Press Enter to accept the answer in brackets, or to skip a question that you can't answer."
    ),
    "asking.yes_no": "yes/no",
    "asking.answer_needed": "This one is required.",
    # The commands about tags.
    "tags.nobody_to_ask": "There is nobody to ask. Give --yes to go ahead.",
    "tags.port_or_adapter": "Give --port or --adapter, not both.",
    "tags.pouch_or_port": "Name a pouch, or the port of a tag with --port.",
    "tags.protocol_broken": "The tag of pouch {pouch} did not keep to the protocol ({error}).",
    "tags.another_on_port": "The tag on port {port} is {tag} of pouch {there}, not the tag of pouch {pouch}.",
    "tags.unknown_on_port": (
        "The tag on port {port} is {tag}, which this station doesn't know. It is not the tag of pouch {pouch}."
    ),
    "tags.not_docked": _not_docked,
    "tags.bind_key_written": (
        "The bind key of pouch {pouch} is written to {path}. Remove the file once the receiver has the key."
    ),
    "tags.bind_key_exists": "File {path} exists already and is not overwritten. Choose another file.",
    "tags.bind_key_not_written": "The bind key was not written to {path} ({reason}).",
    "tags.changed": "Changed: {items}.",
    "tags.nothing_changed": "Nothing changed.",
    "tags.shows_itself": "The tag of pouch {pouch} flashes and beeps for {seconds} s.",
    "tags.other_keys": lambda port, keys: (
        f"The tag on {port} doesn't hold the {' and '.join(keys)} keys that were written. Nothing was enrolled. Try "
        "again with --replace."
    ),
    "tags.enrolled": "Tag {tag} is enrolled in pouch {pouch}. Check values: {checks}.",
    "tags.label_written": "Its label is written to {path}.",
    "tags.label_not_written": "The label was not written to {path} ({reason}).",
    "tags.nothing_to_wipe": "The board on {port} doesn't have Kitdock's firmware, so there is nothing to wipe.",
    "tags.memory_erased": "The board on {port} is not a tag. Its memory is erased.",
    "tags.unknown_number": "an unknown number of records",
    "tags.number_of_records": "{records:record}",
    "tags.destroy_of_pouch": (
        "Destroy the keys and the log of tag {tag} of pouch {pouch}, with {losing} that nobody has fetched?"
    ),
    "tags.destroy_unknown": (
        "Destroy the keys and the log of tag {tag}, with {losing} that nobody has fetched? This station doesn't know "
        "the tag."
    ),
    "tags.wiped": "Tag {tag} is wiped. Its keys and its log are gone, with {losing} not fetched.",
    "tags.wiped_of_pouch": (
        "Tag {tag} is wiped. Its keys and its log are gone, with {losing} not fetched. Pouch {pouch} has no tag now."
    ),
    "tags.none_yet": "There are no tags yet. Enrol one: {enrol}.",
    "tags.pouch_before": "{pouch} (before)",
    "tags.never_docked": "never",
    "tags.no_records": (
        "There are no records from the tag of pouch {pouch}. Dock the pouch, or fetch them with --port PORT."
    ),
    "tags.older_records": "{older} older records are not shown. To show them all, add --limit {all}.",
    "port.none": ("There are no serial ports. Plug the tag in with a cable that carries data, and wait a moment."),
    "port.which_is_the_tags": "If several could be a tag's, pull its cable and see which one goes.",
    "info.board": "board",
    "info.micropython": "MicroPython",
    "info.flash": "flash",
    "info.partition": "{label} {size} KiB at {offset}",
    "info.files": "files",
    "info.no_file_system": "no file system",
    "info.kib_free": "{kib} KiB free",
    "info.firmware": "firmware",
    "info.other_firmware": "not Kitdock's: flash it with {flash}",
    "info.tag": "tag",
    "info.no_tag": "none yet: make it one with {provision}",
    "info.pouch": "pouch",
    "info.no_pouch_here": "none at this station",
    "info.pouch_before": "{pouch} before; now another tag is there, or none",
    "info.log": "log",
    "info.up_to_record": "up to record {last}",
    "info.advert_key": "advert key",
    "info.session_key": "session key",
    "info.key_unknown": "unknown",
    "info.key_matches": "matches",
    "info.key_differs": "differs",
    # The virtual station, and the demo on it.
    "sim.no_node": "The virtual station needs Node. Run `make setup` or `pip install kitdock[sim]`.",
    "sim.no_npm": "The virtual station needs Node. Run `pip install 'kitdock[sim]'`.",
    "sim.not_set_up": "MicroPython is not installed. Run `make setup`, or `npm ci` in {folder}.",
    "sim.not_fetched": "MicroPython for the virtual station is not here yet. To fetch it: {demo}.",
    "sim.fetching": "Fetching MicroPython for the virtual station, this once (2 MB) ...",
    "sim.npm_says_nothing": "npm says nothing",
    "sim.cannot_fetch": (
        "MicroPython for the virtual station can't be fetched ({reason}). Go online and repeat the command."
    ),
    "sim.no_firmware": "The virtual station runs the firmware's own files, and {path} is missing.",
    "sim.no_rest": "Tag {tag} does not come to rest. It printed: {printed}",
    "sim.tag_failed": "Tag {tag} failed ({error}).",
    "sim.tag_refused": "Tag {tag} refused ({reason}).",
    "sim.no_power": "Tag {tag} has no power.",
    "sim.runs_nothing": "Tag {tag} is not running MicroPython.",
    "sim.in_use": "Tag {tag} is already in use over USB.",
    "sim.not_finished": lambda seconds: f"MicroPython did not finish within {seconds:.0f} s.",
    "sim.cannot_run": "Program {program} can't be run ({error}).",
    "sim.not_micropython": "Program {program} is not MicroPython. It says: {said}",
    "sim.script_failed": "Script {script} failed under MicroPython:\n{traceback}",
    "demo.not_installed": "The virtual station is not installed ({module}). Run `pip install 'kitdock[sim]'`.",
    "demo.no_folder": "There is no folder {folder}. Make it, or choose another place for the database.",
    "demo.force": "{name}: {officers} officers, each with a pouch, a kit and a tag.",
    "demo.pouch": "{pouch}  officer {officer}, kit {kit}: {story}",
    "demo.first_docking": "Nine days ago, every pouch is collected at the dock for the first time.",
    "demo.nine_days": "Nine days pass with no radio. Today five pouches come to the dock, and P-05 does not.",
    "demo.again": (
        "Every pouch comes to the dock again. Where a kit was reported as used, the tag learns that it is gone."
    ),
    "demo.once_more": "And once more, which must add nothing:",
    "demo.docked_again": "{tags} tags docked again, {added} rows added. There are {events} events in the database.",
    "demo.rows_added": "Docking the same tags again added {rows} rows.",
    "demo.too_few_docked": "Only {docked} of {pouches} pouches were docked.",
    "demo.answers_later": "{pouch} was opened. The officer answers: later.",
    "demo.answers_used": "{pouch} was opened. Officer {officer} answers: used on someone, {doses} doses.",
    "demo.report_filed": "Usage report {report} is filed.",
    "demo.expiry": "Kits that expire",
    "demo.reconciliation": "What doesn't add up",
    "demo.took": "That took {seconds} s. The database is {db}. Try:",
    "demo.reads_reports": "who may read whole reports",
    # Questions at the terminal: how each can be left, and what `?` says of it.
    "asking.answer": "Your answer",
    "asking.as_before": "as you answered before",
    "asking.at_any_question": "At any question you can also type: back, later, ? for help.",
    "asking.begun_before": "You'd started this report. Your answers are filled in.",
    "asking.bench_words": "Type back to do this step again, s to skip it, or later to stop and go on another day.",
    "asking.change_explanation": "If that is wrong, use {change}.",
    "asking.change_report": "If something is wrong, file it again with {amend}, or withdraw it with {withdraw}.",
    "asking.count_words": "Or type back to take back your last scan, or later to stop here. Your scans are kept.",
    "asking.draft_kept": "Your answers are kept for 30 days at most. You'll be asked for this report again.",
    "asking.first_question": "This is the first question.",
    "asking.hello": "Hello, {officer}.",
    "asking.help_at_hand": "Type the numbers of what is on your bench, with spaces between them, such as 1 4.",
    "asking.help_cause": "Type a number from 1 to {most}, whichever is nearest. If you can't say, type later.",
    "asking.help_choice": "Type a number from 1 to {most}.",
    "asking.help_collar_number": (
        "Type the collar number of the officer who is answering. If a number in brackets is yours, press Enter."
    ),
    "asking.help_day_first": "Type yes if {such} is {one}. Type no if it is {other}.",
    "asking.help_destroy": (
        "Type yes to destroy that. You can't get it back after that, except from a backup. Type no to keep it."
    ),
    "asking.help_doses": (
        "Type how many doses the person was given, from 1 to {most}. A number in brackets is what the tag counted. "
        "Press Enter if it is right."
    ),
    "asking.help_doses_in_it": "Open the kit and count the doses that are left. Type 0 if there are none.",
    "asking.help_doses_in_one": "Type how many doses a full kit of this product holds, from 1 to {most}.",
    "asking.help_expiry": "Look for EXP on the pack and type that date, such as 2028-04-30, or 2028-04 without a day.",
    "asking.help_field": "{about}{kind}",
    "asking.help_field_optional": (
        "{about}{kind} If you don't know, press Enter. To leave out what is in brackets, type {empty}"
    ),
    "asking.help_file_now": (
        "Type yes to report it now, which takes about a minute. Type no or later and you are asked again the next time."
    ),
    "asking.help_go_ahead": "Type yes to go ahead. This can't be undone. Type no and nothing is changed.",
    "asking.help_had_since_then": (
        "Type yes if {holder} had the kit all along and the other name was a mistake. Type no to issue it as of now."
    ),
    "asking.help_kit": (
        "The number is on the kit's label: {kits:or}. If you don't know, press Enter. To leave out what is in "
        "brackets, type -"
    ),
    "asking.help_lot": "Look for LOT on the pack and type what follows it, such as A1.",
    "asking.help_number": "Type a whole number from {least} to {most}.",
    "asking.help_pack_right": "Compare this with what is printed on the pack. Type yes if they agree.",
    "asking.help_product": "Type the number of a product in the list, or the name of a new one as printed on the pack.",
    "asking.help_reading": "Look at the pack and type the number of the line that agrees with it.",
    "asking.help_reason": (
        "Say in a few words why the kit isn't where it was expected. If you don't know yet, press Enter: the stocktake "
        "stays open."
    ),
    "asking.help_record_it": (
        "Type yes if the time is right. The openings above then count as shown. Type no and nothing is recorded."
    ),
    "asking.help_rekey_lost": (
        "Type yes only if no copy of the key file can be found. Type no and nothing is changed: look for a copy first."
    ),
    "asking.help_restore": (
        "Type yes to replace the database with the backup. The database as it is now is kept beside it. "
        "Type no and nothing is changed."
    ),
    "asking.help_text": "Type a few words, {most} characters at most.",
    "asking.help_time": "Type a date and a time, such as yesterday 18:30 or 1 May 18:30.",
    "asking.help_yes_no": "Type yes or no.",
    "asking.kit_offered": "Kit",
    "asking.minutes": lambda min: plural(min, "minute"),
    "asking.neither": "Type yes or no.",
    "asking.not_readable": "I can't read what you typed. Please type it again.",
    "asking.nothing_changed": "Nothing was changed.",
    "asking.nothing_recorded": "Nothing was recorded.",
    "asking.number_or": "Type a number, or: back, later, ? for help.",
    "asking.reasons_kept": "The reasons you gave are kept. Go on with {close} another time.",
    "asking.recorded": "Thank you. For pouch {pouch} we have: {cause}. If that is wrong, use {change}.",
    "asking.recorded_doses": (
        "Thank you. For pouch {pouch} we have: {cause}, {doses:dose}. If that is wrong, use {change}."
    ),
    "asking.report_left": "Your answers are kept for 30 days at most. Go on with {again} another time.",
    "asking.scan_ways_out": (
        "Type back or skip to leave this pack out, or later or done to stop here. What you have scanned stays."
    ),
    "asking.scan_words": "Or type back to take back the last kit, or later to stop here. What you have scanned stays.",
    "asking.seconds": lambda s: plural(s, "second"),
    "asking.time": "{at}",
    "asking.ways_out": "Or type back for the question before, or later to leave this for another time.",
    "asking.whole_number": "Type a whole number from {least} to {most}.",
    "asking.why_opened_for": (
        "Pouch {pouch} was opened {at:lately} (give or take {error_ms:bound}) for {lasted}. What was it for?"
    ),
    "asking.word_back": "back",
    "asking.word_help": "help",
    "asking.word_later": "later",
}

# The command line's own: what was done, what is asked, what there is none of.


def _any_of(*, them: list[str]) -> str:
    return " or ".join(them)


def _lines(*, wrong: list[str]) -> str:
    return "\n".join(wrong)


def _nothing_received(*, wrong: list[str], path: Path, lines: int) -> str:
    return "\n".join(
        [*wrong, f"Nothing was received from {path}. Correct {plural(lines, 'line')} and import it again."]
    )


def _changes_openings(*, openings: list[str]) -> str:
    return "\n".join(["That time changes who had the pouch when it was opened:", *(f"  {x}" for x in openings)])


def _opening_explained(
    *, opening: str, by: str, cause: str, doses: str | None, replaced: str | None, report: str | None
) -> str:
    told = f"Opening {opening} is explained by {by}: {cause}"
    told += f", {doses}." if doses else "."
    told += f" {replaced}" if replaced else ""
    return told + (f"\nReport it with {report}." if report else "")


def _replaces(*, cause: str, by: str) -> str:
    return f"That replaces what {by} said ({_shown('cause', cause)})."


def _kit_to_count(*, kit: str, why: str) -> str:
    return _whole(f"Kit {kit} needs counting: {why}")


def _count_before_issue(*, kit: str, why: str) -> str:
    return _whole(f"Kit {kit} must be counted before it is issued again: {why}")


def _pack_received(*, kit: str, product: str, lot: str, expires_on: str, of_lot: int, marks: list[str]) -> str:
    ending = "th" if of_lot % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(of_lot % 10, "th")
    parts = [kit, product, f"lot {lot}", f"exp {expires_on}", f"({of_lot}{ending} of this lot)", *marks]
    return "".join(f"  {part}" for part in parts)


def _megabytes(*, bytes: int) -> str:
    return f"{bytes / 1_000_000:.1f} MB"


def _remarks(*, remarks: list[str]) -> str:
    told = ""
    for each in remarks:
        told += each if not told else f" {each}" if told.endswith((".", "?", "!")) else f"; {each}"
    return told


def _disagreements(*, questions: int, counts: list[str], known: int, hidden: int) -> str:
    told = f"{plural(questions, 'question')}: {', '.join(counts)}."
    told += f" Acknowledged: {known}." if known else ""
    return told + (f" Not shown: {hidden}, see them with `--all`." if hidden else "")


def _judged(*, discrepancy: str, status: str, reason: str) -> str:
    return f"{status.capitalize()}: {discrepancy} ({reason})."


COMMANDS: Sentences = {
    # What was done.
    "done.audit_head": "{mark}",
    "done.audit_holds": _audit_holds,
    "done.audit_whole": _audit_whole,
    "done.backup_written": (
        "Wrote the backup to {path} ({size}) and checked it.\n"
        "The key file isn't in it. Keep a copy of {key_file} elsewhere."
    ),
    "done.clock_accepted": "The clock now counts as right. It is {now}.",
    "done.counted": "Counted {counted:dose} in kit {kit}, as the ledger has it.",
    "done.counted_fewer": "Counted {counted:dose} in kit {kit}, {difference} fewer than in the ledger.",
    "done.counted_more": "Counted {counted:dose} in kit {kit}, {difference} more than in the ledger.",
    "done.destroyed": "Recorded {kits} as destroyed.",
    "done.digest_read": "Marked the digest of {made} as read.",
    "done.expiry_acknowledged": "Hid {kits:kit} from the expiry list until {until} ({reason}).",
    "done.found": "Recorded {kits} as found.",
    "done.found_at": "{found} It is in stock at {place}.",
    "done.issued": "Issued {kits} to {holder}.",
    "done.issued_in_pouch": "Issued {kits} to {holder} in pouch {pouch}.",
    "done.judged": _judged,
    "done.kit_received": "Received kit {kit}: {product} lot {lot}, expires {expires_on}, {doses:dose}.",
    "done.left_behind": "Recorded {kits} as left behind.",
    "done.left_with_kits": "{left} {kits:kit} still out:",
    "done.left_without_kits": "{left} No kit is out.",
    "done.loaded": "Put {kits} into pouch {pouch}.",
    "done.lost": "Recorded {kits} as lost.",
    "done.lost_of": "Recorded kit {kit} of {holder} as lost.",
    "done.officer_added": "Added officer {officer}. {training}",
    "done.officer_back": "Officer {officer} is back. {training}",
    "done.officer_changed": "Changed officer {officer}. {training}",
    "done.officer_updated": "Updated officer {officer}. {training}",
    "done.officers_imported": "Added {added:officer}, changed {changed}, and {same}.",
    "done.officers_not_imported": (
        "This would add {added:officer} and change {changed}, and {same}. Nothing was written."
    ),
    "done.opening_explained": _opening_explained,
    "done.place_added": "Added {place} ({kind}).",
    "done.product_added": "Added product {product}: {doses:dose} a kit, {gtins}.",
    "done.product_changed": "Changed product {product}: {now}.",
    "done.quarantined": "Put {kits} into quarantine.",
    "done.recall_lifted": "Lot {lot} of {product} is no longer recalled. Its kits may be issued again.",
    "done.receipt_reversed": (
        "Reversed movement {movement} of kit {kit} ({kind}, {at}). The kit is no longer in the ledger."
    ),
    "done.released": "Released {kits} from quarantine.",
    "done.report_filed": "Filed usage report {report}: {doses:dose}, officer {officer}.",
    "done.report_filed_of_kit": "Filed usage report {report}: {doses:dose} from kit {kit}, officer {officer}.",
    "done.report_matched": "Usage report {report} is now about opening {opening}.",
    "done.report_restored": "Usage report {report} counts again.",
    "done.report_same": "Usage report {report} is about the same doses as report {other}. They are counted once.",
    "done.report_withdrawn": "Withdrew usage report {report}.",
    "done.forgot_officer": "Destroyed the number. Everything that was done under it stays, under another name.",
    "done.forgot_report": "Destroyed the answers of report {report}. The report itself stays.",
    "done.rekeyed": (
        "Changed the station's key. {count:key} can be opened with it.\n"
        "Keep a copy of {key_file} elsewhere. Keep the old one as long as you keep backups from before."
    ),
    "done.rekeyed_lost": (
        "The station has a new key.\nKeep a copy of {key_file} elsewhere. Provision {tags:tag} again."
    ),
    "done.restored": "Restored the backup as {database}.",
    "done.restored_and_kept": "Restored the backup as {database}. The database from before is kept as {kept}.",
    "done.returned": "Kit {kit} is back. It had been with {holder} since {since}.",
    "done.reversed": "Reversed movement {movement} of kit {kit} ({kind}, {at}).",
    "done.role_granted": "Account {login} now has the role {role}.",
    "done.role_granted_to_officer": "Account {login} now has the role {role}, for officer {officer}.",
    "done.role_revoked": "Account {login} no longer has the role {role}.",
    "done.no_service": "There is no service to take away: {path} doesn't exist.",
    "done.service_installed": (
        "The dock is a service now, as {path}, run by {login}. It starts with this computer, and again if it fails.\n"
        "See how the dock is: {look}. See the service: `systemctl status {unit}`. Read its log: `journalctl -u {unit}`."
    ),
    "done.service_removed": "The dock is no longer a service. It was stopped, and {path} was removed.",
    "done.service_there": (
        "The dock is a service already, as {path}, run by {login}, and it is running.\n"
        "See how the dock is: {look}. See the service: `systemctl status {unit}`. Read its log: `journalctl -u {unit}`."
    ),
    "done.setting_changed": "Changed {setting} from {before} to {value}.",
    "done.station_made": (
        "Made station {station} with database {database} and key file {key_file}.\n"
        "Keep a copy of the key file in a safe place, away from the database."
    ),
    "done.stocktake_closed": "Closed stocktake {stocktake} of {place}: found {progress}, {differences:difference}.",
    "done.stocktake_given_up": "Gave up stocktake {stocktake} of {place} ({reason}).",
    "done.stocktake_scanned": (
        "Counter {counter} scanned {kits:kit}. Found {progress} in {place}.\nSee what differs with {result}."
    ),
    "done.stocktake_started": (
        "Started stocktake {stocktake} of {place}: {expected:kit} expected.\nScan them with {scan}."
    ),
    "done.taken_back": "Took kit {kit} back from {holder}.",
    "done.taken_back_counted": "Took kit {kit} back from {holder} with {doses:dose} in it.",
    "done.transferred": "Transferred {kits} to {station}.",
    "done.unloaded": "Took {kits} out of its pouch.",
    "done.used": "Recorded {doses:dose} used from {kits}.",
    "done.used_some": "{used} It has {left:dose} left.",
    "done.used_up": "{used} It is used up.",
    "done.vacuumed": "Database {database} was {before} and is now {after}.",
    "done.was_left_behind": "Recorded kit {kit} as left behind.",
    # What is said besides, and warned of.
    "said.answer_first": "That was a scan, and it wasn't received. Answer first, then scan that pack again.",
    "said.facts_destroyed": "{count:fact} destroyed by policy, last {on:on}",
    "said.audit_exported": "Exported {entries:entry}. The newest is {mark}. Keep that elsewhere.",
    "said.backup_holds": "Backup {path} is from station {station}. It holds {counts}. Newest entry: {newest}.",
    "said.backups_hold_it": "Earlier backups still hold it too.",
    "said.changes_openings": _changes_openings,
    "said.checking": "Checking {what} ...",
    "said.rows_checked": "{share}% of {of:row}",
    "said.closed_without_difference": "closed by {by} {at:on} without any difference",
    "said.copies_hold_it": "These copies still hold it: {copies}. Delete them once you no longer need them.",
    "said.copying": "Copying",
    "said.count_before_issue": _count_before_issue,
    "said.counting_as": "Stocktake {stocktake} of {place}, counting as {counter}. Scan a label, or type undo or done.",
    "said.destroyed": "Destroyed. To give the room back to the disk, use {vacuum}.",
    "said.destroyed_but_in_log": (
        "Destroyed, but {log} still holds it, because another program uses the database. Stop that program, then\n"
        "run {vacuum}, which also gives the room back to the disk."
    ),
    "said.doses_unaccounted": "Kit {kit} has {doses:dose} unaccounted for. Is a usage report due?",
    "said.entries_are_whole": "{entries:entry} are whole",
    "said.entry_is_whole": "{entries:entry} is whole",
    "said.given_up": "given up by {by} {at:on} ({reason})",
    "said.interrupted": "Interrupted.",
    "said.issue_reversed": "The issue of kit {kit} to {holder} {at:on} was reversed.",
    "said.key_file_missing": (
        "There's no key file beside {database}. Put your copy of it there as {key_file}. Without it, no tag can be "
        "docked and no protected answer read."
    ),
    "said.kit_to_count": _kit_to_count,
    "said.labels_later": "{error} Print the labels later with {labels}.",
    "said.labels_written": "Wrote {labels:label} to {path}.",
    "said.leaves": "Officer {officer} leaves {on:on}.",
    "said.left": "Officer {officer} left {on:on}.",
    "said.line_not_received": "Line {line} was not received. {why}",
    "said.next_pack": "For packs whose code has no lot: lot {lot}.",
    "said.next_pack_expires": "For packs whose code has no lot: lot {lot}, expires {expires_on}.",
    "said.no_expiry": "Lot {lot} of {product} is new, and the code has no expiry date.",
    "said.no_lot": "The code of this {product} has no lot. What you type is kept for the packs that follow.",
    "said.no_scan_left": "nothing left to undo for {counter}",
    "said.no_such_login": "This computer has no login {login}. Check how it's spelt.",
    "said.not_counted": "not counted",
    "said.not_received": "Not received. {why}",
    "said.opening_reassigned": "Opening {opening} ({at}) moves from {before} to {after}.",
    "said.pack_received": _pack_received,
    "said.pack_taken_back": "Kit {kit} taken back. {kits:kit} received.",
    "said.present_holds": "The present database holds {counts}. Newest entry: {newest}.",
    "said.reading": "Reading",
    "said.received_expired": "Kit {kit} expired {expires_on:on}, so it can't be issued.",
    "said.receiving_help": (
        "  Scan a pack. Each beep is one kit, and is recorded at once. Or type\n"
        "    lot A1 exp 2028-04-30   lot and expiry of packs whose code doesn't have them\n"
        "    undo                    take back the last kit of this session\n"
        "    done                    finish (also Ctrl-D)"
    ),
    "said.receiving_into": "Receiving into {station}. Scan a pack. Type `help` for more, or `done` to finish.",
    "said.repaired": "Rebuilt the roll-ups.",
    "said.repaired_and_put_back": "Rebuilt the roll-ups. Put back: {objects}.",
    "said.replaces": _replaces,
    "said.report_written": "Wrote {rows:row} in {tables:table} to {path}.",
    "said.rows_written": "Wrote {rows:row} to {path}.",
    "said.scan_taken_back": "taken back",
    "said.skipped": "Skipped. Nothing was added.",
    "said.stays_unexplained": "You gave no reason, so the opening stays unexplained.",
    "said.still_out": "  Kit {kit} is in no pouch. Take it back with {back}.",
    "said.still_out_in_pouch": "  Kit {kit} is in pouch {pouch}. Take it back with {back}.",
    "said.stocktake_help": (
        "Scan a label, or type K-0002 1 for a kit with 1 dose. Type undo to take back the last scan, or done to finish."
    ),
    "said.stopped_after": "{why} Kept: the {kits:kit} received before that.",
    "said.stopped_after_one": "{why} Kept: the {kits:kit} received before that.",
    "said.taken_back_at_receipt": "taken back at receipt",
    "said.trained_until": "Training is valid until {until}.",
    "said.untrained": "No training is on record. It's needed before an officer carries a kit.",
    "said.warning": "Warning: {warning}",
    "said.which_kit": "We don't know which kit the doses came from.",
    "said.which_of_kits": "We don't know which kit the doses came from. Say so with --kit: {kits}.",
    "said.written": "Written to {path}.",
    # What is asked.
    "ask.destroy": "Destroy {what}, for good?",
    "ask.doses_in_it": "Doses in it now",
    "ask.doses_in_one": "That name is new. Doses in one kit, or skip:",
    "ask.expiry": "Expiry date printed on the pack (YYYY-MM-DD or YYYY-MM), or skip:",
    "ask.had_since_then": "Has {holder} had it since then?",
    "ask.is_that_so": "Is that right? Type yes, or skip:",
    "ask.lot": "Lot printed on the pack, or skip:",
    "ask.name": "Type its name, or skip:",
    "ask.number_or_name": "Type its number, or a new name, or skip:",
    "ask.number_up_to": "Type a number from 1 to {most}, or skip.",
    "ask.reason": "Reason (press Enter if there's none yet)",
    "ask.record_it": "Record it?",
    "ask.dates_unclear": "The file has {dates:date} that can be read two ways. {such} can be {one} or {other}.",
    "ask.day_first": "Is {such} {one}?",
    "ask.rekey_lost": (
        "Without the key, the answers of {reports:usage report} and {drafts:draft} are destroyed, and {tags:tag} must "
        "be provisioned again. Go on?"
    ),
    "ask.restore": "Restore it?",
    "ask.which_product": "No product has GTIN {gtin}. Which product is it?",
    "ask.which_product_of_case": (
        "No product has GTIN {gtin}. It doesn't begin with 0, so it may be the number of a case of several packs. "
        "Which product is it?"
    ),
    "ask.which_reading": "What does the pack say? Type its number, or skip:",
    # What there is none of, and what to do then.
    "none.accounts": "No accounts yet.",
    "none.answers": "The report has no answers.",
    "none.audit": "Nothing of that kind since {since}. Go further back with --since.",
    "none.checks": "Nothing was checked.",
    "none.differences": "Stocktake {stocktake} of {place} has no differences. Found {progress}. Close it with {close}.",
    "none.differences_settled": "Stocktake {stocktake} of {place} was {outcome}.",
    "none.disagreements": "Everything agrees.",
    "none.disagreements_so": "Nothing to show. To see everything: {all}.",
    "none.discrepancies_in_month": "No discrepancies were open in this month, as far as any were noted.",
    "none.expiring": "No kits are out of date, or will be within {days:day}.",
    "none.expiring_but_known": "No kits are out of date, or will be within {days:day}.\n{known}",
    "none.facts": "It doesn't rest on any single entry.",
    "none.holdings": "No kits are out. Issue one with {issue}.",
    "none.kinds": "There are no kinds of data.",
    "none.kits": "No kits yet. Receive some with {receive} or {add}.",
    "none.kits_so": "No kits match. To see all except destroyed ones: {list}.",
    "none.kits_then": "No kits were in the ledger at {at}.",
    "none.movements": "Kit {kit} has no movements.",
    "none.noted": "Nobody has noted it yet. This is the first time it's seen.",
    "none.officers": "No officers yet. Add one with {add}.",
    "none.officers_so": "No officers match. To see them all: {list}.",
    "none.openings": "No openings. A pouch shows none if it was never opened, or hasn't been in the dock since.",
    "none.places": "No places yet. Add one with {add}.",
    "none.products": "No products yet. Add one with {add}, or scan it with {receive}.",
    "none.recalls": "No lot was ever recalled. Recall one with {recall}.",
    "none.roles": "You have no role here.",
    "none.rules": "There are no rules.",
    "none.settings": "There are no settings.",
    "none.stations": "There are no stations.",
    "none.stock": "No kits in stock. Receive some with {receive}.",
    "none.stocktakes": "No stocktakes yet. Start one with {start}.",
    "none.stocktakes_under_way": "No stocktake is under way. Start one with {start}.",
    "none.to_collect": "{about}\nNo kits to collect. In all: {counted}.",
    "none.to_count": "No kits need counting.",
    "none.to_issue": (
        "No kit at {station} can be issued. Receive some with {receive}, or move some from another station with "
        "{transfer}."
    ),
    "none.to_issue_of_product": (
        "No kit of {product} at {station} can be issued. Receive some with {receive}, or move some from another "
        "station with {transfer}."
    ),
    "none.usage_reports": "No usage reports yet. File one with {file}.",
    # Titles.
    "title.balance": "Balance of {station}",
    "title.digest": "{station}: {items:new thing}",
    "title.digest_empty": "{station}: nothing new",
    "title.discrepancies": "Discrepancies",
    "title.discrepancy": "Discrepancy",
    "title.dock": "The dock",
    "title.dock_overdue": "The dock needs attention",
    "title.doses": "Doses",
    "title.evidence": "Evidence",
    "title.expired_carried": "Out of date and being carried",
    "title.expiring": "Expiring kits",
    "title.expiring_soon": "Expiring soon, or out of date in stock",
    "title.history": "History",
    "title.holdings": "Holdings by officer and place",
    "title.holdings_of_stations": "Holdings by station",
    "title.kits": "Kits",
    "title.kits_received": "Kits received",
    "title.lot": "Lot {lot} of {product}, not recalled",
    "title.lot_recalled": "Lot {lot} of {product}, recalled",
    "title.month": "{station}, {month} {year}",
    "title.month_so_far": "{station}, {month} {year}, so far",
    "title.movements": "Movements",
    "title.movements_of_kit": "Movements of kit {kit}",
    "title.openings_by_cause": "Openings of pouches by reason",
    "title.overdue_reports": "Usage reports overdue",
    "title.products": "Products",
    "title.recalls": "Recalls",
    "title.reconciliation": "Reconciliation",
    "title.resupply": "Resupplies not delivered",
    "title.rules": "Rules of reconciliation",
    "title.stock": "Stock",
    "title.stocktake": "Stocktake {stocktake} of {place}",
    "title.stocktakes": "Stocktakes",
    "title.stocktakes_under_way": "Stocktakes under way",
    "title.to_order": "Kits to order",
    # What stands below a title or a table.
    "note.all_read": "Have you read it all? Mark it as read with {read}.",
    "note.at": "As it was {at:on}.",
    "note.balances": (
        "The doses add up: {received} doses received = {left} in kits + {used} given + {unaccounted} unaccounted for."
    ),
    "note.came_meanwhile": "These came in during the count, and may be on a shelf that was already counted: {kits}.",
    "note.closed": "Closed by {by} {at:on}.",
    "note.disagreements": _disagreements,
    "note.doses_do_not_add_up": "The doses don't add up. See {check}.",
    "note.found": "Found {progress}.",
    "note.found_no_more": "It is no longer found.",
    "note.from_to": "{begins} to {ends}",
    "note.kept": "{rows} of the {kind} stay: {why}.",
    "note.kits_do_not_add_up": "The doses of {count:kit} don't add up: {kits}. See {history}.",
    "note.known_and_so": "{things:thing} acknowledged and still not settled. See {expiry} and {reconcile}.",
    "note.known_kits": "{kits:kit} acknowledged and not shown. See {all}.",
    "note.lot": "{about}\n{counted}.",
    "note.lot_expires": "{product} lot {lot} expires {expires_on:on}.",
    "note.lot_recalled": "{product} lot {lot} expires {expires_on:on}. It was recalled ({reason}).",
    "note.more": "{more} more. See {whole}.",
    "note.no_policy": "Nothing is ever destroyed. Set how long data is kept with {set}.",
    "note.not_applied": "Nothing has been destroyed yet. Do it with {apply}.",
    "note.quarantined": "In quarantine, according to the ledger: {kits}.",
    "note.received": "Received {kits:kit} into {place}.",
    "note.received_but_refused": "Received {kits:kit} into {place}, and refused {lines:line}.",
    "note.repair": (
        "History can't be repaired. Rebuild layout and roll-ups with {repair}. For anything else, keep the file as "
        "it is and restore a backup."
    ),
    "note.report": "Report {report}, {form} version {version}, filed {filed:on} by officer {officer}.",
    "note.report_on_opening": (
        "Report {report}, {form} version {version}, filed {filed:on} by officer {officer} on opening {opening}."
    ),
    "note.scanned_again": "Scanned again by the same counter, and counted once: {kits}.",
    "note.settings": "Change settings with {change}.",
    "note.stock": "{in_stock:kit} in stock, {issued} issued.",
    "note.these_do_not_add_up": "The doses of these kits don't add up: {kits}. See {history}.",
    "note.to_count_first": "{kits:kit} here must be counted first. See {list}.",
    "note.to_order": "{product}: {likely} to order for all months to {month}, or {range} four times in five.",
    "note.use_little_known": (
        "Its use is known for {days:day} only, which is too little to go on. Order to replace what expires."
    ),
    "note.would_receive": "Dry run: {kits:kit} would be received into {place}.",
    "note.would_receive_nothing": "Dry run: {lines:line} to correct, so nothing would be received into {place}.",
    # What a cell shows, or what is a part of a sentence.
    "cell.again": "{what} again",
    "cell.any_of": _any_of,
    "cell.as_printed": "GTIN {gtin}, with lot and expiry as printed",
    "cell.as_the_file": "{officers} already matches the file",
    "cell.at": "{what} {at}",
    "cell.brief": "brief",
    "cell.days": "{days:day}",
    "cell.differences": "{differences:difference}",
    "cell.document": "document: {document}",
    "cell.doses": "{doses:dose}",
    "cell.doses_counted": "{doses} counted",
    "cell.doses_given": "{doses} given",
    "cell.doses_of": "{left} of {of} doses",
    "cell.doses_recorded": "{doses:dose} recorded",
    "cell.doses_unaccounted": "{doses} unaccounted for",
    "cell.exp": "exp {expires_on}",
    "cell.expired": "expired",
    "cell.expired_ago": "expired {days:day} ago",
    "cell.expires_in": "in {days:day}",
    "cell.expiry_as_printed": "expiry as printed",
    "cell.explanations": "{count:explanation}",
    "cell.for_ever": "for ever",
    "cell.for_other_roles": "for other roles",
    "cell.found_of": "{found} of {expected}",
    "cell.given_up": "given up: {reason}",
    "cell.gtins": "GTIN {gtins}",
    "cell.impossible": "impossible: {why}",
    "cell.in_stock": "in stock: {parts}",
    "cell.in_stock_of": "stock, {holder}",
    "cell.is_known": "known? {step}",
    "cell.issued": "issued",
    "cell.judged": "{status} by {login}: {reason}",
    "cell.judged_before": "{status}, was {before} by {login}: {reason}",
    "cell.judged_last": "{status}, last reason given: {reason}",
    "cell.kit": "kit {kits}",
    "cell.kits": "{count:kit}",
    "cell.kits_at": "{kits} at {place}",
    "cell.kits_found_of": "{found} of {expected:kit}",
    "cell.kits_in_stock": "{kits} in stock",
    "cell.kits_named": "{count:kit} ({kits})",
    "cell.kits_out": "{kits} out",
    "cell.kits_so": "{kits} {status}",
    "cell.known_until": "{where} (acknowledged until {until}: {reason})",
    "cell.lapsed": "lapsed {on}",
    "cell.last_day": "today is the last day",
    "cell.left_with_kits": "{on}, {kits:kit} out",
    "cell.lifted": "lifted: {reason}",
    "cell.likely": "{likely} ({range})",
    "cell.list": "{parts}",
    "cell.lot": "lot {lot}",
    "cell.lot_as_printed": "lot as printed",
    "cell.lot_is": "Lot {lot} of {product} expires {expires_on:on}. {is_so}",
    "cell.many_as_the_file": "{officers} already match the file",
    "cell.may": "may: {actions}",
    "cell.megabytes": _megabytes,
    "cell.minutes": "{min} min",
    "cell.movements": "{count:movement}",
    "cell.named": "Status: {said}. Look closer: {show}.",
    "cell.next": "next: {step}",
    "cell.dock": "the dock",
    "cell.database": "the database",
    "cell.adapter": "adapter {adapter}",
    "cell.own_adapter": "this computer's own Bluetooth",
    "cell.pouch_waiting": "pouch {pouch}",
    "cell.latest_pouch": "latest: pouch {pouch}",
    "cell.no": "no",
    "cell.no_gtin": "no GTIN",
    "cell.no_kits": "no kits",
    "cell.no_limits": "no storage limits",
    "cell.nobody": "nobody",
    "cell.number_of": "the number of officer {officer}",
    "cell.answers_of": "all answers of report {report}",
    "cell.destroyed": "destroyed by policy",
    "cell.none": "none",
    "cell.not_recalled": "It isn't recalled.",
    "cell.now": "now",
    "cell.of_expired": "{kits} expired",
    "cell.of_expiring": "{kits} expiring",
    "cell.of_quarantined": "{kits} quarantined",
    "cell.of_reports": "usage report {reports}",
    "cell.of_severity": "{count} {severity}",
    "cell.of_to_count": "{kits} to be counted",
    "cell.officer": "officer {officer}",
    "cell.officers": "{count:officer}",
    "cell.open": "open",
    "cell.pack_expired": "EXPIRED",
    "cell.pack_recalled": "RECALLED ({reason}): put it aside",
    "cell.pouch_opened": "pouch opened",
    "cell.product": "product {product}",
    "cell.quarantined": "quarantined",
    "cell.range": "{low}-{high}",
    "cell.recalled": "recalled",
    "cell.recalled_by": "It was recalled {since:on} ({reason}, {document}).",
    "cell.recalled_since": "It was recalled {since:on} ({reason}).",
    "cell.recorded": "recorded {at}",
    "cell.records": "{count:record}",
    "cell.refused": "{action} refused",
    "cell.remarks": _remarks,
    "cell.reported": "reported",
    "cell.reversed_by": "reversed by {movement}",
    "cell.rows_of": "{rows} of the {kind}",
    "cell.same_as": "same as {report}",
    "cell.seconds": "{s} s",
    "cell.serial": "serial {serial}",
    "cell.shared": "shared",
    "cell.stock_of": "{place}, in stock",
    "cell.stored_at": "storage {limits}",
    "cell.tags": "{count:tag}",
    "cell.to_count": "to be counted",
    "cell.to_count_because": "to be counted: {why}",
    "cell.under_way": "under way",
    "cell.unexplained": "unexplained",
    "cell.until": "until {on}",
    "cell.usage_reports": "{count:usage report}",
    "cell.used_reported": "used {doses}, report {reports}",
    "cell.used_unreported": "used {doses}, no report",
    "cell.with_officers": "{kits} with {officers:officer}",
    "cell.withdrawn": "withdrawn",
    "cell.yes": "yes",
    # What stands on a sheet of paper.
    "paper.expires": "Expires {expires_on}",
    "paper.kit_labels": "Kit labels",
    "paper.lot": "Lot {lot}",
    "paper.made": "Made {at}. Times are in the time zone {zone}.",
    "paper.page": "page {page} of {pages}",
    "paper.rows": "{rows:row}",
    "paper.strange_letters": (
        "Some letters aren't in the fonts of this file. They are shown as the nearest one, or as ?."
    ),
    # Options that do not go together, or are missing.
    "option.answers_missing": "There's no terminal to ask at. Give the answers with --answers.",
    "option.back_or_on": "Use --back or --on, not both.",
    "option.cause_missing": "Say why the pouch was opened, with --cause.",
    "option.change_missing": "Say what has changed: use --trained, --unit, --station or --role.",
    "option.correct_goes_with": "Use --correct together with --trained.",
    "option.database_missing": (
        "Name the station's database with --db FILE, or `export KITDOCK_DB=FILE`. Make one with {make}."
    ),
    "option.day_to_come": "{day} is in the future.",
    "option.dry_run_or_apply": "Use --dry-run or --apply, not both.",
    "option.file_missing": "Name the file to replace with --output.",
    "option.form_of_file": "The ending of the file decides its format. Leave out --format.",
    "option.go_with_next": "Use --product and --station together with --next.",
    "option.kit_missing": "Name a kit and then the officer, or use --next for the kit that expires first.",
    "option.lot_missing": "Name the lot.",
    "option.next_chooses": "Leave out {kits}, because --next chooses the kit.",
    "option.officer_or_myself": "Use --officer if an officer said it, or --myself if you speak for yourself, not both.",
    "option.one_fate": "Choose one of --used, --lost, --left-behind and --doses.",
    "option.recall_reason_missing": "Give a reason with --reason. To see a lot without recalling it: {show}.",
    "option.report_goes_with": "Use --report together with --used.",
    "option.to_count_is_of_now": "We only know what needs counting now. Leave out --at.",
    "option.to_whom": "Say who gets it: name an OFFICER, or a place with --place.",
    "option.update_alone": (
        "Use --update together with --trained alone, to record a refresher. For anything else, see 'officer change'."
    ),
    "option.who_reports": "Say who reports with --officer, or use --opening to report on an opening.",
    # What the command line refuses.
    "answers.no_object": 'The answers aren\'t a JSON object, such as {{"area": "North", "doses": 2}}.',
    "answers.not_json": "The answers aren't JSON: {why}.",
    "audit.altered": (
        "The audit was altered. {why} Up to there, {whole}. Keep the database as it is, and compare it with your "
        "backups."
    ),
    "audit.cut_off": (
        "In the audit {whole}, but none is {mark}. Newer entries were cut off, or the whole audit was "
        "rewritten. Keep the database as it is, and compare it with your backups."
    ),
    "audit.no_mark": (
        "I can't read {text!r} as a mark of the audit. Type what {head} printed, such as 1234-7KQ2M-0VBXE-93TNA-PZ84C."
    ),
    "help.default_options": "For more options, type {command}.",
    "help.more": "Type {help} for help with a command.\nNew here? Try {demo}.",
    "import.file_wrong": "Can't use file {path}. {error}",
    "import.line_wrong": "Line {line}: {wrong}",
    "import.not_read": "Can't read {path}: {why}.",
    "import.nothing_received": _nothing_received,
    "labels.which_kits": "Say which kits: give their numbers, or --lot or --since.",
    "movement.changes_openings": "{changes}\nNothing was recorded. If that's right, add --yes. If not, check the time.",
    "movement.count_first": "{why} Say how many are in it with --doses. Nothing was recorded.",
    "movement.not_wanted": "Nothing was recorded. Check the time given with --at.",
    "officer.has_not_left": "Officer {officer} hasn't left, so there's nothing to take back.",
    "output.exists": "File {path} already exists. Choose another name, or replace it with --overwrite.",
    "output.exists_already": "File {path} already exists. Choose another name.",
    "output.folder_read_only": "Folder {folder} is read-only. Choose another place for {name}.",
    "output.no_folder": "There's no folder {folder}. Make it, or choose another place for {name}.",
    "output.not_written": "Can't write {path}: {why}. Choose another place.",
    "output.one_table": "CSV holds one table, and this is {tables}. Use --format json, or --output FILE.xlsx.",
    "output.other_ending": "Can't write {path}. Choose a name that ends in {endings:or}.",
    "product.limits_unclear": "Give what the label says with --from and --to, or use --none if it says nothing.",
    "receiving.doubtful": "{doubts} Receive this pack at a terminal, where you are asked about it.",
    "receiving.expired": "It expired {expires_on:on}. Check the pack. To receive it anyway, use --accept-expired.",
    "receiving.no_expiry": (
        "Lot {lot} of {product} is new, and the code has no expiry date. Type it first: `lot {lot} exp 2028-04-30`."
    ),
    "receiving.no_lot": "The code of this {product} has no lot. Type it first: `lot A1 exp 2028-04-30`.",
    "receiving.none_of_these": "Number {answer} isn't in the list, and a new name needs letters.",
    "receiving.nothing_to_undo": "There's nothing to take back, because no kit of this session is left.",
    "restore.nobody_to_ask": "There's nobody to ask. Look at what the backup holds, then use --yes.",
    "forget.nobody_to_ask": "There's nobody to ask. Check the number, then add --yes.",
    "option.officer_or_report": "Name either an officer with --officer, or a report with --report.",
    "retention.nobody_to_ask": "There's nobody to ask. Look at it first without --apply, then add --yes.",
    "stocktake.kit_like": "There's no kit {kit}, but there is a kit {like}. Is caps lock on? Scan again.",
    "stocktake.line_wrong": "File {path}, line {line}: {wrong}",
    "stocktake.lines_wrong": _lines,
    "stocktake.no_serial": "The code of this pack ({pack}) has no serial. Scan the label with the kit's number.",
    "stocktake.reason_of_nothing": 'There\'s no difference named in {text!r}. Write --reason missing:K-0001="why".',
    "stocktake.reason_twice": "Difference {kind}:{kit} already has a reason. Keep one.",
    "stocktake.reasons_not_read": "Can't read {path}: {why}.",
    "stocktake.serial_unknown": "No single kit has this pack's serial ({pack}). Scan the label with the kit's number.",
    # How a command is typed, and what is wrong with how it was.
    "usage.amount_between": "{what} takes a number from {least} to {most}, not {text!r}.",
    "usage.choice": "{what} takes {choices:or}, not {text!r}.",
    "usage.choice_like": "{what} doesn't take {text!r}. Did you mean {like:or}?",
    "usage.extra": "I don't know what to do with {extra:and}. {help} shows what to type.",
    "usage.extra_like": "I don't know what to do with {extra:and}. Did you mean {like:or}?",
    "usage.fault": (
        "This is a fault in Kitdock, not something you did. Please send the lines above to the people who look after "
        "Kitdock, and say what you typed. If the last line names a person or a kit, leave that name out."
    ),
    "usage.file_unusable": "File {path} can't be used: {why}.",
    "usage.is_a_file": "{path} is a file, and {what} takes a folder.",
    "usage.is_a_folder": "{path} is a folder, and {what} takes a file.",
    "usage.letters_replaced": (
        "Some letters can't be written here ({encoding}) and are shown as ?. To keep them all, use --output FILE.csv."
    ),
    "usage.missing": "{command} needs {what} too. {help} shows what to type.",
    "usage.needs_value": "{option} needs a value after it. {help} shows what to type.",
    "usage.no_room": "There's no room left to write to, so not all of the result was written.",
    "usage.no_such_command": "There is no command {name!r}. {help} lists them.",
    "usage.no_such_command_like": "There is no command {name!r}. Did you mean {like:or}?",
    "usage.no_such_option": "{command} has no option {option}. {help} lists them.",
    "usage.no_such_option_like": "{command} has no option {option}. Did you mean {like:or}?",
    "usage.not_taken": "{what} doesn't take {text!r}. {help} shows what to type.",
    "usage.not_text": "{what} has letters in it that this computer can't read. Type it again.",
    "usage.not_understood": "I can't make sense of that. {help} shows what to type.",
    "usage.number": "{what} takes a whole number, not {text!r}.",
    "usage.number_between": "{what} takes a whole number from {least} to {most}, not {text!r}.",
    "usage.number_from": "{what} takes a whole number of {least} or more, not {text!r}.",
    "usage.stopped": "Stopped. Nothing more will be done.",
    "usage.stopped_nothing_recorded": "Stopped. Nothing was recorded.",
    "usage.stopped_some_recorded": "Stopped. What was recorded before that is kept.",
    "usage.system": "Kitdock had to stop: {why}.",
    "usage.takes_no_value": "{option} stands alone: leave out what follows the =.",
    "help.from": "{least} or more",
    "help.from_to": "{least} to {most}",
    "answers.no_utf8": "The answers aren't in UTF-8. Save the file as UTF-8, then try again.",
    # Names that nobody knows here.
    "name.did_you_mean": "Did you mean {names:or}?",
    "name.no_such_action": "The audit has no action {name!r}.",
    "name.no_such_login": "Nobody with the login {name!r} has done anything here.",
    "name.no_such_lot": "There are no kits of lot {name!r} here.",
    "name.no_such_product": "There are no kits of product {name!r} here.",
    "name.no_such_unit": "No officer and no place belongs to unit {name!r}.",
    # Why there is no radio.
    "radio.busy": "Another program is using Bluetooth adapter {adapter}. Close it, then try again.",
    "radio.back": _radio_back,
    "radio.lost": _radio_lost,
    "radio.began_anew": "Bluetooth was started again on this computer.",
    "radio.deaf": "Bluetooth no longer listens.",
    "radio.denied": (
        "This computer doesn't let Kitdock use Bluetooth. Allow it in the computer's settings, or ask the person who "
        "looks after this computer."
    ),
    "radio.no_access": (
        "You have no access to Bluetooth adapter {adapter}. On Linux a udev rule gives it to you: ask the person who "
        "looks after this computer."
    ),
    "radio.no_such_name": "I can't read {adapter} as an adapter. Type --adapter usb:0 for the first USB dongle.",
    "radio.no_usb": (
        "USB can't be reached, so Bluetooth adapter {adapter} can't be opened. Check that libusb is installed and "
        "that you may use USB devices."
    ),
    "radio.none": "This computer has no Bluetooth that Kitdock can use. Plug in a USB dongle and use --adapter usb:0.",
    "radio.not_there": "There is no Bluetooth adapter {adapter}. Plug it in, or check its name.",
    "radio.off": "Bluetooth is switched off. Switch it on in the computer's settings, then try again.",
    "radio.part_missing": "Bluetooth adapter {adapter} needs {module}, which is not installed.",
    "radio.silent": "Bluetooth adapter {adapter} doesn't answer. Unplug it, plug it in again, then try again.",
    "radio.unreachable": (
        "This computer's Bluetooth can't be reached. Check that it is switched on and, on Linux, that BlueZ is "
        "running. A USB dongle works without it: --adapter usb:0."
    ),
    "radio.wont_open": "Bluetooth adapter {adapter} can't be opened: {why}.",
    # Why a file or a device could not be used.
    "os.busy": "another program is using it",
    "os.disk_error": "the disk or the device reported an error",
    "os.exists": "there is one already",
    "os.folder": "it is a folder",
    "os.full": "there's no room left on the disk",
    "os.loop": "its links go round in a circle",
    "os.missing": "it doesn't exist",
    "os.name_too_long": "its name is too long",
    "os.no_access": "you have no access to it",
    "os.no_folder": "part of its path is not a folder",
    "os.no_port": "it is not a serial port",
    "os.read_only": "the disk is read-only",
    "os.refused": "nothing there takes the connection",
    "os.silent": "it doesn't answer",
    "os.too_large": "it would be too large",
    "os.too_many": "too many files are open",
}

SENTENCES: Sentences = {**ACCESS, **STORE, **STOCK, **USAGE, **RECONCILE, **TAGS, **COMMANDS}
"""Every sentence, by its code."""

# What an action is called where a face has no other way to show it.

STEPS: Sentences = {
    "account.grant": "Give the account a role",
    "account.grant_dock": "Let the account run the dock",
    "account.list": "Accounts",
    "audit.head": "Show the mark of the newest entry",
    "audit.verify": "Verify the audit",
    "bench.begin": "Start the bench",
    "bench.go_on": "Go on with the bench",
    "bench.list": "List the steps",
    "bench.list_all": "List the steps in full",
    "clock.accept": "Accept this computer's clock",
    "database.check": "Check the database",
    "database.create": "Set up a station",
    "database.create_at": "Set up a station here",
    "database.repair": "Repair the database",
    "database.rekey": "Change the station's key",
    "database.retention": "Destroy what is due",
    "database.vacuum": "Free up disk space",
    "demo.play": "Play the demo",
    "digest.acknowledge": "Mark as read",
    "discrepancy.acknowledge": "Acknowledge it",
    "discrepancy.list": "Show all discrepancies",
    "discrepancy.resolve": "Resolve it",
    "discrepancy.rules": "What is looked for",
    "discrepancy.show": "Show the discrepancy",
    "dock.scan": "Tags in range",
    "dock.service": "Open the dock",
    "dock.status": "See how the dock is",
    "expiry.acknowledge": "Hide it for now",
    "expiry.forecast": "Kits to order",
    "expiry.list": "Kits that expire soon",
    "expiry.list_all": "Show hidden kits too",
    "kit.add": "Add the kit",
    "kit.correct": "Correct the last movement",
    "kit.count": "Count the kit",
    "kit.destroy": "Destroy the kit",
    "kit.enter": "Add a kit",
    "kit.find": "Record the kit as found",
    "kit.hand_out": "Issue kits",
    "kit.histories": "Show the kits' histories",
    "kit.history": "Show the kit's history",
    "kit.issue": "Issue the kit",
    "kit.issue_next": "Issue the next kit",
    "kit.issue_to": "Issue a kit",
    "kit.list": "Show all kits",
    "kit.list_at": "Kits kept there",
    "kit.list_to_count": "Kits to count",
    "kit.load": "Put the kit into a pouch",
    "kit.lose": "Record the kit as lost",
    "kit.receive": "Receive the kit",
    "kit.release": "Release the kit",
    "kit.replace": "Replace the kit",
    "kit.return": "Return the kit",
    "kit.transfer": "Transfer the kit",
    "kit.transfer_stock": "Transfer kits",
    "kit.unload": "Take the kit out of its pouch",
    "kit.use": "Record the use",
    "lot.recall": "Recall a lot",
    "officer.add": "Add an officer",
    "officer.back": "Bring the officer back",
    "officer.leave": "Record that the officer has left",
    "officer.enter": "Add the officer",
    "officer.list": "Show all officers",
    "officer.role": "Change the officer's role",
    "officer.trained": "Record the training",
    "opening.doses": "Correct the doses",
    "opening.explain": "Explain the opening",
    "opening.list": "Openings",
    "opening.used": "Record the opening as a use",
    "place.add": "Add a place",
    "place.enter": "Add a place",
    "place.list": "Show all places",
    "port.list": "Serial ports",
    "product.add": "Add a product",
    "product.enter": "Add the product",
    "product.gtin": "Add this GTIN to the product",
    "product.list": "Products",
    "product.move_gtin": "Move the GTIN to this product",
    "recall.list": "Recalls",
    "recall.show": "Show a lot",
    "recall.show_lot": "Show the recall",
    "reconcile.list": "What doesn't add up",
    "report.amend": "Amend the report",
    "report.file": "File the report",
    "report.list": "Usage reports",
    "report.match": "Match the report to an opening",
    "report.restore": "Restore the report",
    "report.same": "Count the two reports as one use",
    "report.withdraw": "Withdraw the report",
    "service.install": "Set up the dock as a service",
    "service.install_as_root": "Set up the dock as a service",
    "service.print": "Show the unit",
    "service.uninstall_as_root": "Take the service away",
    "setting.any": "Change a setting",
    "setting.change": "Change the setting",
    "setting.retention": "Choose how long answers are kept",
    "stock.labels": "Print labels",
    "stock.receive": "Receive stock",
    "stocktake.cancel": "Give up the stocktake",
    "stocktake.close": "Close the stocktake",
    "stocktake.list": "Stocktakes",
    "stocktake.result": "Show the result",
    "stocktake.scan": "Scan kits",
    "stocktake.start": "Start a stocktake",
    "tag.dock": "Collect the pouch's log",
    "tag.enrol": "Enrol a tag",
    "tag.flash": "Flash the firmware",
    "tag.flash_image": "Flash MicroPython and the firmware",
    "tag.list": "Tags",
    "tag.log": "Fetch its log",
    "tag.provision": "Make it a tag",
    "tag.wipe": "Wipe the tag",
    "opening.explain_anew": "Change the explanation",
}
"""Every action that a sentence may tell somebody to take, by its name."""

# What the help of the command line says.

HELP = {
    "": "Keep police naloxone kits in date, accounted for and ready.",
    "--db": "The station's database file.",
    "--format": "How to show the result.",
    "--help": "Show this help and exit.",
    "--output": "Write the result to FILE instead. FILE ends in .csv, .json, .txt, .html, .pdf, .xlsx or .eml.",
    "--overwrite": "Replace FILE if it already exists.",
    "--version": "Show the version and exit.",
    "account": "See who may do what, and give people their roles.",
    "account grant": (
        "Give a login a role.\n\n"
        "ROLE is officer, quartermaster, programme_lead, auditor or administrator.\n\n"
        "For the role officer, add --officer if the login belongs to one officer. That account sees only this "
        "officer's openings and reports. Without --officer this is a shared dock account. It collects from every "
        "pouch, explains openings and files reports for every officer, and can't read any report.\n\n"
        "\b\n"
        "kitdock account grant alice quartermaster\n"
        "kitdock account grant p4417 officer --officer 4417   officer 4417's own\n"
        "kitdock account grant dock officer                   a dock officers share"
    ),
    "account grant --officer": (
        "With the role officer: the officer the login belongs to. [default: a shared dock account]"
    ),
    "account list": "List accounts and their roles.\n\nOnly auditors and administrators can see them.",
    "account revoke": (
        "Take a role away from a login.\n\n"
        "What the login has done stays in the audit. The last administrator can't lose that role."
    ),
    "account show": (
        "Show who you are here and what you may do.\n\n"
        "You are the login you use on this computer. No option changes that."
    ),
    "audit": "See who did what, and check that the audit is complete.",
    "audit export": (
        "Write out the whole audit, for another program to check.\n\n"
        "The format is JSON Lines: one entry a line, oldest first, each with its hash. The mark of the newest is shown "
        "on standard error, so keep a copy of it somewhere else. docs/roles.md has a short program that checks the "
        "audit without Kitdock.\n\n"
        "\b\n"
        "kitdock audit export --output audit.jsonl"
    ),
    "audit export --output": "A new file to write. [default: standard output]",
    "audit head": (
        "Show the mark of the newest entry, to keep elsewhere.\n\n"
        "It is the entry's number and the beginning of its hash, short enough to read over the telephone. Keep it on "
        "paper, in a diary or with somebody else, each week or month. `kitdock audit verify --contains MARK` says "
        "later whether the audit still has that entry. Nobody can make up a different history with the same mark.\n\n"
        "In a mark, O is the same as 0, and I and L are the same as 1."
    ),
    "audit list": (
        "List what people did and what was refused, oldest first.\n\n"
        "Only auditors and administrators can see it. It shows which protected answers in a report were read, "
        "never what they say. A docking is listed when it begins and when it ends. The export has each step of it.\n\n"
        "\b\n"
        "kitdock audit list --since 2026-05-01 --refused\n"
        "kitdock audit list --action report.read"
    ),
    "audit list --action": "Show only this action, such as report.read. For every action on kits, use kit.",
    "audit list --login": "Show only what this login did.",
    "audit list --refused": "Show only what was refused.",
    "audit list --since": "Show entries from this day on. [default: 7 days ago]",
    "audit verify": (
        "Check that no entry in the audit was changed, added or removed.\n\n"
        "The audit alone can't show whether its newest entries are missing, or whether all of it was replaced. For "
        "that, keep the mark of the newest entry somewhere else (`kitdock audit head` shows it) and give it later "
        "with --contains.\n\n"
        "What the entries left in the tables is checked by `kitdock db check`.\n\n"
        "The exit status is 1 if something was changed."
    ),
    "audit verify --contains": "A mark or a hash that you kept. The audit must still have that entry.",
    "db": "Back up, restore and check the database, and clear out old data.",
    "db accept-clock": (
        "Accept this computer's clock although the newest entry is later.\n\n"
        "Kitdock records nothing while the clock is far behind the newest entry in the audit. Check first that the "
        "clock is right. If it is, the later entries were made while it was wrong, and they stay as they are."
    ),
    "db backup": (
        "Copy the database to FILE, even while others are using it.\n\n"
        "The copy is checked before it gets its name, and only its owner can read it. The key file isn't part of "
        "the copy, and sealed data can't be read without it. Keep a copy of each, in different places.\n\n"
        "\b\n"
        "kitdock db backup /media/usb/north-2026-05-01.db"
    ),
    "db check": (
        "Check that the whole database is sound.\n\n"
        "It checks the file, the rows that others refer to, the layout (with the triggers that protect history), "
        "the audit's chain and the ledger's balance. It also checks that everything derived follows from the "
        "history, and that each record is what its tag sealed.\n\n"
        "With --repair, Kitdock first remakes what can be made again, then checks everything. History is never "
        "changed. If the history itself is damaged, restore a backup.\n\n"
        "The exit status is 0 if all is well, 1 if something is wrong and 3 if the file is damaged."
    ),
    "db check --repair": "Put triggers and indexes back, and derive again whatever is derived.",
    "db forget": (
        "Destroy what is kept of one person, because that person asks for it.\n\n"
        "For an officer who has left: the number, wherever it is. For a person a report tells of: all answers of that "
        "report. What was done and when stays, as it does under the retention policy. The audit stays whole and says "
        "that something was destroyed and why, but not whose it was.\n\n"
        "Put no name or number in the reason. Backups from before still hold it.\n\n"
        "\b\n"
        'kitdock db forget --officer 4417 --reason "request of 1 Dec"\n'
        'kitdock db forget --report 12 --reason "request of 1 Dec"'
    ),
    "db forget --officer": "The officer's number. The officer must have left.",
    "db forget --reason": "Why, without a name or a number. It stays in the audit.",
    "db forget --report": "The report's number.",
    "db forget --yes": "Don't ask me to confirm. Needed if there is no terminal.",
    "db rekey": (
        "Change the station's key: make a new key file in place of the old one.\n\n"
        "Do this if somebody may have read the key file, when a person who could read it leaves, or by habit. "
        "Protected answers and tags' keys stay as they are; only what opens them changes. Running docks go on by "
        "themselves.\n\n"
        "Keep a copy of the new key file, and keep the old one as long as you keep backups from before: they still "
        "need it. Anybody who has the old key file and such a backup can still read that backup.\n\n"
        "If the key file is lost and there is no copy, use --lost. Nobody can open what it sealed, so the protected "
        "answers of all reports and all drafts are destroyed, and every tag must be provisioned again."
    ),
    "db rekey --lost": "The key file is gone, and so is every copy of it.",
    "db rekey --yes": "Don't ask me to confirm. Needed with --lost if there is no terminal.",
    "db restore": (
        "Replace the database with a backup.\n\n"
        "Stop `kitdock dock` and everything else that uses the database first. The backup is then tried on a copy: "
        "the file, its layout, its audit, the key file beside the database, and that you are an administrator in "
        "it. You see what it holds and are asked to confirm. The database it replaces is kept beside it.\n\n"
        "What tags have handed over since the backup, they hand over again, as far back as their memory goes.\n\n"
        "\b\n"
        "kitdock db restore /media/usb/north-2026-05-01.db"
    ),
    "db restore --yes": "Don't ask me to confirm. Needed if there is no terminal.",
    "db retention": (
        "List the old data that is due to be destroyed, or destroy it.\n\n"
        "Settings say how many days to keep protected answers, reports, tags' records and the numbers of officers "
        "who have left. Nothing is destroyed until you set them. The ledger and the audit are kept for good.\n\n"
        "\b\n"
        "kitdock setting set retain_answers_days 365   keep answers for a year\n"
        "kitdock db retention                          see what is due\n"
        "kitdock db retention --apply                  destroy it"
    ),
    "db retention --apply": "Destroy what is due. It can't be brought back.",
    "db retention --dry-run": "Only list what is due, just as without --apply.",
    "db retention --yes": "Don't ask me to confirm. Needed with --apply if there is no terminal.",
    "db vacuum": (
        "Free the disk space that deleted data took up.\n\n"
        "The file is written again from scratch. While that happens, it needs as much free space again and "
        "everyone else has to wait."
    ),
    "demo": (
        "Try Kitdock with a small made-up force, no hardware needed.\n\n"
        "Six virtual tags run the real firmware in real MicroPython interpreters, and dock over real Bluetooth "
        "packets on a virtual radio. You answer as the officers would, then see which kits expire and what doesn't "
        "agree. It takes under a minute."
    ),
    "demo --batch": "Answer the officers' questions for me. Always on if there is no terminal.",
    "demo --db": "Keep the demo's database in this file. [default: in a temporary folder]",
    "demo --interpreter": "Run the firmware in this MicroPython instead, such as a Unix build.",
    "digest": (
        "Show what is new, ready to send by email.\n\n"
        "\b\n"
        "kitdock digest\n"
        "kitdock digest --only-if-new --output digest.eml   for a nightly job"
    ),
    "digest acknowledge": (
        "Mark a digest as read.\n\n"
        "Copy TIME from the digest. What it lists no longer counts as new. Anything that came up later still does. "
        "Nothing is closed: `kitdock expiry` and `kitdock reconcile` go on listing it all."
    ),
    "digest list": (
        "List what is new: expiry, discrepancies, overdue reports, resupply.\n\n"
        "What someone has acknowledged is left out. It comes back if it happens again or gets worse. Each item "
        "says how to acknowledge it. To acknowledge a whole digest at once, use `kitdock digest acknowledge`.\n\n"
        "With --output FILE.eml you get a complete email, as text and HTML, to hand to sendmail."
    ),
    "digest list --all": "Include what was in a digest that someone has read.",
    "digest list --only-if-new": "Show and write nothing if nothing is new.",
    "dock": (
        "Collect from the pouches in the dock, and ask about openings.\n\n"
        "Kitdock connects to each tag that has something new, checks and keeps what it has logged, and only then "
        "tells the tag that it was received.\n\n"
        "At a terminal it then asks about openings that nobody has explained, and for reports that are missing. "
        "You confirm your collar number first, because pouches are easily swapped. Press Enter to leave a question "
        "for later. Each answer is kept as you give it.\n\n"
        "While one officer answers, Kitdock goes on collecting. It asks the next officer afterwards. Ctrl-C leaves all "
        "the questions of one officer for later. If nobody is being asked, it closes the dock.\n\n"
        "If the dock is already open as a service, this terminal only asks. It begins with the pouches of the last 10 "
        "minutes.\n\n"
        "With --once, the exit status is 4 if it couldn't collect from one of the tags.\n\n"
        "\b\n"
        "kitdock dock                      keep collecting until you press Ctrl-C\n"
        "kitdock dock --once --no-prompt   collect once and ask nothing\n"
        "kitdock dock --status             see how the dock that is running is"
    ),
    "dock --adapter": (
        "A Bluetooth adapter: hci1 for another one under BlueZ, usb:0 for a USB dongle without BlueZ. You can give it "
        "more than once. [default: the computer's own]"
    ),
    "dock --all": "Collect from tags with nothing new as well, once each.",
    "dock --no-prompt": "Only collect. Don't ask about openings.",
    "dock --once": "Stop when no tag has anything new, and ask then. [default: go on until Ctrl-C]",
    "dock --status": (
        "Only show how the dock is: whether it runs, which adapters listen, which pouches wait. The exit status is 1 "
        "if it needs attention."
    ),
    "dock --wait": "With --once: how long to wait for another tag.",
    "expiry": (
        "List kits that are out of date, or soon will be. Out-of-date kits come first, starting with those that "
        "someone is carrying. For each one you see who has it, where they work and which kit to swap it for.\n\n"
        "\b\n"
        "kitdock expiry --within 30       look 30 days ahead\n"
        "kitdock expiry --station North   one station only"
    ),
    "expiry acknowledge": (
        "Hide kits from the expiry list until a date you choose.\n\n"
        "They come back sooner if they move to someone else. If you do this twice for a kit, the last time counts. "
        "A kit that is out of date and still being carried stays in the list, marked as known.\n\n"
        "\b\n"
        'kitdock expiry acknowledge K-0007 --until 2026-07-01 --reason "on order"'
    ),
    "expiry acknowledge --reason": "Why it can wait. No names.",
    "expiry acknowledge --until": "The day the kits come back into the list.",
    "expiry forecast": (
        "Work out how many kits to order, month by month.\n\n"
        "The aim is to keep as many good kits as you have today, out and in stock. Kitdock knows which kits go out "
        "of date. It estimates how many will be used, lost or left behind from the last 12 months: four times out "
        "of five, the number is within the range shown.\n\n"
        "The day to order by is the first of the month less the setting lead_days."
    ),
    "expiry forecast --months": "How many months to look ahead.",
    "expiry forecast --product": "Show only this product.",
    "expiry list": (
        "List kits that are out of date, or soon will be.\n\n"
        "Out-of-date kits come first, starting with those that someone is carrying. For each one you see who has "
        "it and where they work.\n\n"
        "If a kit is out and won't last for as long as kits are carried (setting carry_days), you also see which "
        "kit to swap it for. That is the kit in stock that expires first but will last: at the officer's home "
        "station, or else at this one. No kit is suggested twice.\n\n"
        "Kits that someone has acknowledged are left out until the date they chose, unless they are out of date "
        "and still being carried."
    ),
    "expiry list --all": "Include kits that someone has acknowledged.",
    "expiry list --holder": "Show only what this officer or place has.",
    "expiry list --station": "Show only kits at this station and with its officers.",
    "expiry list --within": (
        "Show kits that expire within this many days. [default: setting expiry_days, 90 unless set]"
    ),
    "init": (
        "Set up a new station: its database and its key file.\n\n"
        "You become the station's administrator and quartermaster. The key file opens the tags' keys and the "
        "protected answers in reports. Keep a copy of it in a safe place, away from the copies of the database.\n\n"
        "\b\n"
        "kitdock init --db north.db --name North --time-zone Europe/London"
    ),
    "init --collect-names": "Ask for the name of the person helped. [default: off]",
    "init --kit-prefix": (
        "What the numbers that Kitdock gives to kits begin with. Choose one that no other station of your force uses. "
        "[default: K-]"
    ),
    "init --name": "What the station is called.",
    "init --time-zone": "The station's time zone, such as Europe/London.",
    "kit": (
        "Receive, issue, return, replace and look up kits.\n\n"
        "\b\n"
        "A kit goes out, is replaced and comes back:\n"
        "  kitdock kit issue --next 4101 --pouch P-01\n"
        "  kitdock kit replace 4101\n"
        "  kitdock kit return K-0001 --doses 2"
    ),
    "kit --at": "When it happened, such as 19:30 or 'yesterday 19:30'. [default: now]",
    "kit --document": "The paper that goes with it, such as a delivery note or a receipt.",
    "kit --station": "The station whose stock it is. [default: this one]",
    "kit --yes": "With --at: don't ask first if openings then belong to someone else.",
    "kit add": (
        "Receive one kit into stock.\n\n"
        "KIT is the number you give the box. To receive many with a scanner, use `kitdock stock receive`.\n\n"
        "\b\n"
        "kitdock kit add K-0101 --product Nyxoid --lot A3 --expires 2028-04-30"
    ),
    "kit add --accept-expired": "Receive it even if it is out of date. It can't be issued.",
    "kit add --doses": "Doses in the kit. [default: as for the lot, or else 2]",
    "kit add --expires": "The expiry date printed on the pack. Needed for a new lot.",
    "kit add --lot": "The lot number printed on the pack.",
    "kit add --product": "What it is, such as Nyxoid.",
    "kit correct": (
        "Reverse a kit's last movement, if it was recorded by mistake.\n\n"
        "Nothing is erased: `kitdock kit history` shows the movement and its reversal. But it counts as if it had "
        "never happened, so openings belong to the officer who would have had the pouch without it.\n\n"
        "To reverse an earlier movement, reverse the ones after it first, newest first. A use can be reversed at "
        "any time. Running the same command twice reverses only one movement. To go further back, name the next "
        "one with --movement.\n\n"
        "If you reverse a kit's receipt, the kit is no longer in the ledger. You can't reverse a reversal: record "
        "the movement again instead.\n\n"
        "\b\n"
        'kitdock kit correct K-0007 --reason "wrong box"'
    ),
    "kit correct --movement": "The number of the movement. It must be the last one, or a use.",
    "kit correct --reason": "What was wrong. It is kept for good, so no names and nothing about anyone's health.",
    "kit count": (
        "Record how many doses you counted in a kit.\n\n"
        "Doses that are missing and that nobody has reported as used are kept as unaccounted for, until a report "
        "or a correction explains them. A kit that needed counting can be issued again if it is full.\n\n"
        "\b\n"
        "kitdock kit count K-0007 --doses 2"
    ),
    "kit count --doses": "How many doses are in it.",
    "kit count --reason": (
        "What you know about a difference. It is kept for good, so no names and nothing about anyone's health."
    ),
    "kit destroy": (
        "Record that kits were destroyed.\n\n"
        "Only kits in stock or used up can be recorded. Take back a kit that is being carried first. Either all "
        "the kits are recorded or none.\n\n"
        "\b\n"
        'kitdock kit destroy K-0007 K-0008 --reason expired --document "WTN 88"'
    ),
    "kit destroy --document": "The record of destruction, such as a consignment note or a witness's record.",
    "kit destroy --reason": (
        "Why, such as expired or damaged pack. It is kept for good, so no names and nothing about anyone's health."
    ),
    "kit find": (
        "Take a lost kit back into stock.\n\n"
        "Count its doses with `kitdock kit count`. If nobody knows how warm it has been, quarantine it."
    ),
    "kit find --reason": "Where it turned up. It is kept for good, so no names and nothing about anyone's health.",
    "kit history": (
        "Show everything that has happened to a kit since it came in.\n\n"
        "For each movement you see who recorded it, why, and where the kit was afterwards. A movement that was "
        "reversed is still there, and says which one reversed it.\n\n"
        "Openings of the pouch while the kit was in it are listed too. They are evidence, but an opened pouch "
        "doesn't mean that a dose was given."
    ),
    "kit issue": (
        "Hand out kits to an officer or a place.\n\n"
        "\b\n"
        "kitdock kit issue K-0007 1207 --pouch P-01   this kit\n"
        "kitdock kit issue --next 1207                the one that expires first\n"
        "kitdock kit issue --next --place CAR-7       to a place\n\n"
        "You can't issue a kit that is issued already, out of date, recalled, quarantined, not full or waiting to "
        "be counted. Nor can you issue to an officer who has left, or into a pouch that someone else has, or had "
        "at the time. If you name several kits, either all go out or none.\n\n"
        "The kit goes out with a warning if another should go first, if it expires while it is being carried "
        "(setting carry_days), if the officer already has a kit, or if their training is unknown or more than 12 "
        "months old."
    ),
    "kit issue --next": "Take the kit that expires first, instead of naming one.",
    "kit issue --place": "Issue to this vehicle, custody suite or cabinet, not to an officer.",
    "kit issue --pouch": "The pouch it is carried in.",
    "kit issue --product": "With --next: only kits of this product.",
    "kit issue --station": "With --next: take it from this station's stock. [default: this one]",
    "kit leave-behind": "Record that a kit was left with a person at risk.\n\nNothing about the person is recorded.",
    "kit list": (
        "List kits and where each one is.\n\n"
        "Kits that expire first come first. A kit needs counting if it may have been used: its pouch was opened, "
        "or hasn't been in the dock since the kit was in it. To count it, use `kitdock kit count`.\n\n"
        "\b\n"
        "kitdock kit list --officer 4101          what an officer has\n"
        "kitdock kit list --to-count              kits that need counting, and why\n"
        "kitdock kit list --at 2026-04-01T06:00   where kits were then"
    ),
    "kit list --at": "Show how it was then, such as 'yesterday 19:30'. [default: now]",
    "kit list --lot": "Show only kits of this lot.",
    "kit list --officer": "Show only kits that this officer has, or had last.",
    "kit list --place": "Show only kits in this station, vehicle, custody suite or cabinet.",
    "kit list --status": (
        "Show only kits with this status. You can give it more than once. [default: all but destroyed]"
    ),
    "kit list --to-count": "Show only kits that need counting before they can go out again.",
    "kit load": (
        "Put a kit into a pouch.\n\n"
        "The kit stays in stock or with the person who has it. A pouch and the kit in it always belong to the same "
        "person."
    ),
    "kit lose": (
        "Record that a kit is lost.\n\n"
        "It stays in the ledger under the last person who had it, until you record with `kitdock kit find` that it "
        "has turned up.\n\n"
        "\b\n"
        'kitdock kit lose K-0007 --reason "not in the car after the search"'
    ),
    "kit lose --reason": (
        "What is known, such as: not in the car after the search. It is kept for good, so no names and nothing "
        "about anyone's health."
    ),
    "kit next": (
        "Show which kits to issue next: those that expire first.\n\n"
        "These kits are in stock, in date and full. None of them is recalled, quarantined, waiting to be counted "
        "or ready in a pouch. Kits that would expire while they are being carried (setting carry_days) come last."
    ),
    "kit next --product": "Show only kits of this product.",
    "kit quarantine": (
        "Keep kits from being issued until they are released.\n\n"
        "Quarantine is for review, not a verdict: a kit isn't spoilt just because it was too warm or too cold. The "
        "label decides. Narcan: 20 to 25 °C, with excursions from 5 to 40 °C, never frozen. Nyxoid: below 30 °C.\n\n"
        "A kit that is being carried stays where it is. `kitdock kit replace` swaps it. Either all the kits are "
        "quarantined or none.\n\n"
        "\b\n"
        'kitdock kit quarantine K-0007 --reason "shelf at 43 °C"'
    ),
    "kit quarantine --reason": (
        "Why, such as temperature excursion (car, 41 °C), recall of the lot or damaged pack. It is kept for good, "
        "so no names and nothing about anyone's health."
    ),
    "kit release": "Let quarantined kits be issued again.\n\nEither all the kits are released or none.",
    "kit release --reason": (
        "Why it may be used, such as: the manufacturer says it is safe. It is kept for good, so no names and "
        "nothing about anyone's health."
    ),
    "kit replace": (
        "Take back a kit and hand out another in one step.\n\n"
        "\b\n"
        "kitdock kit replace 1207            swap the officer's kit for the next one\n"
        "kitdock kit replace P-01 K-0042     swap the kit in P-01 for K-0042\n"
        "kitdock kit replace 1207 --used 2   two of its doses were used\n"
        "kitdock kit replace 1207 --lost     the old kit is lost\n\n"
        "The new kit goes to the same officer or place, into the same pouch. If you don't name one, it is the kit "
        "of the same product that expires first. A kit that a usage report has already used up isn't taken back "
        "again.\n\n"
        "If the old kit needs counting, you are asked how many doses are in it. Without a terminal, use --doses or "
        "--used."
    ),
    "kit replace --doses": "Return the old kit, with this many doses counted in it.",
    "kit replace --left-behind": "The old kit was left with a person at risk.",
    "kit replace --lost": "The old kit is lost.",
    "kit replace --reason": "Why, if that matters. It is kept for good, so no names and nothing about anyone's health.",
    "kit replace --report": "With --used: the usage report about it.",
    "kit replace --used": "N doses of the old kit were used in all.",
    "kit return": (
        "Take kits back into stock.\n\n"
        "Count the doses while you have the kit in your hand: a difference shows now, or never. If the pouch was "
        "opened and the kit may have been used, you are asked how many doses are in it. Without a terminal, use "
        "--doses.\n\n"
        "A kit that comes back uncounted from a pouch with a tag can't be issued again until the pouch has been in "
        "the dock or someone counts the kit. You can return a kit that is used up, and then have it destroyed. If "
        "you name several kits, either all come back or none.\n\n"
        "\b\n"
        "kitdock kit return K-0007 --doses 2"
    ),
    "kit return --doses": "How many doses you counted in it, or in each.",
    "kit return --reason": "Why, if that matters. It is kept for good, so no names and nothing about anyone's health.",
    "kit transfer": (
        "Move kits to another station's stock.\n\n"
        "A kit that was ready in a pouch is taken out of it. Either all the kits move or none.\n\n"
        "\b\n"
        "kitdock kit transfer K-0007 K-0008 South"
    ),
    "kit unload": "Take a kit out of its pouch.\n\nThe kit stays in stock or with the person who has it.",
    "kit use": (
        "Record doses given from a kit that is out.\n\n"
        "You rarely need this: a usage report on an opening does it for the kit in that pouch. If more doses were "
        "given than one kit had, record the rest here for the kit they came from, with --report. With a report, "
        "this can be a kit that has since come back or gone to someone else.\n\n"
        "\b\n"
        "kitdock kit use K-0007 --doses 1 --report 12"
    ),
    "kit use --doses": "How many doses were given.",
    "kit use --report": "The usage report about it.",
    "officer": "Add officers, and see their training and what they carry.",
    "officer --role": "The officer's role, such as constable.",
    "officer --station": "The station that supplies the officer's kits.",
    "officer --trained": "The day of the last naloxone training.",
    "officer --unit": "Where the officer serves, such as a division.",
    "officer add": (
        "Add an officer by collar number.\n\n"
        "Kitdock keeps nothing else about who the officer is. Officers train before they carry a kit, and again "
        "every 12 months.\n\n"
        "\b\n"
        "kitdock officer add 4101 --trained 2026-05-01 --unit Roads"
    ),
    "officer add --update": "The officer is known already: record a refresher.",
    "officer change": (
        "Record an officer's refresher, or a new unit, station or role.\n\n"
        "The latest training counts, so an earlier day is refused. If the later day was a mistake, add --correct.\n\n"
        "\b\n"
        "kitdock officer change 4101 --trained 2026-11-02"
    ),
    "officer change --correct": "The later training on record was a mistake.",
    "officer import": (
        "Add and change officers from a CSV file, all or none.\n\n"
        "The first line names the columns: officer, and any of trained, unit, station, role and left. Officers who "
        "are known already are changed where the file differs. An empty cell changes nothing. FILE can be - for "
        "standard input.\n\n"
        "\b\n"
        "kitdock officer import officers.csv --dry-run   try it first\n"
        "kitdock officer import officers.csv"
    ),
    "officer import --dates": "How to read dates such as 03/04/2026: day first (dmy) or month first (mdy).",
    "officer import --dry-run": "Show what would change, and write nothing.",
    "officer leave": (
        "Record that an officer is leaving, and see which kits are still out.\n\n"
        "From the day after their last, nothing can be issued to them.\n\n"
        "\b\n"
        "kitdock officer leave 4417 --on 2027-06-30"
    ),
    "officer leave --back": "The officer hasn't left after all.",
    "officer leave --on": "The officer's last day. [default: today]",
    "officer list": (
        "List officers, what they carry and when their training runs out.\n\n"
        "For those who have left, you see how many kits are still out."
    ),
    "officer list --training": "Show only officers with this state of training.",
    "officer list --unit": "Show only officers in this unit.",
    "openings": (
        "List openings of pouches, and say why a pouch was opened.\n\n"
        "\b\n"
        "kitdock openings                every pouch\n"
        "kitdock openings P-01           one pouch\n"
        "kitdock openings explain P-01   say why it was opened"
    ),
    "openings explain": (
        "Say why a pouch was opened.\n\n"
        "Without a number, this is the newest opening of that pouch that nobody has explained. A new explanation "
        "replaces the old one, which stays on record.\n\n"
        "Kitdock keeps both who said it and who typed it. Name the officer who told you with --officer, or use "
        "--myself. If the pouch wasn't with that officer at the time, `kitdock reconcile` asks about it.\n\n"
        "\b\n"
        "kitdock openings explain P-01 --officer 4101 --cause training\n"
        "kitdock openings explain P-01:12 --officer 4101 --cause used --doses 2"
    ),
    "openings explain --cause": "Why it was opened. You are asked if you leave this out.",
    "openings explain --doses": "If it was used: how many doses. [default: the dose marks]",
    "openings explain --myself": "You opened it yourself, to restock or inspect it. Not for officers.",
    "openings explain --officer": "The officer who says so. [default: you, on an officer's own account]",
    "openings list": (
        "List openings of all pouches, or of one.\n\n"
        "An opening is named by its pouch and a number, such as P-01:12. The time comes from the tag's own clock, "
        "and you see how far off it may be."
    ),
    "place": "List and add stations, vehicles, custody suites and cabinets.",
    "place add": (
        "Add a station, vehicle, custody suite or cabinet.\n\n"
        "PLACE is its name. The station you set up with `kitdock init` is there already.\n\n"
        "\b\n"
        'kitdock place add "Car 12" --kind vehicle --unit Roads'
    ),
    "place add --kind": "What it is. A station holds stock, and kits are issued to the others.",
    "place add --unit": "The unit that looks after it.",
    "place list": "List places and how many kits are in each.",
    "product": "Add products, the numbers on their packs and how to store them.",
    "product add": (
        "Add a product to the catalogue.\n\n"
        "The GTIN is the number below the bars on a pack, or after (01). With it a scanner knows which product a "
        "pack is.\n\n"
        "\b\n"
        'kitdock product add "Naloxone 1.8 mg" --gtin 9506000134352'
    ),
    "product add --doses": "Doses in one kit. [default: 2]",
    "product add --gtin": "The number on a pack. You can give it more than once.",
    "product gtin": (
        "Give a product another number that its packs carry.\n\n"
        "Kits already received keep the product they were received as."
    ),
    "product gtin --move": "The number was given to another product by mistake: move it here.",
    "product list": "List products, their doses, how to store them and their GTINs.",
    "product storage": (
        "Set how warm or cold a product may be stored, as its label says.\n\n"
        "Kitdock compares this with the heat and frost that tags report. If a kit went beyond it, `kitdock "
        "reconcile` asks about that. Give both limits, or the one on the label. They replace the limits set "
        "before.\n\n"
        "\b\n"
        'kitdock product storage "Naloxone 1.8 mg" --to 25'
    ),
    "product storage --from": "The lowest temperature the label allows.",
    "product storage --none": "The label gives no limits. Nothing is compared.",
    "product storage --to": "The highest temperature the label allows.",
    "recall": (
        "Recall a lot, and see who has its kits and where they are.\n\n"
        "\b\n"
        'kitdock recall A3 --reason "seal may leak"   recall lot A3 and list its kits\n'
        "kitdock recall                               list all recalls"
    ),
    "recall --product": "Which product. Needed if two products have a lot with this number.",
    "recall lift": "End the recall of a lot, so that its kits can be issued again.",
    "recall lift --reason": "Why it is no longer recalled.",
    "recall list": "List the recalls, and how many of their kits are still out.\n\nRecalls still in force come first.",
    "recall mark": (
        "Recall a lot, and list who has its kits and where they are.\n\n"
        "From then on, no kit of the lot can be issued. The list shows the kits you can collect, starting with "
        "those that officers carry. Kits that are used, left behind, lost or destroyed are only counted. Without "
        "LOT, it lists the recalls.\n\n"
        "\b\n"
        'kitdock recall A3 --reason "seal may leak" --output recall.pdf'
    ),
    "recall mark --document": "The recall notice, such as its number.",
    "recall mark --reason": "Why the lot is recalled.",
    "recall show": "List who has the kits of a lot, recalled or not, and where they are.",
    "reconcile": (
        "List where the records don't agree, most serious first. Each discrepancy comes with the evidence and "
        "what to do next. In the commands below, name it by what it is about, such as P-02. It is a question, not a "
        "verdict on anyone: if a tag sent nothing, that doesn't prove that nothing happened.\n\n"
        "\b\n"
        "kitdock reconcile         list them all\n"
        "kitdock reconcile --new   only what nobody has acknowledged"
    ),
    "reconcile --reason": "Why, in one line. It is kept for good, so no names.",
    "reconcile acknowledge": (
        "Say that you know about a discrepancy and are dealing with it.\n\n"
        "It stays in the list, marked, until it is gone. If it happens again, it is open again."
    ),
    "reconcile list": (
        "List what doesn't agree, most serious first.\n\n"
        "Discrepancies that someone has acknowledged stay in the list, marked. Those that were resolved leave it "
        "until they come back.\n\n"
        "The list itself changes nothing. What is new, back or gone is noted at the dock, and when someone "
        "acknowledges or resolves a discrepancy, recalls a lot or closes a stocktake."
    ),
    "reconcile list --all": "Include discrepancies that were resolved but are still found.",
    "reconcile list --kind": "Show only this kind. You can give it more than once. `--rules` lists all kinds.",
    "reconcile list --new": "Leave out what someone has acknowledged.",
    "reconcile list --not-docked": "Try another number of days for not_docked. [default: the setting]",
    "reconcile list --officer": "Show only what is about this officer's pouch and kits.",
    "reconcile list --rules": "List the rules instead, with the settings each one uses.",
    "reconcile list --severity": "Show only this severity and worse.",
    "reconcile list --station": "Show only what is about this station's officers and stock.",
    "reconcile reopen": "Reopen a discrepancy that was acknowledged or resolved too soon.",
    "reconcile resolve": (
        "Close a discrepancy with a reason.\n\n"
        "It leaves the list even if it can still be found, and only comes back if something else causes it. "
        "Nothing is deleted."
    ),
    "reconcile show": (
        "Show one discrepancy, its evidence and what was done about it.\n\n"
        "Say what it is about, such as P-02. If the discrepancy is gone, you see its history."
    ),
    "report": (
        "Show who has which kits, and a month in numbers.\n\n"
        "Each can be written to a file with --output. So can `kitdock expiry`, `kitdock reconcile` and `kitdock "
        "kit history`.\n\n"
        "\b\n"
        "kitdock report month 2026-05 --output may.pdf"
    ),
    "report holdings": (
        "Show who has which kits, or what each station has.\n\n"
        "By officer, you see everyone who has a kit, then vehicles, custody suites and cabinets. By station, you "
        "see the kits in stock and how many are out with that station's officers."
    ),
    "report holdings --by": "How to group the kits.",
    "report month": (
        "Show a month in numbers: movements, stock, openings and more.\n\n"
        "Without a month, this is the last full one. A kit that was issued twice counts twice. Movements that were "
        "corrected in the same month don't count. No number is about a single officer."
    ),
    "scan": (
        "List the tags in range, and what each has to hand over.\n\n"
        "Kitdock only listens: it connects to no tag and takes nothing from it. You see this station's tags only, "
        "because another station's tag looks just like any door sensor."
    ),
    "scan --adapter": (
        "The Bluetooth adapter: hci1 for another one under BlueZ, usb:0 for a USB dongle without BlueZ. [default: "
        "the computer's own]"
    ),
    "scan --seconds": "How long to listen.",
    "service": "Run the dock as a service that starts with this computer.",
    "service install": (
        "Set up the dock as a service, and start it.\n\n"
        "It collects from pouches and asks nothing. systemd starts it with this computer, and again if it fails or "
        "stops listening. To change the adapters or the login, set it up again.\n\n"
        "You need root for this, and Linux. docs/service.md says what to use on Windows and macOS.\n\n"
        "\b\n"
        "sudo kitdock service install --db /var/lib/kitdock/station.db\n"
        "kitdock service install --print   only show what it would set up"
    ),
    "service install --adapter": (
        "A Bluetooth adapter: hci1, or usb:0 for a USB dongle. You can give it more than once. [default: the "
        "computer's own]"
    ),
    "service install --print": "Show the unit, and change nothing.",
    "service install --user": "The login that runs the dock. [default: the owner of the database file]",
    "service uninstall": "Stop the dock's service and take it away.",
    "setting": "See and change the limits this station works to.",
    "setting list": "List the settings, what each one does and its value.",
    "setting set": (
        "Change a setting.\n\n"
        '`kitdock setting list` shows their names. To clear a text setting, give "" as VALUE.\n\n'
        "\b\n"
        "kitdock setting set carry_days 60"
    ),
    "stock": (
        "Receive deliveries, print labels and see what is in stock.\n\n"
        "\b\n"
        "A delivery comes in:\n"
        '  kitdock stock receive --document "Delivery 118" --labels labels.pdf\n'
        "  kitdock stock list"
    ),
    "stock --accept-expired": "Receive kits that are out of date too, to be destroyed.",
    "stock --document": "The delivery note or other paper, kept with each kit.",
    "stock --station": "The station the kits go to. [default: this one]",
    "stock balance": (
        "Check that every kit and dose is accounted for.\n\n"
        "Every dose that came in is still in a kit, was used, or is unaccounted for because someone counted fewer.\n\n"
        "\b\n"
        "kitdock stock balance                         now\n"
        "kitdock stock balance --at 2026-04-01T06:00   as it was then"
    ),
    "stock balance --at": "Show how it was then, such as 'yesterday 19:30'. [default: now]",
    "stock import": (
        "Receive the kits in a CSV file, all of them or none.\n\n"
        "The first line names the columns: kit and lot, then product or gtin, and any of expires, doses, serial "
        "and document. If one line is wrong, nothing is received and you see what is wrong with each line.\n\n"
        "\b\n"
        "kitdock stock import kits.csv --dry-run   try it first\n"
        "kitdock stock import kits.csv"
    ),
    "stock import --dates": (
        "How to read dates such as 03/04/2027: day first (dmy) or month first (mdy). [default: refuse them]"
    ),
    "stock import --dry-run": "Only show what would come in, and which lines are wrong.",
    "stock labels": (
        "Write kit labels as a PDF, to print on sticky sheets.\n\n"
        "Each label shows the kit's number as text and as a QR code that any scanner reads, with its product, lot "
        "and expiry. The sheet is A4 with 24 labels of 63.5 by 33.9 mm (L7159). Print it at actual size.\n\n"
        "\b\n"
        "kitdock stock labels K-0012 K-0013 --output two.pdf\n"
        "kitdock stock labels --since 2026-06-01 --output june.pdf"
    ),
    "stock labels --first": "Where to start on a sheet already begun, counting row by row.",
    "stock labels --lot": "Print the kits of this lot.",
    "stock labels --output": "The PDF file to write.",
    "stock labels --overwrite": "Replace FILE.pdf if it already exists.",
    "stock labels --since": "Print the kits received on this day or later.",
    "stock list": (
        "Show how many kits of each lot are in stock and issued.\n\n"
        "For each lot and station you also see how many are quarantined, out of date, about to expire (within the "
        "days kits are carried, setting carry_days) or waiting to be counted."
    ),
    "stock receive": (
        "Receive kits with a scanner: each beep is one kit.\n\n"
        "A scanner works like a keyboard, so scan straight into the terminal. Each kit gets the next free number "
        "with the prefix and is kept at once. Anything doubtful is asked about once, not at every beep.\n\n"
        "\b\n"
        "lot A1 exp 2028-04-30   type this if the pack's code gives no lot or expiry\n"
        "undo                    take back the last kit\n"
        "done                    finish\n\n"
        "Without a terminal, scans are read from standard input, one a line. Lines that would need a question are "
        "refused and the others are received. The exit status is then 1."
    ),
    "stock receive --labels": "Write a sheet of labels for these kits.",
    "stock receive --prefix": "What the kits' numbers begin with. [default: setting kit_prefix, K- unless set]",
    "stocktake": (
        "Count what is on the shelf, and settle each difference.\n\n"
        "Scans are kept at once, so after a break or a crash you just scan on. You can issue and return kits "
        "meanwhile.\n\n"
        "\b\n"
        "kitdock stocktake start    begin\n"
        "kitdock stocktake scan     scan every kit\n"
        "kitdock stocktake result   see what differs\n"
        "kitdock stocktake close    give a reason for each difference"
    ),
    "stocktake cancel": "Give up a stocktake, without a result.\n\nWhat was scanned stays on record.",
    "stocktake cancel --reason": "Why you are giving it up.",
    "stocktake close": (
        "Close a stocktake, with a reason for each difference.\n\n"
        "At a terminal you are asked for each reason you haven't given. If a reason is missing, nothing is closed "
        "and you see which ones are needed. The doses you counted go into the ledger. No kit is moved: you see the "
        "commands that do that.\n\n"
        "\b\n"
        'kitdock stocktake close --reason missing:K-0007="not on the shelf"'
    ),
    "stocktake close --reason": "The reason for one difference. You can give it more than once.",
    "stocktake close --reasons": "A CSV file with the columns kind, kit and reason.",
    "stocktake list": "List all stocktakes, newest first.",
    "stocktake result": (
        "List what differs between the shelf and the ledger.\n\n"
        "You see kits that are missing, unexpected, unknown, in the wrong place, counted twice or only once, out "
        "of date, uncounted, or with other doses than the ledger has.\n\n"
        "While the stocktake is under way, kits that nobody has scanned yet count as missing. For one that is "
        "closed, give its NUMBER to see the reasons as well. Written as CSV, with the reason column filled in, it "
        "is what `close --reasons` takes."
    ),
    "stocktake scan": (
        "Scan kits, one label a line, with a scanner or from a file.\n\n"
        "Each scan is answered at once on standard error. An exclamation mark and a bell tell you to take a look. "
        "You can scan the label with the kit's number, or the code on the pack if it has a serial.\n\n"
        "\b\n"
        "K-0001 1   an opened kit with 1 dose in it\n"
        "undo       take back the last scan\n"
        "done       stop (or press Ctrl-D)\n\n"
        "The stocktake stays open, so you can scan on whenever you like."
    ),
    "stocktake scan --counter": "Who is counting. [default: your login]",
    "stocktake start": (
        "Start a stocktake of this station or of PLACE.\n\n"
        "PLACE can be another station, a custody suite, a vehicle or a cabinet. If two people share the shelves, a "
        "kit that both scan is shown as a difference. With --blind each of them scans everything, and a kit that "
        "only one finds is a difference.\n\n"
        "\b\n"
        "kitdock stocktake start\n"
        'kitdock stocktake start "Car 12"'
    ),
    "stocktake start --blind": "Everyone scans everything, and the counts are compared.",
    "stocktake status": "Show how far each open stocktake has come.",
    "tag": "Set up tags, change how they behave and read their logs.",
    "tag --adapter": "Bluetooth adapter, as for `kitdock dock`. [default: the computer's own]",
    "tag --port": "The tag's serial port, such as /dev/ttyACM0: see `kitdock tag ports`.",
    "tag --yes": "Don't ask me to confirm.",
    "tag bench": (
        "Test a first board step by step, and write a report to send us.\n\n"
        "Kitdock says what to connect and what to read, and judges the results. It does over USB what it can by "
        "itself. A step that needs something you don't have is left out and counts as not done. The board needs "
        "the firmware, and can't be a tag already: some steps make it one, and wipe it afterwards.\n\n"
        "At any question, type ? to see why, s to skip the step or q to stop. Go on another day with --resume. The "
        "exit status is 0 only if no step has failed.\n\n"
        "\b\n"
        "kitdock tag bench --list\n"
        "kitdock tag bench --port /dev/ttyACM0"
    ),
    "tag bench --have": "What you have at hand, such as wires,dmm. [default: you are asked]",
    "tag bench --list": "List the steps and what each needs, and do nothing.",
    "tag bench --only": "Run only these steps, such as F1,W4, or F for a whole section.",
    "tag bench --port": "The board's serial port: see `kitdock tag ports`.",
    "tag bench --report": "The report to write. [default: bench-DATE-TIME.json here]",
    "tag bench --resume": "Go on with the report in FILE.",
    "tag config": (
        "Show how a pouch's tag is configured, or change it.\n\n"
        "With --port the tag is reached over USB. Otherwise it is reached over Bluetooth, so put it in the dock or "
        "press its button. Write times as 90s, 3m, 12h or 1d.\n\n"
        "\b\n"
        "kitdock tag config P-01\n"
        "kitdock tag config P-01 --second-dose 3m --silent"
    ),
    "tag config --battery-measured": (
        "What a meter shows at the cell now, in millivolts. It calibrates the tag's own reading."
    ),
    "tag config --bind-key-file": "Write the key that a BTHome receiver needs for profile open to FILE. Needs no tag.",
    "tag config --buzzer": "Let it make a sound, or use only its light.",
    "tag config --field-period": "Time between two advertisements in the field, such as 15m.",
    "tag config --heartbeat": "Time between two signs of life, such as 12h.",
    "tag config --open-sealed": "Encrypt what it sends in profile open, or don't.",
    "tag config --port": "The tag's serial port, if it is on USB: see `kitdock tag ports`.",
    "tag config --profile": "When it advertises in the field.",
    "tag config --resedation": "When to cue for returning sedation after a dose mark, such as 90m, or off.",
    "tag config --second-dose": "When to cue for a second dose after a dose mark, such as 3m, or off.",
    "tag config --temperature": "How often to check its temperature, such as 6h, or off.",
    "tag config --temperature-offset": "What to add to its own thermometer's reading, such as 10.5, or none.",
    "tag config --trackable": "Agree that it can be tracked. Profile open needs this.",
    "tag flash": (
        "Put MicroPython and the firmware onto the board on PORT.\n\n"
        "It checks the chip and the image, then writes only what differs. A second run writes nothing. If a run "
        "breaks off, run it again. The log and the keys stay unless you use --erase-log.\n\n"
        "The image is a file from MicroPython's download page. Its SHA-256 is shown, and must match an image that "
        "Kitdock knows, or the one you give with --sha256.\n\n"
        "\b\n"
        "kitdock tag flash --port /dev/ttyACM0 --images ~/Downloads"
    ),
    "tag flash --erase-log": "Erase the log and the keys too. The tag then has to be provisioned again.",
    "tag flash --firmware": "The firmware folder of a checkout. [default: the firmware that comes with Kitdock]",
    "tag flash --image": "A MicroPython image for the ESP32-C6 (.bin). [default: the board keeps its own]",
    "tag flash --images": "Use the newest image in FOLDER that fits.",
    "tag flash --sha256": "The SHA-256 the image must have. Needed for an image that Kitdock doesn't know.",
    "tag identify": (
        "Make a pouch's tag show itself with its light.\n\n"
        "It also sounds its buzzer, if that is on. With --port the tag is reached over USB, otherwise over "
        "Bluetooth.\n\n"
        "\b\n"
        "kitdock tag identify P-01"
    ),
    "tag identify --port": "The tag's serial port, if it is on USB: see `kitdock tag ports`.",
    "tag identify --seconds": "How long it shows itself.",
    "tag info": (
        "Show what is on PORT, and whether the station knows its keys.\n\n"
        "You see the board, its firmware, how much room it has, and which tag and pouch it is. Keys are compared "
        "by check values and never read.\n\n"
        "The tag goes on afterwards. It records that it was stopped, but if the station knows the tag, that raises "
        "no question."
    ),
    "tag list": (
        "List tags by pouch: when each last docked, and its battery.\n\n"
        "With --format json or csv you also get the check values of each tag's keys, but never a key."
    ),
    "tag list --all": "Include tags that were replaced.",
    "tag log": (
        "Show what a tag has logged, newest last.\n\n"
        "With --port, the tag on that port is docked over USB first: its records are fetched, checked, kept and "
        "acknowledged, and its clock is set, just as over the air. Without --port you see what the station already "
        "has.\n\n"
        "\b\n"
        "kitdock tag log P-01 --limit 10\n"
        "kitdock tag log --port /dev/ttyACM0"
    ),
    "tag log --limit": "Show the newest N records.",
    "tag log --port": "The tag's serial port, if it is on USB: see `kitdock tag ports`.",
    "tag log --since": "Show only what happened since then, such as 'yesterday 19:30'.",
    "tag ports": (
        "List serial ports and what seems to be on each.\n\n"
        "A tag appears here while it is awake. On USB it always is, because USB counts as dock power."
    ),
    "tag provision": (
        "Write fresh keys to the tag on PORT and put it into POUCH.\n\n"
        "The keys are random, go over the cable only and are kept sealed. With --replace, you can still read what "
        "the pouch's tag has logged so far. What it hasn't handed over yet is lost.\n\n"
        "The label shows the pouch's name and the tag's id, as text and as a QR code. Neither is secret. A .png "
        "has only the QR code. Without --label it is shown at the terminal.\n\n"
        "\b\n"
        "kitdock tag provision P-01 --port /dev/ttyACM0 --label P-01.svg"
    ),
    "tag provision --label": "Write the pouch's label to FILE, .svg or .png.",
    "tag provision --replace": "Replace the tag that the pouch has, or the keys that the tag has.",
    "tag wipe": (
        "Destroy the keys and the log of the tag on PORT, and retire it.\n\n"
        "The station keeps what it has collected from the tag. What the tag hasn't handed over is lost, so fetch "
        "it first with `kitdock tag log --port PORT`."
    ),
    "usage": "File usage reports, read them and put them right.",
    "usage file": (
        "File a usage report.\n\n"
        "At a terminal, Kitdock asks for each answer. If you name the opening, its time and the dose marks are "
        "filled in for you. Nothing is kept unless every answer fits.\n\n"
        "The doses are taken from the kit that was in the pouch at the time, wherever it is now. Without an "
        "opening, they are taken from the kit you had.\n\n"
        "If you were there but another officer's pouch was used, name that pouch. Your report is then about its "
        "opening nearest to the time of the incident.\n\n"
        "\b\n"
        "kitdock usage file --opening P-02:12   this opening\n"
        "kitdock usage file --opening P-02      its newest unexplained opening"
    ),
    "usage file --amends": "The report that this one replaces.",
    "usage file --answers": (
        "A file with the answers as a JSON object, or - for standard input. [default: you are asked]"
    ),
    "usage file --form": "Which form to use.",
    "usage file --kit": "Which kit was used, if two may have been in the pouch at the time.",
    "usage file --officer": "The officer who reports. [default: you, or else the officer who carried the pouch]",
    "usage file --opening": "The opening it is about.",
    "usage list": (
        "List usage reports, without their protected answers.\n\n"
        "On an officer's own account you see that officer's reports."
    ),
    "usage match": (
        "Say which opening a report is about.\n\n"
        "If a report names no opening, Kitdock takes the one nearest in time, of the pouch its officer carried. If "
        "it was another, such as a colleague's pouch, say so here. The doses are then taken from the kit in that "
        "pouch.\n\n"
        "\b\n"
        "kitdock usage match 12 P-02"
    ),
    "usage restore": "Count a report again that was withdrawn or is the same as another.",
    "usage restore --reason": (
        "Why, if that matters. It is kept for good, so no names and nothing about anyone's health."
    ),
    "usage same": (
        "Say that two reports are about the same doses.\n\n"
        "If two officers were there, both may report. Both reports stay, but only the doses in OTHER count.\n\n"
        "\b\n"
        "kitdock usage same 12 11   report 12 is about the doses in report 11"
    ),
    "usage show": (
        "Show one usage report, with its protected answers.\n\n"
        "Only the officer who filed it, and roles that the form allows, can read those. Each reading is noted in "
        "the audit."
    ),
    "usage withdraw": (
        "Withdraw a report that was wrong.\n\n"
        "It stays on record but no longer counts. Its doses go back into the kit, unless a count says otherwise. "
        "To undo this, use `kitdock usage restore`. To replace it with a correct report, file that one with "
        "--amends.\n\n"
        "\b\n"
        'kitdock usage withdraw 12 --reason "wrong incident"'
    ),
    "usage withdraw --reason": "Why it was wrong. It is kept for good, so no names and nothing about anyone's health.",
}
"""The help of each command, by its name with its groups' names, and of each option, by the command and the option.

Where several commands have the same option, its help is here once: by their group, or by the option alone. Lists of
commands show a command's first sentence. Paragraphs are filled to the width of the terminal, except those that begin
with "\\b".
"""
