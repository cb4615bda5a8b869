"""Blend shapes for the usual words of feelings, for expressions that a config gives only words.

The labels are those of GoEmotions (Demszky et al., 2020), which SillyTavern and others use, and the
presets of common sprite packs. Weights are ARKit's, 0..1, chosen so that no two look alike; what
muscles move in a feeling follows the Facial Action Coding System (Ekman and Friesen, 1978).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from tasks.character.vocabulary import both_sides as _both

EMOTIONS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "admiration": {"browInnerUp": 0.6} | _both(mouthSmile=0.5, browOuterUp=0.4, eyeWide=0.45),
        "amusement": {"jawOpen": 0.06}
        | _both(mouthSmile=0.95, mouthDimple=0.5, eyeSquint=0.75, cheekSquint=0.6),
        "anger": {"jawOpen": 0.05}
        | _both(browDown=1.0, noseSneer=0.6, mouthFrown=0.6, eyeSquint=0.45, mouthPress=0.5),
        "annoyance": {"mouthLeft": 0.5, "browDownRight": 0.8, "browDownLeft": 0.4}
        | _both(mouthPress=0.5, eyeSquint=0.5, mouthFrown=0.3),
        "approval": _both(mouthSmile=0.6, mouthPress=0.3, browOuterUp=0.35, eyeBlink=0.15),
        "blushing": {"browInnerUp": 0.5}
        | _both(mouthSmile=0.6, eyeLookDown=0.5, eyeBlink=0.3, cheekSquint=0.4),
        "bored": {"mouthRight": 0.3} | _both(eyeBlink=0.5, mouthFrown=0.35, browDown=0.1),
        "calm": _both(mouthSmile=0.25, eyeBlink=0.25),
        "caring": {"browInnerUp": 0.75} | _both(mouthSmile=0.5, eyeSquint=0.25),
        "confusion": {"browDownLeft": 0.8, "browOuterUpRight": 0.9, "browInnerUp": 0.2}
        | {"mouthLeft": 0.5, "mouthFrownRight": 0.5, "eyeSquintLeft": 0.4},
        "crying": {"browInnerUp": 1.0, "jawOpen": 0.35}
        | _both(mouthFrown=0.9, mouthLowerDown=0.5, eyeBlink=0.6, cheekSquint=0.5),
        "curiosity": {"mouthPucker": 0.35, "jawOpen": 0.05, "browOuterUpLeft": 1.0}
        | {"browOuterUpRight": 0.4}
        | _both(eyeWide=0.6),
        "desire": {"jawOpen": 0.14, "mouthSmileLeft": 0.6, "mouthSmileRight": 0.2}
        | {"browInnerUp": 0.2}
        | _both(eyeBlink=0.4, mouthLowerDown=0.2),
        "determined": _both(browDown=0.75, mouthPress=0.7, mouthSmile=0.15, eyeSquint=0.2),
        "disappointment": {"browInnerUp": 0.65}
        | _both(mouthFrown=0.55, eyeLookDown=0.7, eyeBlink=0.35, mouthPress=0.3),
        "disapproval": {"mouthShrugLower": 0.7} | _both(browDown=0.5, mouthFrown=0.8, eyeBlink=0.2),
        "disgust": {"mouthShrugUpper": 0.3}
        | _both(noseSneer=1.0, mouthUpperUp=0.7, browDown=0.65, eyeSquint=0.65, mouthFrown=0.5),
        "embarrassment": {"browInnerUp": 0.9, "mouthRollLower": 0.4}
        | _both(mouthPress=0.7, mouthSmile=0.35, eyeLookDown=0.9, cheekSquint=0.35, eyeBlink=0.15),
        "excitement": {"jawOpen": 0.45, "browInnerUp": 0.6}
        | _both(mouthSmile=1.0, mouthUpperUp=0.4, eyeWide=0.9, browOuterUp=0.8),
        "fear": {"browInnerUp": 1.0, "jawOpen": 0.25}
        | _both(eyeWide=1.0, mouthStretch=0.8, mouthLowerDown=0.4, browOuterUp=0.3),
        "gratitude": {"browInnerUp": 0.55} | _both(mouthSmile=0.75, eyeBlink=0.5, cheekSquint=0.3),
        "grief": {"browInnerUp": 1.0, "mouthShrugLower": 0.6}
        | _both(mouthFrown=1.0, eyeBlink=0.95, browDown=0.2),
        "joy": {"jawOpen": 0.28}
        | _both(mouthSmile=1.0, mouthUpperUp=0.4, cheekSquint=0.6, eyeSquint=0.3),
        "laughing": {"jawOpen": 0.55, "browInnerUp": 0.2}
        | _both(mouthSmile=1.0, mouthUpperUp=0.4, eyeBlink=0.95, cheekSquint=0.8),
        "love": {"browInnerUp": 0.45}
        | _both(mouthSmile=0.85, eyeBlink=0.35, cheekSquint=0.7, browOuterUp=0.2),
        "nervousness": {"browInnerUp": 0.85, "eyeLookOutLeft": 0.8, "eyeLookInRight": 0.8}
        | _both(mouthStretch=0.7, mouthPress=0.3, eyeWide=0.4),
        "optimism": {"browInnerUp": 0.2}
        | _both(mouthSmile=0.65, browOuterUp=0.6, eyeLookUp=0.6, eyeWide=0.25),
        "pain": {"browInnerUp": 0.4, "jawOpen": 0.12}
        | _both(eyeBlink=1.0, eyeSquint=0.6, browDown=0.6, mouthStretch=0.8, mouthUpperUp=0.3),
        "pout": {"mouthPucker": 0.7, "mouthShrugLower": 0.8} | _both(browDown=0.45),
        "pride": {"browInnerUp": 0.1}
        | _both(mouthSmile=0.6, eyeBlink=0.4, mouthPress=0.45, browOuterUp=0.45, mouthDimple=0.4),
        "realization": {"jawOpen": 0.3, "browInnerUp": 0.5}
        | _both(eyeWide=0.6, browOuterUp=0.9, eyeLookUp=0.3),
        "relief": {"browInnerUp": 0.45, "jawOpen": 0.12} | _both(eyeBlink=0.95, mouthSmile=0.4),
        "remorse": {"browInnerUp": 0.95, "mouthRollLower": 0.4}
        | _both(mouthFrown=0.45, eyeLookDown=1.0, eyeBlink=0.5),
        "sadness": {"browInnerUp": 0.95, "mouthShrugLower": 0.3}
        | _both(mouthFrown=0.9, eyeBlink=0.2),
        "serious": _both(browDown=0.45, mouthPress=0.4),
        "shock": {"jawOpen": 0.85, "browInnerUp": 0.9} | _both(eyeWide=1.0, browOuterUp=0.6),
        "sleepy": {"jawOpen": 0.1, "browInnerUp": 0.2} | _both(eyeBlink=0.7, browOuterUp=0.25),
        "smirk": {"mouthSmileLeft": 0.95, "mouthDimpleLeft": 0.5, "browOuterUpRight": 0.6}
        | {"mouthLeft": 0.2}
        | _both(eyeSquint=0.3),
        "smug": {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.45}
        | _both(eyeBlink=0.45, browDown=0.2),
        "surprise": {"jawOpen": 0.5, "mouthFunnel": 0.4, "browInnerUp": 1.0}
        | _both(eyeWide=1.0, browOuterUp=1.0),
        "thinking": {"browDownLeft": 0.35, "browOuterUpRight": 0.5, "mouthPucker": 0.3}
        | {"mouthRight": 0.5, "eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6}
        | _both(eyeLookUp=0.6),
        "wink": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.5} | _both(mouthSmile=0.7),
        "worried": {"browInnerUp": 0.85} | _both(mouthFrown=0.5, mouthPress=0.3, eyeWide=0.15),
    }
)
_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "admiration": "admiring awe starstruck",
        "amusement": "amused",
        "anger": "angry mad furious rage cross",
        "annoyance": "annoyed irritated grumpy",
        "approval": "approving pleased content",
        "blushing": "blush shy bashful",
        "bored": "boredom",
        "calm": "relaxed serene peaceful",
        "caring": "kind gentle tender",
        "confusion": "confused puzzled perplexed",
        "crying": "cry tears weeping sobbing",
        "curiosity": "curious interested",
        "desire": "flirty longing seductive",
        "determined": "determination resolute confident",
        "disappointment": "disappointed",
        "disapproval": "disapproving sceptical skeptical doubtful",
        "disgust": "disgusted sick nauseous",
        "embarrassment": "embarrassed ashamed sheepish",
        "excitement": "excited thrilled ecstatic",
        "fear": "scared afraid frightened terrified fearful horrified",
        "gratitude": "grateful thankful",
        "grief": "grieving mourning heartbroken",
        "joy": "happy joyful cheerful glad delighted smile smiling grin",
        "laughing": "laugh laughter hysterical",
        "love": "loving adoring",
        "nervousness": "nervous anxious anxiety tense uneasy",
        "optimism": "optimistic hopeful hope",
        "pain": "hurt pained suffering",
        "pout": "pouting sulking sulky",
        "pride": "proud",
        "realization": "realizing realising realisation idea aha",
        "relief": "relieved",
        "remorse": "sorry regretful guilty regret",
        "sadness": "sad unhappy depressed melancholy",
        "serious": "stern solemn",
        "shock": "shocked stunned",
        "sleepy": "tired exhausted drowsy sleeping",
        "smirk": "smirking sly mischievous",
        "smug": "arrogant",
        "surprise": "surprised astonished amazed startled",
        "thinking": "thoughtful pensive pondering",
        "wink": "winking",
        "worried": "worry concerned concern",
    }
)
_BY_NAME = MappingProxyType(
    {name: name for name in EMOTIONS}
    | {other: name for name, others in _OTHER_NAMES.items() for other in others.split()}
)


def weights_for(name: str, words: str) -> Mapping[str, float]:
    """The blend shapes of the feeling that an expression's id, else its words, name; else none."""
    for text in (name, words):
        for word in re.findall(r"[a-z]+", text.lower().replace("_", " ")):
            if word in _BY_NAME:
                return EMOTIONS[_BY_NAME[word]]
    return {}
