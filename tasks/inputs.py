"""What is asked for a frame: its request, with the digests of the pictures that it shows."""

from dataclasses import replace
from pathlib import Path
from typing import Never

from tasks import frame
from tasks.character import Character
from tasks.engine import Choice
from tasks.errors import Mistake
from tasks.graph import EXTREME, Node
from tasks.picture import CachedPicture, PictureCache
from tasks.plan import request_for
from tasks.project import Project
from tasks.regions import Regions
from tasks.request import InputPicture, Request


class Inputs:
    """The requests of one project's frames. Called from several threads at once."""

    def __init__(self, project: Project, character: Character, choice: Choice) -> None:
        self._project = project
        self._character = character
        self._choice = choice
        self._pictures = PictureCache()
        self.regions = Regions(project, character, self._pictures)

    def request(self, node: Node) -> Request:
        """The request of a frame whose input is there. Raises `Mistake` where it is not."""
        return self._request(node, self._input(node))

    def request_from(self, node: Node, source_digest: str) -> Request:
        """The request of a frame whose input is still to come; empty digest: not known yet.

        It can be compared and priced, not drawn.
        """
        shown = InputPicture(source_digest, _not_there, _not_there)
        return self._request(node, shown)

    def _request(self, node: Node, shown: InputPicture) -> Request:
        request = request_for(self._character, self._choice.name, node, (shown,))
        mask = self._mask(node)
        return replace(request, mask=mask) if mask else request

    def _mask(self, node: Node) -> InputPicture | None:
        """What tells an image model where the face is; None where nothing says it."""
        if node.role != EXTREME or not self._character.generation.mask:
            return None
        region = self.regions.at(node.pose)
        return InputPicture(region.digest, _not_there, region.edit_mask) if region else None

    def portrait(self, node: Node) -> CachedPicture:
        """The artist's own picture that a frame is made from, at the size of the frames."""
        return self._pictures.get(Path(node.source), self._character.generation.size_px)

    def source_digest(self, node: Node) -> str:
        """What names the picture that a frame is made from."""
        path = Path(node.source)
        if path.parent == self._project.frames:
            return frame.source_digest(path)
        return self._pictures.get(path, self._fit_to()).digest

    def _fit_to(self) -> tuple[int, int] | None:
        return None if self._choice.facts.from_base else self._character.generation.size_px

    def _input(self, node: Node) -> InputPicture:
        path, fit_to = Path(node.source), self._fit_to()
        return InputPicture(
            self.source_digest(node),
            load=lambda: self._pictures.get(path, fit_to).image,
            load_png=lambda: self._pictures.get(path, fit_to).png(),
        )


def _not_there() -> Never:
    raise Mistake("a picture that is still to come cannot be shown to an engine")
