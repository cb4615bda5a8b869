"""What is asked for a frame: its request, with the digests of the pictures that it shows."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Never

from tasks.build.regions import Regions
from tasks.character.character import Character
from tasks.graph.keyframes import request_for
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tasks.pictures.picture import CachedPicture, PictureCache
from tasks.requests.engine import Choice
from tasks.requests.request import InputPicture, Request
from tasks.takes import frame


class Inputs:
    """The requests of one project's frames. Called from several threads at once."""

    def __init__(self, project: Project, character: Character, choice: Choice) -> None:
        self._project = project
        self._character = character
        self._choice = choice
        self._pictures = PictureCache()
        self.regions = Regions(project, character, self._pictures)

    def request(self, node: Node) -> Request:
        """The request of a frame whose inputs are there. Raises `Mistake` where one is not."""
        return self._request(node, tuple(self._input(Path(path)) for path in node.sources))

    def request_from(self, node: Node, digests: Iterable[str]) -> Request:
        """The request of a frame whose inputs are still to come; empty digest: not known yet.

        It can be compared and priced, not drawn.
        """
        shown = (InputPicture(digest, _not_there, _not_there) for digest in digests)
        return self._request(node, tuple(shown))

    def _request(self, node: Node, shown: tuple[InputPicture, ...]) -> Request:
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
        return InputPicture(region.digest, _not_there, region.edit_mask) if region else None

    def portrait(self, node: Node) -> CachedPicture:
        """The artist's own picture that a frame is made from, at the size of the frames."""
        return self.fitted(Path(node.source))

    def notes(self, node: Node) -> tuple[str, ...]:
        """What was ignored in the artist's pictures that a frame is made from."""
        given = [path for path in map(Path, node.sources) if not self._project.is_built(path)]
        return tuple(note for path in given for note in self._pictures.get(path, None).notes)

    def fitted(self, path: Path) -> CachedPicture:
        """A picture at the size of the frames."""
        return self._pictures.get(path, self._character.generation.size_px)

    def is_built(self, path: Path) -> bool:
        """Whether a picture is a frame that is built here."""
        return self._project.is_built(path)

    def digests(self, node: Node) -> tuple[str, ...]:
        """What names the pictures that a frame is made from. Raises `Mistake`."""
        return tuple(self.digest(Path(path)) for path in node.sources)

    def digest(self, path: Path) -> str:
        """What names a picture that frames are made from. Raises `Mistake`."""
        if self._project.is_built(path):
            return frame.source_digest(path)
        return self._pictures.get(path, self._fit_to()).digest

    def _fit_to(self) -> tuple[int, int] | None:
        return None if self._choice.facts.from_base else self._character.generation.size_px

    def _input(self, path: Path) -> InputPicture:
        fit_to = self._fit_to()
        return InputPicture(
            self.digest(path),
            load=lambda: self._pictures.get(path, fit_to).image,
            load_png=lambda: self._pictures.get(path, fit_to).png(),
        )


def _not_there() -> Never:
    raise Mistake("a picture that is still to come cannot be shown to an engine")
