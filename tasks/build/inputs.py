"""What is asked for a frame: its request, with the digests of the pictures that it shows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Never

from tasks.build.regions import Region, Regions
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
from tasks.takes.choices import Choices
from tasks.takes.frame import Frames, State, name_of


@dataclass(frozen=True, slots=True)
class Coming:
    """A frame that is still to be made, as far as it is known beforehand."""

    input: Input
    picture: Callable[[], CachedPicture] | None = None
    """its pixels at the size of the frames; None: only a call tells"""
    file: str = ""
    """a file that has the same pixels already; empty: there is none"""


class Requests:
    """The requests of one project's frames, each made once. Called from several threads at once."""

    def __init__(self, project: Project, character: Character, choice: Choice) -> None:
        self._character = character
        self._choice = choice
        self.pictures = PictureCache()
        self.regions = {
            costume: Regions(project, character.wearing(costume), self.pictures)
            for costume in ("", *character.costumes)
        }
        """where the face is, by costume"""
        self._made: dict[tuple[Node, tuple[str, ...]], Request] = {}

    def of(self, node: Node, names: tuple[str, ...]) -> Request:
        """The request of a frame whose inputs have these names; empty: not known yet.

        What is still to come can be compared and priced, not drawn.
        """
        asked = (node, (*names, self._region_digest(node)))
        if asked not in self._made:
            self._made[asked] = self._make(node, names)
        return self._made[asked]

    def own_size(self) -> tuple[int, int] | None:
        """The size at which an artist's picture is shown to the engine; None: as it is."""
        return None if self._choice.facts.from_base else self._character.asked_px

    def region(self, node: Node) -> Region | None:
        """Where the face is in a frame; None where nothing says it."""
        return self.regions[node.costume].at(node.pose)

    def _make(self, node: Node, names: tuple[str, ...]) -> Request:
        shown = tuple(
            self._shown(Path(path), name) for path, name in zip(node.sources, names, strict=True)
        )
        request = request_for(self._character, self._choice.name, node, shown)
        if node.role.is_middle:
            request = replace(request, in_any_order=True)
        mask = self._mask(node)
        return replace(request, mask=mask) if mask else request

    def _region_digest(self, node: Node) -> str:
        region = self._region(node)
        return region.digest if region else ""

    def _region(self, node: Node) -> Region | None:
        """Where an image model is told that the face is; None where nothing says it."""
        if not node.role.only_face_changes or not self._character.generation.mask:
            return None
        return self.region(node)

    def _mask(self, node: Node) -> InputPicture | None:
        region = self._region(node)
        if region is None:
            return None
        asked_px = self._character.asked_px
        return InputPicture(region.digest, _not_there, lambda: region.edit_mask(asked_px))

    def _shown(self, path: Path, name: str) -> InputPicture:
        fit_to = self.own_size()
        return InputPicture(
            name,
            load=lambda: self.pictures.get(path, fit_to).image,
            load_png=lambda: self.pictures.get(path, fit_to).png(),
        )


class Inputs:
    """The pictures that one project's frames are made from. Called from several threads at once."""

    def __init__(
        self,
        project: Project,
        character: Character,
        requests: Requests,
        frames: Frames,
        coming: Mapping[str, Coming] = MappingProxyType({}),
    ) -> None:
        self._project = project
        self._character = character
        self.requests = requests
        self.frames = frames
        self.coming = coming
        """frames that are taken for what they will be, by path"""
        self._pictures = requests.pictures

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
            return Input(self._pictures.get(Path(path), self.requests.own_size()).digest)
        existing = self.frames.source(Path(path))
        origin = existing.provenance if existing.state is State.OURS else None
        return Input(name_of(existing), existing.pixels, origin.finish if origin else "")

    def region(self, node: Node) -> Region | None:
        """Where the face is in a frame; None where nothing says it."""
        return self.requests.region(node)

    def portrait(self, node: Node) -> CachedPicture:
        """The artist's own picture that a frame is made from, at the size of the frames."""
        return self.fitted(Path(node.source))

    def notes(self, node: Node) -> tuple[str, ...]:
        """What was ignored in the artist's pictures that a frame is made from, and margins."""
        # a mask has no margins of its own, and its colours do not count
        shown = (node.source,) if node.role is Role.RIG else node.sources
        given = [path for path in map(Path, shown) if not self._project.is_built(path)]
        return tuple(note for path in given for note in self._notes_of(path, node.costume))

    def _notes_of(self, path: Path, costume: str) -> Iterator[str]:
        picture = self._pictures.get(path, None)
        yield from picture.notes
        own_px, size_px = picture.image.size, self._character.generation.size_px
        if inner_box(own_px, size_px) != (0, 0, *size_px):
            own, size = ("x".join(map(str, edges)) for edges in (own_px, size_px))
            # All outfits have frames of one size, by the config's own portrait.
            given = (
                f'size=portrait (or "size": "portrait" in generation) would give frames of {own}'
            )
            advice = "" if costume else f"; {given}"
            yield f"{path} is {own} and has margins in frames of {size}{advice}"

    def base_image(self, node: Node) -> Path:
        """The artist's portrait at the default pose, in a frame's costume."""
        return self._project.input_path(self._character.wearing(node.costume).base_image)

    def inner(self, path: Path) -> tuple[int, int, int, int]:
        """Where a picture lies in the frames: left, top, width and height in px."""
        own_px = self._pictures.own_size(path)
        return inner_box(own_px, self._character.generation.size_px)

    def fitted(self, path: Path) -> CachedPicture:
        """A picture at the size of the frames."""
        coming = self.coming.get(str(path))
        if coming and coming.picture:
            return coming.picture()
        return self._pictures.get(path, self._character.generation.size_px)

    @property
    def choices(self) -> Choices:
        """What people chose of the frames, as it stands now. Raises `Mistake`."""
        return self._project.choices

    @property
    def approves_neutral(self) -> bool:
        """Whether a neutral has to be approved before anything is drawn from it for money."""
        return self._character.generation.approve_neutral

    def is_built(self, path: Path) -> bool:
        """Whether a picture is a frame that is built here."""
        return self._project.is_built(path)


def _not_there() -> Never:
    raise Mistake("a mask has no colours to be shown")
