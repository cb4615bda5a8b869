"""Landmarks by clicking: the portrait with points to drag, and what the puppet makes of them.

The page sends the points that a person gave, by the names that they have in the config; the rest is
derived, as the config's reader does. Drafts are drawn of a smaller portrait, so that they are there
within a second.
"""

import base64
import io
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from tasks.character.face import Eye, Face, Head, Mouth, Point, complete
from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tasks.ground.files import read_file, write_whole
from tasks.landmarks.config_text import block_text, with_face
from tasks.landmarks.find import find
from tasks.landmarks.proposal import is_face, proposal
from tasks.pictures.decode import PORTRAITS
from tasks.pictures.picture import fit, read
from tasks.puppet import Puppet
from tasks.review.face_overlay import marks
from tasks.review.page.write import ASSETS, script_json
from tasks.serving.project import ServedProject
from tasks.serving.site import Answer, Asked, Site, as_json

PLACE = "face"
"""where the page is, below the site's address"""
_DRAFT_PX, _SHOWN_PX = 720, 2000
_AROUND = 0.3
_DIGITS = 4
_DRAFTS: Mapping[str, Mapping[str, float]] = {
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "smile": {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8},
    "open mouth": {"jawOpen": 0.6},
}
_RADII = ("left_eye", "right_eye")
TYPICAL = Face(
    left_eye=Eye((0.57, 0.42), (0.7, 0.42)),
    right_eye=Eye((0.43, 0.42), (0.3, 0.42)),
    mouth=Mouth((0.59, 0.66), (0.41, 0.66)),
)
"""a face that looks at the viewer, by which the page shows where each landmark belongs"""


def add(site: Site, served: ServedProject) -> None:
    """Serve the page of the landmarks."""
    clicking = Clicking(lambda: served.project)
    for name, kind in (("face.js", "text/javascript"), ("face.css", "text/css")):
        site.get(name, _asset(name, f"{kind}; charset=utf-8"))
    site.get(PLACE, lambda _asked: Answer(clicking.page(), "text/html; charset=utf-8"))
    site.get("face.png", lambda _asked: Answer(clicking.picture(), "image/png"))
    site.post("face/draft", lambda asked: as_json(clicking.draft(asked.document)))
    site.post("face/find", lambda _asked: as_json(clicking.find()))
    site.post("face/save", lambda asked: as_json(_then(served, clicking.save(asked.document))))
    site.post("face/undo", lambda _asked: as_json(_then(served, clicking.undo())))


def _then(served: ServedProject, said: dict[str, Any]) -> dict[str, Any]:
    served.live.look()
    return said


def _asset(name: str, kind: str) -> Callable[[Asked], Answer]:
    return lambda _asked: Answer((ASSETS / name).read_bytes(), kind)


class Clicking:
    """The landmarks of a project's portrait, while they are placed."""

    def __init__(self, project: Callable[[], Project]) -> None:
        self._now = project
        self._drawing = threading.Lock()
        self._before: tuple[bytes, bytes] | None = None
        """the config before the last save, and after it"""

    def page(self) -> bytes:
        """Its HTML. Raises `Mistake` where the portrait cannot be read."""

        project = self._now()
        title = _title(project)
        environment = Environment(
            loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined
        )
        shown = environment.get_template("face.html.j2")
        return shown.render(title=title, data=script_json(self._document())).encode()

    def _document(self) -> dict[str, Any]:
        face = self._now().worn.face
        portrait = self._portrait()
        placed = face.left_eye is not None and face.right_eye is not None and bool(face.mouth)
        return {
            "title": _title(self._now()),
            "config": str(self._now().config),
            "size_px": portrait.size,
            "given": _plain(face) if placed else {},
            "placed": placed,
            "typical": _plain(TYPICAL),
            "where": _plain(complete(TYPICAL, 1.0)),
            "drafts": list(_DRAFTS),
        }

    def picture(self) -> bytes:
        """The portrait as it is read, upright, as PNG; large ones smaller."""
        return _png(_smaller(self._portrait(), _SHOWN_PX))

    def draft(self, document: Any) -> dict[str, Any]:
        """All landmarks, the block as text, and the drafts. Raises `Mistake`."""
        face, portrait = _face_of(document), _smaller(self._portrait(), _DRAFT_PX)
        whole = complete(face, portrait.width / portrait.height)
        with self._drawing:
            drafts = self._drawn(whole, portrait)
        return {"whole": _plain(whole), "text": self._text(face), "drafts": drafts}

    def _drawn(self, whole: Face, portrait: Any) -> dict[str, str]:

        project = self._now()
        over = project.worn.face.over
        given = [np.asarray(read(project.input_path(over), PORTRAITS))] if over else []
        puppet = Puppet(np.asarray(portrait), whole, portrait.size, *given)
        box = _box(whole, portrait.size)
        return {
            name: _address(Image.fromarray(puppet.draw(weights, Head())).crop(box))
            for name, weights in _DRAFTS.items()
        }

    def find(self) -> dict[str, Any]:
        """The points that are found in the portrait. Raises `Mistake` where there are none."""

        pixels = np.asarray(self._portrait())
        found = find(pixels)
        if found is None or not is_face(pixels, found):
            raise Mistake("no face was found that is sure enough; place the points by hand")
        return {"given": _plain(_checked(proposal(pixels, found.points)))}

    def save(self, document: Any) -> dict[str, Any]:
        """Put the block into the config, of which nothing else changes. Raises `Mistake`."""

        path = Path(self._now().config)
        face = _face_of(document)
        portrait = self._portrait()
        complete(face, portrait.width / portrait.height)
        before = read_file(path)
        try:
            after = with_face(before.decode("utf-8"), _block(face), self._now().costume).encode(
                "utf-8"
            )
        except ValueError as error:
            raise Mistake(f"{path} cannot be read now; mend it first: {error}") from error
        write_whole(path, after)
        self._before = before, after
        return {"said": f"Saved in {path}."}

    def undo(self) -> dict[str, Any]:
        """Put the config back as it was before the last save. Raises `Mistake`."""
        path = Path(self._now().config)
        if self._before is None or read_file(path) != self._before[1]:
            raise Mistake(f"{path} was changed since it was saved here, and stays as it is")
        write_whole(path, self._before[0])
        self._before = None
        return {"said": f"{path} is as it was before."}

    def _portrait(self) -> Any:

        project = self._now()
        return read(project.input_path(project.worn.base_image), PORTRAITS)

    @staticmethod
    def _text(face: Face) -> str:

        return f'"face": {block_text(_block(face), "  ")}'


