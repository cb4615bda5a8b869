"""Sounds of words whose phones no file gives: by the project's dictionary, else by their letters.

Good enough to move a mouth in step with words. Where a recording is there, an aligner is better.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from tasks.ground.errors import Mistake
from tasks.timelines.phones import CONSONANTS, VOWELS
from tasks.timelines.timing import Span

_LETTERS: Mapping[str, str] = {
    "tion": "SH AX N",
    "ough": "AO",
    "igh": "AY",
    "tch": "CH",
    "sch": "SH",
    "eau": "OW",
    "ch": "CH",
    "sh": "SH",
    "th": "TH",
    "ph": "F",
    "wh": "W",
    "ck": "K",
    "ng": "NG",
    "qu": "K W",
    "kn": "N",
    "wr": "R",
    "gh": "",
    "dg": "JH",
    "ss": "S",
    "ll": "L",
    "tt": "T",
    "ee": "IY",
    "ea": "IY",
    "oo": "UW",
    "ou": "AW",
    "ow": "OW",
    "oa": "OW",
    "ai": "EY",
    "ay": "EY",
    "oi": "OY",
    "oy": "OY",
    "au": "AO",
    "aw": "AO",
    "ew": "UW",
    "ie": "IY",
    "ue": "UW",
    "ei": "EY",
    "ey": "IY",
    "er": "ER",
    "ir": "ER",
    "ur": "ER",
    "ar": "AA R",
    "or": "AO R",
    "a": "AE",
    "e": "EH",
    "i": "IH",
    "o": "AA",
    "u": "AH",
    "y": "IY",
    "b": "B",
    "c": "K",
    "d": "D",
    "f": "F",
    "g": "G",
    "h": "HH",
    "j": "JH",
    "k": "K",
    "l": "L",
    "m": "M",
    "n": "N",
    "p": "P",
    "q": "K",
    "r": "R",
    "s": "S",
    "t": "T",
    "v": "V",
    "w": "W",
    "x": "K S",
    "z": "Z",
}
_SPELLED = re.compile("|".join(sorted(_LETTERS, key=lambda part: -len(part))))
_MAGIC_E = re.compile(r"([aeiou])([^aeiouwxy])e$")
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
_VOWEL_PART = 2.0
"""a vowel lasts as long as two consonants"""
_MOST_LETTERS = 60


def read_pronunciations(text: str, name: str) -> dict[str, tuple[str, ...]]:
    """A word and its ARPABET sounds a line, as CMU's dictionary has them; `#` begins a remark.

    Raises `Mistake` with the line of a sound that is none.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        word, *sounds = line.partition("#")[0].split() or [""]
        if not word:
            continue
        plain = [sound.rstrip("012").upper() for sound in sounds]
        wrong = [sound for sound in plain if sound not in VOWELS | CONSONANTS]
        if wrong or not plain:
            said = f'"{wrong[0]}" is no sound of ARPABET' if wrong else f'"{word}" has no sounds'
            raise Mistake(f"{name}, line {number}: {said}; such as: keeper K IY P ER")
        found[word_key(word)] = tuple(plain)
    return found


def word_key(word: str) -> str:
    """A word as dictionaries have it: small letters, straight apostrophes, nothing around it."""
    plain = word.casefold().replace("\u2019", "'")
    return re.sub(r"^[^\w']+|[^\w']+$", "", plain).strip("'")


def sounds_of(word: str, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The sounds of a word; none for what has no letters."""
    key = word_key(word)[:_MOST_LETTERS]
    if key in known:
        return known[key]
    magic = _MAGIC_E.search(key)
    if magic and len(key) > 2:
        before = _spelled(key[: magic.start()])
        return (*before, _LONG[magic[1]], *_spelled(magic[2]))
    return _spelled(key)


def _spelled(letters: str) -> tuple[str, ...]:
    return tuple(sound for part in _SPELLED.findall(letters) for sound in _LETTERS[part].split())


def spread(words: Iterable[Span], known: Mapping[str, tuple[str, ...]]) -> Iterator[Span]:
    """The sounds of words, each word's spread over its time."""
    for word in words:
        sounds = sounds_of(word.label, known) or ("AX",)
        parts = [_VOWEL_PART if sound in VOWELS else 1.0 for sound in sounds]
        at, whole = float(word.start_us), sum(parts)
        for sound, part in zip(sounds, parts, strict=True):
            end = at + (word.end_us - word.start_us) * part / whole
            yield Span(round(at), round(end), sound)
            at = end
