"""When what is heard: the one form that every timing file is brought to.

Times are whole microseconds from the beginning of the recording.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

SECOND_US = 1_000_000
PHONES, RHUBARB, PRESTON_BLAIR, AZURE, POLLY, OCULUS = (
    *("phones", "rhubarb", "preston_blair", "azure", "polly", "oculus"),
)
"""what the labels of sounds are: ARPABET and IPA, or one of the sets of mouth shapes"""


@dataclass(frozen=True, slots=True)
class Span:
    """A label from `start_us` to `end_us` (exclusive)."""

    start_us: int
    end_us: int
    label: str


@dataclass(frozen=True, slots=True)
class Cue:
    """A line of dialogue, and who says it with which face; both may be empty."""

    start_us: int
    end_us: int
    text: str
    speaker: str = ""
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a timing file says, in the order of time; sounds do not overlap."""

    form: str
    """what kind of file it is, for people"""
    sounds: tuple[Span, ...] = ()
    words: tuple[Span, ...] = ()
    cues: tuple[Cue, ...] = ()
    alphabet: str = PHONES
    duration_us: int = 0
    """at least as long as what is in it"""
    notes: tuple[str, ...] = ()
    """what was odd, and what was made of it"""


def timing(form: str, **parts: Any) -> Timing:
    """A `Timing` in order: sorted, no sound longer than up to the next, as long as its last end."""
    made = Timing(form, **parts)
    sounds, words = in_order(made.sounds), in_order(made.words)
    cues = tuple(sorted(made.cues, key=lambda cue: cue.start_us))
    ends = [made.duration_us, *(s.end_us for s in (*sounds, *words)), *(c.end_us for c in cues)]
    return replace(made, sounds=sounds, words=words, cues=cues, duration_us=max(ends))


def in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted; one that runs into the next ends there, and one without length is left out."""
    ordered = sorted(spans, key=lambda span: (span.start_us, span.end_us))
    starts = [*(span.start_us for span in ordered[1:]), None]
    cut = (
        span if start is None or span.end_us <= start else replace(span, end_us=start)
        for span, start in zip(ordered, starts, strict=False)
    )
    return tuple(span for span in cut if span.end_us > span.start_us)


def until_next(marks: Iterable[tuple[int, str]], end_us: int) -> tuple[Span, ...]:
    """Marks that each last until the next one, and the last until `end_us`."""
    ordered = sorted(marks, key=lambda mark: mark[0])
    ends = [*(start for start, _ in ordered[1:]), end_us]
    return in_order(
        Span(start, end, label) for (start, label), end in zip(ordered, ends, strict=False)
    )
