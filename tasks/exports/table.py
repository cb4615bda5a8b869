"""All exports, a row each: built-in ones here, others by entry points of their packages.

An export is a function that is given the cast and the folder, and answers notes for the person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING

from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean

if TYPE_CHECKING:
    from tasks.exports.cast import Cast
    from tasks.exports.output import Output

Export = Callable[["Cast", "Output"], list[str]]
"""(what there is, where it goes) -> notes, each one line; raises `Mistake` where that cannot be"""

GROUP = "doit_expressions.exports"
"""the entry points of exports that other packages bring: name -> function"""


IN_FOLDERS, BESIDE, NONE = "folders", "beside", "none"


@dataclass(frozen=True, slots=True)
class Row:
    """One built-in export."""

    summary: str
    """what it makes, and for whom"""
    options: Mapping[str, str]
    """what it alone reads in `options`, each with what it says"""
    costumes: str = IN_FOLDERS
    """where those are: each in a folder of its own, as if it were a character; or beside each
    other; or nowhere, for what is made of timelines alone"""


_NAME = {"name": "the character's name there; without it, the folder's"}
_LENT = {
    "talk": "the expression that lends its open mouth; found by itself where there is one",
    "blink": "the expression that lends its shut eyes; found by itself where there is one",
}
_SHEETS = {
    **_NAME,
    "padding": "pixels between sprites (2)",
    "max_size": "the largest side of a sheet in pixels (4096)",
    "power_of_two": "true: sheets whose sides are powers of two",
}
EXPORTS: Mapping[str, Row] = MappingProxyType(
    {
        "sillytavern": Row(
            "expression sprites by SillyTavern's 28 labels, and one zip to upload",
            {
                **_NAME,
                "labels": "label to expression, where the nearest is not meant; null: none",
                "moving": "true: the eyes blink now and then, in animated WebP without loss",
                "blink": _LENT["blink"],
            },
        ),
        "renpy": Row(
            "images, layers, side images, a speaking mouth, blinks and lip-sync files for Ren'Py",
            {**_NAME, **_LENT},
            costumes=BESIDE,
        ),
        "atlas": Row(
            "trimmed sprites on sheets, with JSON for Phaser, PixiJS, Godot and Aseprite's readers",
            dict(_SHEETS),
        ),
        "godot": Row("SpriteFrames for Godot 4 on the sheets of an atlas", dict(_SHEETS)),
        "openraster": Row(
            "all expressions of a pose as layers of one picture, for Krita, GIMP and MyPaint",
            dict(_NAME),
        ),
        "pngtuber": Row(
            "four pictures for each expression (mouth by eyes), and a PNGTuber Plus avatar",
            {**_NAME, **_LENT},
        ),
        "stickers": Row(
            "stickers for Telegram, Discord and WhatsApp within their sizes",
            dict(_NAME),
        ),
        "otio": Row(
            "an OpenTimelineIO edit of every timeline, on the pictures and the sound beside it",
            {},
            costumes=NONE,
        ),
        "rhubarb": Row("mouth cues of every timeline as Rhubarb's TSV", {}, costumes=NONE),
        "moho": Row("mouth cues of every timeline as Moho's switch files", {}, costumes=NONE),
        "zip": Row("all frames in one zip with a manifest.json", dict(_NAME), costumes=BESIDE),
    }
)

OF_TIMELINES = frozenset(("otio", "rhubarb", "moho"))
"""what is made of timelines, and not there without any"""
WITH_TIMELINES = OF_TIMELINES | {"renpy"}
"""what is made of timelines too, where there are some"""


def check_options(name: str, options: Mapping[str, object]) -> None:
    """Raises `Mistake` for an option that a built-in export does not read."""
    known = EXPORTS[name].options if name in EXPORTS else options
    for option in options:
        if option not in known:
            near = did_you_mean(option, known) or (
                f"; there are {', '.join(known)}" if known else ""
            )
            raise Mistake(f'options: "{option}" is none of this export{near}')


def load(name: str) -> Export:
    """The export of that name, imported only now. Raises `Mistake` where there is none."""
    if name in EXPORTS:
        module = import_module(f"tasks.exports.{name}")
        export: Export = module.export
        return export
    found = entry_points(group=GROUP, name=name)
    if not found:
        raise Mistake(f'there is no export "{name}"{did_you_mean(name, EXPORTS)}')
    entry = next(iter(found))
    try:
        loaded: Export = entry.load()
    except Exception as error:  # whatever a stranger's package raises
        raise Mistake(f'the export "{name}" ({entry.value}) cannot be loaded: {error}') from error
    return loaded