def _title(project: Project) -> str:
    name = project.folder.resolve().name
    return f"{name}, {project.costume}" if project.costume else name


def _plain(face: Face) -> dict[str, list[float] | float]:
    """Points by their names, and radii: `left_eye.iris_radius`."""
    found: dict[str, list[float] | float] = {
        mark.name: [round(part, _DIGITS) for part in mark.point] for mark in marks(face, face)
    }
    for name in _RADII:
        eye = getattr(face, name)
        if eye and eye.iris_radius:
            found[f"{name}.iris_radius"] = round(eye.iris_radius, _DIGITS)
    return found


def _face_of(document: Any) -> Face:
    """The face of the points that a page sends: `{"points": {name: [x, y] | radius}}`."""
    points = document.get("points") if isinstance(document, dict) else None
    if not isinstance(points, dict):
        raise Mistake("the points of a face are wanted, by their names")
    block: dict[str, Any] = {}
    for name, value in points.items():
        part, dot, rest = str(name).partition(".")
        if "[" in part:
            block.setdefault(part.partition("[")[0], []).append(value)
        elif dot:
            block.setdefault(part, {})[rest] = value
        else:
            block[part] = value
    return _checked(block)


def _checked(block: dict[str, Any]) -> Face:

    try:
        face: Face = TypeAdapter(Face).validate_python(block)
    except (ValidationError, TypeError) as error:
        errors = error.errors() if isinstance(error, ValidationError) else []
        where = ".".join(str(part) for part in errors[0]["loc"]) if errors else "face"
        raise Mistake(f"{where} is no landmark as the config has them") from None
    return replace(face, over=None, unit="part")


def _block(face: Face) -> dict[str, Any]:
    """The config's block of a face: what is given of it."""

    def given(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: given(each) for name, each in value.items() if each is not None}
        return round(value, _DIGITS) if isinstance(value, float) else _rounded(value)

    block = {name: value for name, value in asdict(face).items() if name not in {"over", "unit"}}
    return dict(json.loads(json.dumps(given(block))))


def _rounded(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_rounded(each) for each in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _smaller(portrait: Any, longest_px: int) -> Any:

    scale = longest_px / max(portrait.size)
    if scale >= 1:
        return portrait
    width, height = (max(1, round(side * scale)) for side in portrait.size)
    return fit(portrait, (width, height))


def _box(face: Face, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """The part of a picture in which the face is, with room around it."""
    points: list[Point] = [mark.point for mark in marks(face, face) if mark.name != "neck_pivot"]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    room = _AROUND * max((max(xs) - min(xs)) * size_px[0], (max(ys) - min(ys)) * size_px[1])
    left, top = min(xs) * size_px[0] - room, min(ys) * size_px[1] - room
    right, bottom = max(xs) * size_px[0] + room, max(ys) * size_px[1] + room
    return (
        max(0, round(left)),
        max(0, round(top)),
        min(size_px[0], round(right)),
        min(size_px[1], round(bottom)),
    )


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _address(image: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=88, method=0)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
