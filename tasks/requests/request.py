"""A request: everything that decides what an engine is asked. Its digest is the request key.

Two frames with one request key are one picture: it is drawn, and paid for, once.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from tasks.character.face import Face, Head
from tasks.ground.digest import digest_of

if TYPE_CHECKING:
    from PIL.Image import Image

_VERSION = 1
_DRAWN = 3
"""raised when the puppet draws the same rig otherwise: drafts are drawn anew"""


@dataclass(frozen=True)
class InputPicture:
    """A picture that a request shows to its engine.

    `digest` names what it shows: its pixels, or the take that it was made from. `load` and
    `load_png` fetch it (RGBA; PNG bytes); a request that is answered from the store needs neither.
    """

    digest: str
    load: "Callable[[], Image]" = field(repr=False, compare=False)
    load_png: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Rig:
    """What the puppet is given instead of words."""

    weights: Mapping[str, float]
    """ARKit blend-shape names, 0..1"""
    head: Head
    face: Face


@dataclass(frozen=True)
class Request:
    """What one engine is asked for one picture."""

    engine: str
    size_px: tuple[int, int]
    """width and height"""
    pictures: tuple[InputPicture, ...]
    prompt: str = ""
    model: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """what else the endpoint is sent, by its own names: quality, background, ..."""
    rig: Rig | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """fields that another provider's endpoint takes beside the documented ones, as JSON"""
    mask: InputPicture | None = None
    """what may be edited is transparent in it; it has the size of the first picture"""
    in_any_order: bool = False
    """the pictures mean the same in the opposite order, as those around a middle do: a path that is
    drawn the other way is not paid for again"""
    omit: tuple[str, ...] = ()
    """documented fields that an endpoint refuses, and that are not sent"""

    @cached_property
    def key(self) -> str:
        """The request key: SHA-256 over all that decides the answer, input pictures included."""
        return digest_of(self.content())

    def content(self) -> dict[str, Any]:
        """The request as plain data, as the store keeps it beside its takes."""
        digests = [picture.digest for picture in self.pictures]
        content = {
            **self.asked(),
            "pictures": sorted(digests) if self.in_any_order else digests,
        }
        return {**content, "mask": self.mask.digest} if self.mask else content

    @property
    def shown(self) -> tuple[InputPicture, ...]:
        """All that is sent along, the mask last."""
        return (*self.pictures, self.mask) if self.mask else self.pictures

    def asked(self) -> dict[str, Any]:
        """All but the pictures: what can be known before any of them is there."""
        asked: dict[str, Any] = {
            "version": _VERSION,
            "engine": self.engine,
            "model": self.model,
            "size_px": list(self.size_px),
            "prompt": self.prompt,
            "parameters": dict(self.parameters),
            "rig": rig_content(self.rig),
        }
        # Left out where there are none: most requests have none, and keep the keys that they had.
        if self.extra:
            asked["extra"] = dict(self.extra)
        if self.omit:
            asked["omit"] = sorted(self.omit)
        return asked

    def fields(self) -> dict[str, str]:
        """What the endpoint is sent beside the pictures and `extra`, by its own names."""
        width, height = self.size_px
        known = {
            "prompt": self.prompt,
            "model": self.model,
            "size": f"{width}x{height}",
            **self.parameters,
        }
        return {name: value for name, value in known.items() if name not in self.omit}


def rig_content(rig: Rig | None) -> dict[str, Any] | None:
    """A rig as plain data."""
    if rig is None:
        return None
    # A weight of 0 is no weight: spelling it out changes nothing.
    weights = {name: weight for name, weight in rig.weights.items() if weight}
    face = face_digest(rig.face)
    return {"drawn": _DRAWN, "weights": weights, "head": _head_content(rig.head), "face": face}


@lru_cache(maxsize=64)
def _head_content(head: Head) -> dict[str, float]:
    return asdict(head)


@lru_cache(maxsize=64)
def face_digest(face: Face) -> str:
    """All landmarks in one digest: every frame has the same, and there may be thousands.

    What says how the puppet draws them, and not where they lie, counts where it is given.
    """
    content = asdict(face)
    for part in (content, content["left_eye"] or {}, content["right_eye"] or {}):
        for name in _ONLY_PUPPET:
            if part.get(name) in (None, "part"):
                part.pop(name, None)
    return digest_of(content)


_ONLY_PUPPET = ("over", "kind", "unit")
