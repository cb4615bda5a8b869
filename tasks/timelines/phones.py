"""Phones: from the spellings of aligners to one set, ARPABET's, with `AX` for a schwa.

ARPABET with and without stress and with Gentle's endings; IPA with its modifiers, as the Montreal
aligner, espeak-ng and Allosaurus write it.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

VOWELS = frozenset("AA AE AH AO AX AW AY EH ER EY IH IY OW OY UH UW".split())  # noqa: SIM905
CONSONANTS = frozenset(
    "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()  # noqa: SIM905
)
SILENCE = ""
"""the phone of a pause"""
UNKNOWN = "?"
"""the phone of what no table has, and of noises (`spn`)"""
_PAUSES = frozenset(("", "sil", "sp", "_", "#", "<eps>", "pau", "h#", "<p:>", "+noise+", "<sil>"))
_NOISES = frozenset(("spn", "oov", "<unk>", "+spn+"))
_STRESS = "ˈˌ'ˑː:ʰʲʷˠˤ˞ˀ̚"

_IPA: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("aj", "aɪ", "ai", "ɑɪ"), "AY"),
        **dict.fromkeys(("aw", "aʊ", "au", "æʊ"), "AW"),
        **dict.fromkeys(("ej", "eɪ", "ei"), "EY"),
        **dict.fromkeys(("ow", "oʊ", "əʊ", "əw", "ou"), "OW"),
        **dict.fromkeys(("ɔj", "ɔɪ", "oi"), "OY"),
        **dict.fromkeys(("tʃ", "tɕ", "ʈʂ", "ʧ"), "CH"),
        **dict.fromkeys(("dʒ", "dʑ", "ɖʐ", "ʤ"), "JH"),
        "ts": "S",
        "dz": "Z",
        "pf": "F",
        "əl": "L",
        "ən": "N",
        "oː": "AO",
        "eː": "EY",
        **dict.fromkeys("aɑä", "AA"),
        "æ": "AE",
        "ɐ": "AH",
        "ʌ": "AH",
        "ɤ": "AH",
        "ə": "AX",
        "ɘ": "AX",
        "ᵻ": "IH",
        **dict.fromkeys("ɔɒo", "AO"),
        **dict.fromkeys("ɛeɜ", "EH"),
        **dict.fromkeys(("ɝ", "ɚ", "ɜː", "ø", "œ", "ɵ", "ɞ"), "ER"),
        **dict.fromkeys("iɪɨ", "IH"),
        "i": "IY",
        "ʊ": "UH",
        "ʏ": "UH",
        "u": "UW",
        "ʉ": "UW",
        "y": "UW",
        "ɯ": "UW",
        "p": "P",
        "b": "B",
        "m": "M",
        "ɓ": "B",
        "ʙ": "B",
        **dict.fromkeys("tʈθ̠ʔ", "T"),
        **dict.fromkeys("dɖɾɽɗ", "D"),
        **dict.fromkeys("kcq", "K"),
        **dict.fromkeys("ɡgɟɢɠ", "G"),
        **dict.fromkeys("nɳɲ", "N"),
        **dict.fromkeys("ŋɴ", "NG"),
        **dict.fromkeys("fɸɱ", "F"),
        **dict.fromkeys("vʋβⱱ", "V"),
        "θ": "TH",
        "ð": "DH",
        "s": "S",
        "z": "Z",
        "ʃ": "SH",
        "ʒ": "ZH",
        **dict.fromkeys("ʂɕ", "SH"),
        **dict.fromkeys("ʐʑ", "ZH"),
        **dict.fromkeys("hɦçxɣχʁħʕɧ", "HH"),
        **dict.fromkeys("lɫɬɮʎɭʟ", "L"),
        **dict.fromkeys("rɹɻʀɺ", "R"),
        "j": "Y",
        "ʝ": "Y",
        "w": "W",
        "ʍ": "W",
        "ɥ": "W",
        "ʔ": "T",
    }
)
_LONGEST = max(map(len, _IPA))


@lru_cache(maxsize=4096)
def phone_of(label: str) -> str:
    """The phone that a label means: one of `VOWELS` or `CONSONANTS`, `SILENCE`, or `UNKNOWN`."""
    plain = label.strip().strip("/[]")
    if plain.casefold() in _PAUSES:
        return SILENCE
    if plain.casefold() in _NOISES:
        return UNKNOWN
    return _arpabet(plain) or _ipa(plain) or UNKNOWN


def _arpabet(label: str) -> str:
    # A single small letter is IPA: there `j` is the sound that ARPABET calls Y.
    found = label.rstrip("012").upper()
    small = len(label) == 1 and label.islower()
    return found if (found in VOWELS or found in CONSONANTS) and not small else ""


def _ipa(label: str) -> str:
    text = unicodedata.normalize("NFD", label)
    whole = "".join(c for c in text if not unicodedata.combining(c) and c not in "ˈˌ'")
    bare = "".join(c for c in whole if c not in _STRESS)
    for spelling in (whole, bare):
        for length in range(min(_LONGEST, len(spelling)), 0, -1):
            if spelling[:length] in _IPA:
                if len(spelling) == length or spelling is bare:
                    return _IPA[spelling[:length]]
                break
    return ""
