"""What is asked for a frame: its request, with the digests of the pictures that it shows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Never

from tasks.build.regions import Regions
from tasks.build.verdict import Input
from tasks.character.character import Character
from tasks.graph.keyframes import request_for
from tasks.graph.node import Node, Role
from tasks.graph.project import Project
from tasks.ground.boxes import inner_box
from tasks.ground.errors import Mistake
from tasks.pictures.picture import CachedPicture, PictureCache
from tasks.requests.engine import Choice
from tasks.requests.request import InputPicture, Request
from tasks.takes import frame
from tasks.takes.frame import State


@dataclass(frozen=True, slots=True)
class Coming:
    """A frame that is still to be made, as far as it is known beforehand."""

    input: Input
    picture: Callable[[], CachedPicture] | None = None
    """its pixels at the size of the frames; None: only a call tells"""
    file: str = ""
    """a file that has the same pixels already; empty: there is none"""


class Inputs:
    """The requests of one project's frames. Called from several threads at once."""

    def __init__(
        self,
        project: Project,
        character: Character,
        choice: Choice,
        coming: Mapping[str, Coming] = MappingProxyType({}),
    ) -> None:
        self._project = project
        self._character = character
        self._choice = choice
        self.coming = coming
        """frames that are taken for what they will be, by path"""
        self._pictures = PictureCache()
        self.regions = Regions(project, character, self._pictures)

    def look(self, node: Node) -> tuple[Input, ...]:
        """The pictures that a frame is made from. Raises `Mistake` where one is not there."""
        if node.role == Role.FIT:
            digest = self.portrait(node).digest
            return (Input(digest, digest),)
        return tuple(self.input(path) for path in node.sources)

    def input(self, path: str) -> Input:
        """A picture that frames are made from. Raises `Mistake`."""
        if path in self.coming:
            return self.coming[path].input
        if not self._project.is_built(Path(path)):
            return Input(self._pictures.get(Path(path), self._fit_to()).digest)
        existing = frame.source(Path(path))
        origin = existing.provenance if existing.state is State.OURS else None
        return Input(frame.name_of(existing), existing.pixels, origin.finish if origin else "")

    def request(self, node: Node, names: Iterable[str]) -> Request:
        """The request of a frame whose inputs have these names; empty: not known yet.

        What is still to come can be compared and priced, not drawn.
        """
        shown = tuple(
            self._shown(Path(path), name) for path, name in zip(node.sources, names, strict=True)
        )
        request = request_for(self._character, self._choice.name, node, shown)
        if node.role.is_middle:
            request = replace(request, in_any_order=True)
        mask = self._mask(node)
        return replace(request, mask=mask) if mask else request

    def _mask(self, node: Node) -> InputPicture | None:
        """What tells an image model where the face is; None where nothing says it."""
        if not node.role.only_face_changes or not self._character.generation.mask:
            return None
        region = self.regions.at(node.pose)
        if region is None:
            return None
        asked_px = self._character.asked_px
        return InputPicture(region.digest, _not_there, lambda: region.edit_mask(asked_px))

    def portrait(self, node: Node) -> CachedPicture:
        """The artist's own picture that a frame is made from, at the size of the frames."""
        return self.fitted(Path(node.source))

    def notes(self, node: Node) -> tuple[str, ...]:
        """What was ignored in the artist's pictures that a frame is made from, and margins."""
        # a mask has no margins of its own, and its colours do not count
        shown = (node.source,) if node.role is Role.RIG else node.sources
        given = [path for path in map(Path, shown) if not self._project.is_built(path)]
        return tuple(note for path in given for note in self._notes_of(path))

    def _notes_of(self, path: Path) -> Iterator[str]:
        picture = self._pictures.get(path, None)
        yield from picture.notes
        own_px, size_px = picture.image.size, self._character.generation.size_px
        if inner_box(own_px, size_px) != (0, 0, *size_px):
            own, size = ("x".join(map(str, edges)) for edges in (own_px, size_px))
            yield (
                f"{path} is {own} and has margins in frames of {size}; size=portrait (or"
                f' "size": "portrait" in generation) would give frames of {own}'
            )

    @property
    def base_image(self) -> Path:
        """The artist's portrait at the default pose."""
        return self._project.input_path(self._character.base_image)

    def inner(self, path: Path) -> tuple[int, int, int, int]:
        """Where a picture lies in the frames: left, top, width and height in px."""
        own_px = self._pictures.get(path, None).image.size
        return inner_box(own_px, self._character.generation.size_px)

    def fitted(self, path: Path) -> CachedPicture:
        """A picture at the size of the frames."""
        coming = self.coming.get(str(path))
        if coming and coming.picture:
            return coming.picture()
        return self._pictures.get(path, self._character.generation.size_px)

    @property
    def approves_neutral(self) -> bool:
        """Whether a neutral has to be approved before anything is drawn from it for money."""
        return self._character.generation.approve_neutral

    def is_built(self, path: Path) -> bool:
        """Whether a picture is a frame that is built here."""
        return self._project.is_built(path)

    def _fit_to(self) -> tuple[int, int] | None:
        return None if self._choice.facts.from_base else self._character.asked_px

    def _shown(self, path: Path, name: str) -> InputPicture:
        fit_to = self._fit_to()
        return InputPicture(
            name,
            load=lambda: self._pictures.get(path, fit_to).image,
            load_png=lambda: self._pictures.get(path, fit_to).png(),
        )


def _not_there() -> Never:
    raise Mistake("a mask has no colours to be shown")
