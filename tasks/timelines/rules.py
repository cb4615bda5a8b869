"""The rules of lip-sync with their numbers, and where these come from.

The table of shapes and most numbers are those of Rhubarb Lip Sync (MIT), of its `animation/`:
`animationRules.cpp` (shapes, closures), `timingOptimization.cpp` (shortest shape),
`pauseAnimation.cpp` (pauses), `tweening.cpp` (transitions), `ShapeRule.cpp` (nearest shape).
That vowels are anticipated is the animators' rule of hand: picture before sound, never after it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tasks.timelines import timing

REST, SHUT = "X", "A"
_EFFORT: Mapping[str, str] = MappingProxyType(
    {
        "A": "AXGBCHEDF",
        "B": "BGAXCHEDF",
        "C": "CHBGDAXEF",
        "D": "DCHBGAXEF",
        "E": "ECHBGAXDF",
        "F": "FBGAXCHED",
        "G": "GABCHXEDF",
        "H": "HCBGDAXEF",
        "X": "XAGBCHEDF",
    }
)
SHAPES = "".join(_EFFORT)
"""Rhubarb's: A shut (p b m), B teeth (s, ee), C open (eh), D wide open (ah), E rounded (aw, er),
F puckered (oo, w), G teeth on lip (f v), H tongue up (l), X at rest"""

RELAXED: Mapping[str, str] = MappingProxyType(
    {"A": "B", "B": "B", "C": "B", "D": "C", "E": "C", "F": "B", "G": "X", "H": "B", "X": "X"}
)
"""the shape of a pause too short for rest, by what it follows"""

Part = tuple[str, float]
"""the shapes that are allowed, and the share of the sound that they last"""

_ANY = "ABCDEFGH"
_PHONES: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("AO", "ER"), (("E", 1.0),)),
        **dict.fromkeys(("EH", "AE"), (("C", 1.0),)),
        **dict.fromkeys(("IY", "IH"), (("B", 1.0),)),
        **dict.fromkeys(("UW", "UH", "W"), (("F", 1.0),)),
        **dict.fromkeys(("P", "B", "M"), (("A", 1.0),)),
        **dict.fromkeys(["T", "D", "CH", "JH", "TH", "DH", "S", "Z", "SH", "ZH"], (("BF", 1.0),)),
        **dict.fromkeys(("K", "G"), (("BCEFH", 1.0),)),
        **dict.fromkeys(("N",), (("BCFH", 1.0),)),
        **dict.fromkeys(("NG",), (("BCEF", 1.0),)),
        **dict.fromkeys(("F", "V"), (("G", 1.0),)),
        "AA": (("D", 1.0),),
        "AX": (("BC", 1.0),),
        "HH": ((_ANY, 1.0),),
        "?": (("BC", 1.0),),
        "R": (("BEF", 1.0),),
        "Y": (("BCF", 1.0),),
        "EY": (("C", 0.6), ("B", 0.4)),
        "OW": (("E", 0.6), ("F", 0.4)),
        "OY": (("E", 0.6), ("B", 0.4)),
    }
)
_SHORT: Mapping[str, tuple[int, tuple[Part, ...], tuple[Part, ...]]] = MappingProxyType(
    {
        "AH": (200, (("C", 1.0),), (("D", 1.0),)),
        "AY": (200, (("C", 0.6), ("B", 0.4)), (("D", 0.6), ("B", 0.4))),
        "AW": (300, (("C", 0.6), ("E", 0.4)), (("D", 0.6), ("E", 0.4))),
        "L": (200, (("BEFH", 1.0),), (("H", 1.0),)),
        "ER": (70, (("BCE", 1.0),), (("E", 1.0),)),
    }
)
"""the phones whose shape depends on how long they last: below so many ms, and from there on"""


def parts_of(phone: str, duration_us: int) -> tuple[Part, ...]:
    """The shapes of a phone, one after the other; a diphthong has two."""
    if phone in _SHORT:
        limit_ms, short, long = _SHORT[phone]
        return short if duration_us < limit_ms * 1000 else long
    return _PHONES.get(phone, (("BC", 1.0),))


def nearest_shape(to: str, allowed: str) -> str:
    """Of the allowed shapes the one that takes the least effort from shape `to`."""
    return next(shape for shape in _EFFORT[to] if shape in allowed)


def _pairs(text: str) -> dict[str, str]:
    """`PP=A FF=G` as a table."""
    return dict(pair.split("=") for pair in text.split())


_BLAIR = _pairs("MBP=A etc=B E=C AI=D O=E U=F FV=G L=H WQ=F rest=X")
_AZURE = "XCDECEBFECEDBEHBBBGBBA"
"""by number, 0 to 21"""
_POLLY = _pairs("p=A t=B S=B T=B f=G k=B i=B r=E s=B u=F @=B a=D e=C E=C o=E O=E l=H sil=X")
_OCULUS = _pairs("sil=X PP=A FF=G TH=B DD=B kk=B CH=B SS=B nn=B RR=E aa=D E=C ih=B oh=E ou=F")
SETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        timing.RHUBARB: {shape: shape for shape in SHAPES},
        timing.PRESTON_BLAIR: _BLAIR,
        timing.AZURE: {str(number): shape for number, shape in enumerate(_AZURE)},
        timing.POLLY: _POLLY,
        timing.OCULUS: _OCULUS,
    }
)
"""sets of mouth shapes other than Rhubarb's, in its shapes"""
