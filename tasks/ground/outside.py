"""Text from outside - a server's words, names, ids, notes - made fit to be shown or written down.

The one place through which such text comes in. It is shown, never interpreted: no control
character reaches a terminal, no mark turns the direction of a line, no message fills the screen;
and nothing secret of ours is left in it (`tasks.ground.secrets`). Everything here takes time in
proportion to the text.
"""

import re

from tasks.ground.secrets import blotted

MOST_CHARACTERS = 300
"""of a message that is shown in one line"""
_LOOKED_AT = 100_000
"""characters of a text that are looked at; what is shown is in its beginning"""
# What terminals take for a command: a control sequence, a string such as a title, or two bytes.
_COMMANDS = re.compile(
    # None runs over the beginning of another, so that all of this is linear.
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?"
)
# Marks of direction, and characters of no width that hide what a name is.
_INVISIBLE = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
_UNSEEN = re.compile(f"[{_INVISIBLE}]|[\U000e0000-\U000e0fff]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS_OF_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_MARKUP = re.compile(r"<[^<>]*>")


def clean(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` as one line of at most `most` characters that can be shown anywhere."""
    text = _harmless(text[:_LOOKED_AT], _CONTROLS)
    text = blotted(" ".join(text.split()))
    return text if len(text) <= most else f"{text[: most - 3]}..."


def without_markup(text: str) -> str:
    """The words of a page, its title first, without what stands in its tags."""
    return _MARKUP.sub(" ", text[:_LOOKED_AT])


def showable(text: str) -> str:
    """Lines of our own that may quote others, for a terminal: their line ends stay."""
    return blotted(_harmless(text, _CONTROLS_OF_LINES))


def _harmless(text: str, controls: re.Pattern[str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = text.encode(errors="replace").decode()  # half a surrogate pair fits nowhere
    return controls.sub(" ", _UNSEEN.sub("", _COMMANDS.sub("", text)))
