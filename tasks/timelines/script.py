"""What is said: words, and the moods that stand among them as `[sad]`."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.timelines.layers import Key
from tasks.timelines.spelling import word_key
from tasks.timelines.timing import Span

_PIECE = re.compile(r"\[([^\[\]\n]{1,64})\]|(\S+?)(?=\[|\s|$)")


@dataclass(frozen=True, slots=True)
class Script:
    """The words of a text in order, and before which of them each mood begins."""

    words: tuple[str, ...]
    moods: tuple[tuple[int, str], ...] = ()
    """index of the word (that of the end, too) and the mood's name"""

    @property
    def spoken(self) -> str:
        """The text without its moods, for a voice or an aligner."""
        return " ".join(self.words)


def script_of(text: str) -> Script:
    """The script in a text; a word without letters or digits (a dash) goes with what precedes."""
    words: list[str] = []
    moods: list[tuple[int, str]] = []
    for found in _PIECE.finditer(text):
        if found[1]:
            moods.append((len(words), found[1].strip()))
        elif word_key(found[2]) or not words:
            words.append(found[2])
        else:
            words[-1] += f" {found[2]}"
    return Script(tuple(words), tuple(moods))


def mood_keys(script: Script, words: Sequence[Span]) -> tuple[Key, ...]:
    """When each mood begins: with its word, as far as the timing has the same words.

    A word that the timing left out counts as where the next one that it has begins.
    """
    starts = starts_of(script, words)
    end = words[-1].end_us if words else 0
    return tuple(
        Key(starts[index] if index < len(starts) else end, mood) for index, mood in script.moods
    )


def starts_of(script: Script, heard: Sequence[Span]) -> list[int]:
    """The start of every word of a script; by the words themselves, then by their order."""
    ours, theirs = ([word_key(word) for word in words] for words in
                    (script.words, [span.label for span in heard]))  # fmt: skip
    starts: list[int | None] = [None] * len(ours)
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            starts[block.a + step] = heard[block.b + step].start_us
    after = heard[-1].end_us if heard else 0
    made: list[int] = []
    for start in reversed(starts):
        after = after if start is None else start
        made.append(after)
    return made[::-1]
