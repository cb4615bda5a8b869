"""Four pictures for each expression, mouth by eyes, and an avatar for PNGTuber Plus.

`<expression>_closed.png`, `_open`, `_closed_blink`, `_open_blink`: what veadotube, PNGTuber Plus,
OBS plug-ins and others take by hand. The avatar's ten costumes are the first ten expressions.
Source of the keys: PNGTuber Plus' own `defaultAvatar.save` (Unlicense).
"""

import base64
import json
from typing import Any

from tasks.exports.cast import Cast
from tasks.exports.names import file_name
from tasks.exports.output import Output
from tasks.exports.parts import Parts
from tasks.exports.pictures import Pictures

STATES = ("closed", "open", "closed_blink", "open_blink")
_COSTUMES = 10
_TALK = {"closed": 1, "open": 2}
_BLINK = {"": 1, "blink": 2}


def export(cast: Cast, out: Output) -> list[str]:
    """The pictures at the default pose, and `<name>.save`."""
    pictures, parts, pose = Pictures(cast), Parts(cast), cast.default_pose
    names = [name for name in cast.expressions if (name, pose) in cast.frames]
    lacking: set[str] = set()
    sprites: list[dict[str, Any]] = []
    for costume, name in enumerate(names):
        states = parts.four(name, pose)
        lacking.update(state for state in STATES if state not in states)
        for state in STATES:
            # A state that no expression shows is the picture without it, so that four are there.
            pixels = states.get(
                state, states.get(state.replace("open", "closed"), states["closed"])
            )
            data = pictures.made(pixels, cast.frames[name, pose])
            out.add(f"{name}_{state}.png", data)
            if costume < _COSTUMES:
                sprites.append(_sprite(len(sprites), name, state, costume, data))
    avatar = {str(number): sprite for number, sprite in enumerate(sprites)}
    out.text(f"{file_name(cast.name)}.save", json.dumps(avatar) + "\n")
    notes = []
    if "open" in lacking:
        notes.append("no expression opens the mouth: open is as closed (options.talk names one)")
    if "closed_blink" in lacking:
        notes.append(
            "no expression shuts the eyes: blink is as open eyes (options.blink names one)"
        )
    if len(names) > _COSTUMES:
        notes.append(f"the avatar has {_COSTUMES} costumes: {', '.join(names[:_COSTUMES])}")
    return notes


def _sprite(number: int, name: str, state: str, costume: int, data: bytes) -> dict[str, Any]:
    """One picture of the avatar: seen in one costume, by mouth and eyes."""
    mouth, _, eyes = state.partition("_")
    worn = [int(place == costume) for place in range(_COSTUMES)]
    return {
        "animSpeed": 0,
        "clipped": False,
        "costumeLayers": str(worn),
        "drag": 0,
        "frames": 1,
        "identification": 1000 + number,
        "ignoreBounce": False,
        "imageData": base64.b64encode(data).decode("ascii"),
        "offset": "Vector2(0, 0)",
        "parentId": None,
        "path": f"user://{name}_{state}.png",
        "pos": "Vector2(0, 0)",
        "rLimitMax": 180,
        "rLimitMin": -180,
        "rotDrag": 0,
        "showBlink": _BLINK[eyes],
        "showTalk": _TALK[mouth],
        "stretchAmount": 0.0,
        "type": "sprite",
        "xAmp": 0,
        "xFrq": 0,
        "yAmp": 0,
        "yFrq": 0,
        "zindex": 0,
    }
