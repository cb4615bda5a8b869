"""SillyTavern's 28 labels, and which expression of a character comes near each.

By name first, then by the usual other names, then by the blend shapes that show the feeling.
Source of the labels: SillyTavern 1.19.0, `public/scripts/extensions/expressions`; of the groups
of feelings: GoEmotions (Demszky et al., 2020), whose labels these are.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tasks.exports.cast import Cast

_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "admiration": "admiring awe starstruck loving happy smile pleased joy",
        "amusement": "amused laughing laugh grin happy happy_big smile_big joy smirk",
        "anger": "angry mad furious rage cross",
        "annoyance": "annoyed irritated cross grumpy angry anger frown",
        "approval": "approving nod content pleased smile happy happy_soft smile_soft",
        "caring": "kind gentle tender loving smile smile_soft happy_soft happy",
        "confusion": "confused puzzled perplexed thinking unsure questioning",
        "curiosity": "curious interested wondering thinking raise surprised",
        "desire": "longing wanting flirty seductive love loving",
        "disappointment": "disappointed let_down sad frown sadness",
        "disapproval": "disapproving doubtful sceptical skeptical frown annoyed angry",
        "disgust": "disgusted grossed_out sick",
        "embarrassment": "embarrassed blushing blush shy ashamed sheepish",
        "excitement": "excited thrilled happy_big laughing smile_big happy joy",
        "fear": "scared afraid frightened terrified worried concerned",
        "gratitude": "grateful thankful smile smile_soft happy_soft happy",
        "grief": "grieving crying cry weeping sad sadness",
        "joy": "happy joyful happy_big smile smile_big laughing cheerful glad delighted",
        "love": "loving in_love adoring heart smile happy",
        "nervousness": "nervous anxious worried concerned tense uneasy scared",
        "optimism": "optimistic hopeful determined confident smile smile_soft happy",
        "pride": "proud smug confident determined smirk happy_soft",
        "realization": "realizing realising aha idea surprised surprise",
        "relief": "relieved calm relaxed sigh content smile_soft happy_soft",
        "remorse": "sorry regretful guilty ashamed sad sadness",
        "sadness": "sad unhappy down frown crying",
        "surprise": "surprised shocked astonished amazed wow",
        "neutral": "calm idle default normal",
    }
)
LABELS: tuple[str, ...] = tuple(_OTHER_NAMES)
_GROUPS = (
    "joy optimism gratitude approval amusement admiration excitement love caring pride relief",
    "desire love admiration joy",
    "anger annoyance disapproval disgust",
    "sadness disappointment grief remorse embarrassment",
    "fear nervousness surprise",
    "surprise realization curiosity confusion",
)
"""feelings that look alike: the last resort before none"""


def nearest_expression(label: str, cast: Cast) -> str | None:
    """The expression that shows a label best; None where none comes near it.

    Of two names that mean it, the label's own comes first, then the more usual one.
    """
    have = {_plain(name): name for name in reversed(cast.expressions)}
    for name in _names(label):
        if name in have:
            return have[name]
    for name in _names(label):
        longer = [whole for plain, whole in have.items() if plain.startswith(f"{name}_")]
        if longer:
            return min(longer, key=len)
    return _alike(label, have)


def _alike(label: str, have: Mapping[str, str]) -> str | None:
    """An expression of a feeling that looks alike."""
    for group in _GROUPS:
        feelings = group.split()
        if label in feelings:
            names = (name for one in feelings for name in _names(one))
            return next((have[name] for name in names if name in have), None)
    return None


def _names(label: str) -> tuple[str, ...]:
    return (label, *_OTHER_NAMES[label].split())


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
