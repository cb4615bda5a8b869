"""Mouth cues of a plan for those who play them elsewhere: Rhubarb's TSV, and Moho's .dat.

Forms: Rhubarb's `TsvExporter` and `DatExporter`: seconds with two digits; frames from 1, no two
cues in one frame, and a last row at the end.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from tasks.timelines.timing import SECOND_US

if TYPE_CHECKING:
    from tasks.timelines.document import Plan

_REST = "X"


def _cues(plan: "Plan") -> list[tuple[int, str]]:
    """When each shape begins, in microseconds; at rest from 0 where nothing else is."""
    mouth = plan.document["layers"]["mouth"]
    found = [(start, shape) for start, _end, shape, _label in mouth]
    if not found or found[0][0] > 0:
        found.insert(0, (0, _REST))
    return [next(group) for _, group in groupby(found, key=lambda cue: cue[1])]


def tsv(plan: "Plan") -> str:
    """`0.05<TAB>D` a line; the last is the end of the recording."""
    rows = {f"{start / SECOND_US:.2f}": shape for start, shape in _cues(plan)}
    end = f"{plan.document['duration_us'] / SECOND_US:.2f}"
    rows.pop(end, None)
    return "".join(f"{time}\t{shape}\n" for time, shape in [*rows.items(), (end, _REST)])


def dat(plan: "Plan") -> str:
    """Moho's switch file, at the plan's own rate."""
    rows: dict[int, str] = {}
    for start, shape in _cues(plan):
        rows.setdefault(1 + int(Fraction(start, SECOND_US) * plan.rate), shape)
    end = 1 + int(Fraction(plan.document["duration_us"], SECOND_US) * plan.rate)
    rows[end + 1 if end in rows else end] = _REST
    return "MohoSwitch1\n" + "".join(f"{frame} {rows[frame]}\n" for frame in sorted(rows))


WRITERS: Mapping[str, Callable[["Plan"], str]] = {"tsv": tsv, "dat": dat}
