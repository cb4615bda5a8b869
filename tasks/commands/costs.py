"""`doit costs`: what the calls of this project cost, from its ledger."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tasks.batch.open import pending_usd
from tasks.commands.command import JSON_OPTION, FrameCommand
from tasks.ground.wording import OWN_OUTFIT, counted, dollars
from tasks.spending.estimate import WORDS
from tasks.spending.ledger import DRAWN, OPEN, Entry, Ledger
from tasks.spending.periods import Left, periods_of
from tasks.spending.reconcile import add_missing
from tasks.takes.store import TakeStore


@dataclass(frozen=True, slots=True)
class Sum:
    """What some calls come to."""

    calls: int
    pictures: int
    cost_usd: float
    """of the calls whose cost is known"""
    unknown: int
    """pictures whose cost nobody knows"""
    perhaps_usd: float
    """what those may have cost of which nobody knows: cut off, lost, or without a price"""


def sum_of(entries: Iterable[Entry]) -> Sum:
    """The sum of some calls."""
    listed = list(entries)
    return Sum(
        calls=len(listed),
        pictures=sum(entry.outcome == DRAWN and entry.size != WORDS for entry in listed),
        cost_usd=round(sum(entry.cost_usd or 0.0 for entry in listed), 6),
        unknown=sum(
            entry.outcome == DRAWN and entry.size != WORDS and entry.cost_usd is None
            for entry in listed
        ),
        perhaps_usd=round(
            sum(entry.estimate_usd or 0.0 for entry in listed if entry.cost_usd is None), 6
        ),
    )


def _day(entry: Entry) -> str:
    return entry.at[:10]


def _model(entry: Entry) -> str:
    return entry.model


def _expression(entry: Entry) -> str:
    return entry.expression


def _costume(entry: Entry) -> str:
    return entry.costume or OWN_OUTFIT


_GROUPS: dict[str, Callable[[Entry], str]] = {
    "day": _day,
    "model": _model,
    "expression": _expression,
    "costume": _costume,
}


def grouped(entries: Iterable[Entry], group: Callable[[Entry], str]) -> dict[str, Sum]:
    """The sums of the groups, by name."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(group(entry), []).append(entry)
    return {name: sum_of(found[name]) for name in sorted(found)}


class Costs(FrameCommand):
    """Prints sums; needs neither key nor network."""

    name = "costs"
    doc_purpose = "sum up what was spent, by day, model, expression and costume"
    doc_usage = ""
    doc_description = "From the ledger, .takes/ledger.jsonl: one line for every call ever made."
    cmd_options = (JSON_OPTION,)
    takes_names = False

    def _execute(self, json: bool) -> int:
        project = self.session.project
        ledger = Ledger(project.store)
        if ledger.path.parent.is_dir():
            with contextlib.suppress(OSError):  # a store that only may be read has its sums too
                add_missing(ledger, TakeStore(project.store))
        entries = ledger.entries()
        generation = project.character.generation
        periods = periods_of(generation, lambda: pending_usd(project))
        left = list(periods.left(entries))
        sums = {name: grouped(entries, group) for name, group in _GROUPS.items()}
        if set(sums["costume"]) <= {OWN_OUTFIT}:
            del sums["costume"]
        if self._wants_json(json):
            document = {"total": _plain(sum_of(entries)), **_by_group(sums)}
            self._say_json({**document, "left_usd": {one.key: one.left_usd for one in left}})
            return 0
        if not entries:
            self._say(f"[i] Nothing was spent yet: {ledger.path} has no line.")
            self._say_left(left)
            return 0
        for name, rows in sums.items():
            self._say(f"by {name}")
            for row, total in rows.items():
                self._say(f"  {_line(row, total)}")
        self._say(_line("[i] In all:", sum_of(entries)))
        still_open = sum(entry.outcome == OPEN for entry in entries)
        if still_open:
            were = "was" if still_open == 1 else "were"
            self._say(
                f"[i] {counted(still_open, 'call')} {were} begun and not ended: under way now, or"
                " cut off with the run; perhaps billed."
            )
        self._say_left(left)
        return 0

    def _say_left(self, left: Iterable[Left]) -> None:
        """What each budget that is set leaves."""
        for one in left:
            self._say(
                f"[i] Left {one.what}: {dollars(one.left_usd)} of {dollars(one.limit_usd)}"
                f" ({one.key})"
            )


def _line(name: str, total: Sum) -> str:
    perhaps = f", and perhaps {dollars(total.perhaps_usd)} more" if total.perhaps_usd else ""
    pictures = counted(total.pictures, "picture")
    if total.unknown:
        pictures += f", {total.unknown} of them of unknown cost,"
    calls = counted(total.calls, "call")
    return f"{name:<24} {dollars(total.cost_usd):>8}{perhaps}  {pictures} by {calls}"


def _plain(total: Sum) -> dict[str, Any]:
    return {
        "calls": total.calls,
        "pictures": total.pictures,
        "cost_usd": total.cost_usd,
        "perhaps_usd": total.perhaps_usd,
        "pictures_of_unknown_cost": total.unknown,
    }


def _by_group(sums: dict[str, dict[str, Sum]]) -> dict[str, Any]:
    return {
        f"by_{name}": {row: _plain(total) for row, total in rows.items()}
        for name, rows in sums.items()
    }
