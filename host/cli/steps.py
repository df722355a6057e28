"""How the command line shows a step: as the command to type."""

import re
import shlex
from string import Formatter
from typing import Any

from host import words
from host.errors import KitdockError
from host.phrase import NextStep, Phrase

COMMANDS: dict[str, str] = {
    "account.grant": "kitdock account grant {login} ROLE",
    "account.grant_dock": "kitdock account grant {login} officer",
    "account.list": "kitdock account list",
    "audit.head": "kitdock audit head",
    "audit.verify": "kitdock audit verify",
    "bench.begin": "kitdock tag bench",
    "bench.go_on": "kitdock tag bench --port {port} --resume {report}",
    "bench.list": "kitdock tag bench --list",
    "bench.list_all": "kitdock tag bench --list --format json",
    "clock.accept": "kitdock db accept-clock",
    "database.check": "kitdock db check",
    "database.create": "kitdock init",
    "database.create_at": "kitdock init --db {db} --name NAME --time-zone ZONE",
    "database.repair": "kitdock db check --repair",
    "database.rekey": "kitdock db rekey",
    "database.retention": "kitdock db retention --apply",
    "database.vacuum": "kitdock db vacuum",
    "demo.play": "kitdock demo",
    "digest.acknowledge": "kitdock digest acknowledge {made}",
    "discrepancy.acknowledge": "kitdock reconcile acknowledge {discrepancy} --reason TEXT",
    "discrepancy.list": "kitdock reconcile --all",
    "discrepancy.resolve": "kitdock reconcile resolve {discrepancy} --reason TEXT",
    "discrepancy.rules": "kitdock reconcile --rules",
    "discrepancy.show": "kitdock reconcile show {discrepancy}",
    "dock.scan": "kitdock scan",
    "dock.service": "kitdock dock",
    "dock.status": "kitdock dock --status",
    "expiry.acknowledge": "kitdock expiry acknowledge {kit} --until DATE --reason TEXT",
    "expiry.forecast": "kitdock expiry forecast",
    "expiry.list": "kitdock expiry",
    "expiry.list_all": "kitdock expiry --all",
    "kit.add": "kitdock kit add {kit}",
    "kit.correct": "kitdock kit correct[ {kit}]",
    "kit.count": "kitdock kit count {kit} --doses {doses}",
    "kit.destroy": "kitdock kit destroy {kit}[ --reason {reason} --document ID]",
    "kit.enter": "kitdock kit add",
    "kit.find": "kitdock kit find {kit}[ --station {station}]",
    "kit.hand_out": "kitdock kit issue",
    "kit.histories": "kitdock kit history",
    "kit.history": "kitdock kit history {kit}",
    "kit.issue": "kitdock kit issue[ {kit}][ --place {place}]",
    "kit.issue_next": "kitdock kit issue --next[ {officer}][ --place {place}][ --pouch {pouch}]",
    "kit.issue_to": "kitdock kit issue {kit} {officer}",
    "kit.list": "kitdock kit list",
    "kit.list_at": "kitdock kit list --place {place}",
    "kit.list_to_count": "kitdock kit list --to-count",
    "kit.load": "kitdock kit load {kit} {pouch}",
    "kit.lose": "kitdock kit lose {kit}",
    "kit.receive": "kitdock kit add {kit}",
    "kit.release": "kitdock kit release {kit}",
    "kit.replace": "kitdock kit replace {kit}[ {new}][ --station {station}]",
    "kit.return": "kitdock kit return[ {kit}][ --station {station}]",
    "kit.transfer": "kitdock kit transfer {kit} {station}",
    "kit.transfer_stock": "kitdock kit transfer",
    "kit.unload": "kitdock kit unload {kit}",
    "kit.use": "kitdock kit use {kit} --doses {doses} --report {report}",
    "lot.recall": 'kitdock recall {lot} --reason "..."',
    "officer.add": "kitdock officer add {officer} --trained DATE",
    "officer.back": "kitdock officer leave {officer} --back",
    "officer.enter": "kitdock officer add {officer}",
    "officer.leave": "kitdock officer leave {officer}",
    "officer.list": "kitdock officer list",
    "officer.role": "kitdock officer change {officer} --role {role}",
    "officer.trained": "kitdock officer change {officer} --trained DATE",
    "opening.doses": "kitdock openings explain {opening} --cause used --doses {doses}",
    "opening.explain_anew": "kitdock openings explain {opening}",
    "opening.explain": "kitdock openings explain {opening} --officer {officer} --cause {cause}",
    "opening.list": "kitdock openings[ {pouch}]",
    "opening.used": "kitdock openings explain {opening} --officer {officer} --cause used --doses {doses}",
    "place.add": "kitdock place add",
    "place.enter": "kitdock place add {place} --kind KIND",
    "place.list": "kitdock place list",
    "port.list": "kitdock tag ports",
    "product.add": "kitdock product add {name} --gtin {gtin}",
    "product.enter": "kitdock product add {name}",
    "product.gtin": "kitdock product gtin {name} {gtin}",
    "product.list": "kitdock product list",
    "product.move_gtin": "kitdock product gtin {name} {gtin} --move",
    "recall.list": "kitdock recall list",
    "recall.show": "kitdock recall show",
    "recall.show_lot": "kitdock recall show {lot}",
    "reconcile.list": "kitdock reconcile",
    "report.amend": "kitdock usage file --amends {report}",
    "report.file": "kitdock usage file[ --amends {amends}][ --opening {opening}][ --officer {officer}]",
    "report.list": "kitdock usage list",
    "report.match": "kitdock usage match {report} POUCH:NUMBER",
    "report.restore": "kitdock usage restore {report}",
    "report.same": "kitdock usage same {report} {same}",
    "report.withdraw": "kitdock usage withdraw {report} --reason WHY",
    "service.install": "kitdock service install",
    "service.install_as_root": "sudo {program} service install --db {db}[ {adapters}][ --user {login}]",
    "service.print": "kitdock service install --print",
    "service.uninstall_as_root": "sudo {program} service uninstall",
    "setting.any": "kitdock setting set KEY VALUE",
    "setting.change": "kitdock setting set {setting} {value}",
    "setting.retention": "kitdock setting set retain_answers_days {days}",
    "stock.labels": "kitdock stock labels KIT... --output FILE.pdf",
    "stock.receive": "kitdock stock receive",
    "stocktake.cancel": "kitdock stocktake cancel",
    "stocktake.close": "kitdock stocktake close",
    "stocktake.list": "kitdock stocktake list",
    "stocktake.result": "kitdock stocktake result",
    "stocktake.scan": "kitdock stocktake scan",
    "stocktake.start": "kitdock stocktake start",
    "tag.dock": "kitdock dock",
    "tag.enrol": "kitdock tag provision {pouch} --port {port}",
    "tag.flash": "kitdock tag flash[ --port {port}]",
    "tag.flash_image": "kitdock tag flash --port {port} --image FILE",
    "tag.list": "kitdock tag list",
    "tag.log": "kitdock tag log --port {port}",
    "tag.provision": "kitdock tag provision",
    "tag.wipe": "kitdock tag wipe --port {port}",
}
"""The command of each action. A field that the step does not have is shown in capitals, for the user to fill in;
what is in [brackets] is left out if one of its fields is missing."""

_OPTIONAL = re.compile(r"\[([^\]]*)\]")


def told(what: Phrase | KitdockError) -> str:
    """The sentence, with its steps as commands."""
    return words.told(what, command)


def line(code: str, /, **fields: Any) -> str:
    """What the command line itself says: the sentence of a code."""
    return told(Phrase(code, **fields))


def command(step: NextStep) -> str:
    """The command that does a step, in back-quotes."""

    def kept(part: re.Match[str]) -> str:
        wanted = [name for _, name, _, _ in Formatter().parse(part[1]) if name]
        return part[1] if all(step.fields.get(name) is not None for name in wanted) else ""

    template = _OPTIONAL.sub(kept, COMMANDS[step.action])
    return f"`{_FILLER.vformat(template, (), step.fields)}`"


class _Filler(Formatter):
    """Fills a command: what is known is quoted as a shell needs it, the rest is named in capitals."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> str:
        """The value of a field as it is typed."""
        value = kwargs.get(str(key))
        if value is None:
            return str(key).upper()
        if isinstance(value, list | tuple):
            return " ".join(shlex.quote(str(each)) for each in value)
        return shlex.quote(str(value))


_FILLER = _Filler()
