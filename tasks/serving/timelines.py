"""Timelines on the served page: planned as they are edited, heard, and saved into their files.

The page holds what is edited, and sends all of it: planning is the one pure function, and nothing
is written before it is saved. What changed on disk since it was read is not written over.
"""

import json
import mimetypes
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.build.shown import page_folder
from tasks.build.shown_timelines import played
from tasks.graph.named_timelines import FOLDER, Named, timelines_of
from tasks.graph.project import Project
from tasks.graph.timelines import inputs_of, inputs_with, perform
from tasks.ground import json_places
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake, line_of
from tasks.ground.files import read_file, read_plain, stamp, write_whole
from tasks.ground.ids import did_you_mean
from tasks.ground.json_text import edited
from tasks.serving.project import ServedProject
from tasks.serving.site import Answer, Asked, Site, as_json
from tasks.timelines import spec as specs
from tasks.timelines.document import document
from tasks.timelines.readers.source import Source
from tasks.timelines.sound import Measured, measured

_CODECS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))
"""by the marks with which files begin"""


def add(site: Site, served: ServedProject) -> None:
    """Serve the timelines of a project."""
    talking = Talking(lambda: served.project)

    def save(asked: Asked) -> Answer:
        said = talking.save(asked.document)
        served.live.look()
        return as_json(said)

    site.get("timeline", lambda asked: as_json(talking.read(asked.query.get("of", ""))))
    site.get("sound", talking.sound)
    site.post("timeline/plan", lambda asked: as_json(talking.plan(asked.document)))
    site.post("timeline/save", save)


def named_timeline(project: Project, name: Any) -> Named:
    """The timeline that a page names. Raises `Mistake` where there is none."""
    known = {each.name: each for each in timelines_of(project, project.graph.timelines)}
    if not isinstance(name, str) or name not in known:
        raise Mistake(f'there is no timeline "{name}"{did_you_mean(str(name), known)}')
    return known[name]


@dataclass(frozen=True)
class _File:
    """The file in which a timeline stands, and where in it."""

    path: Path
    text: str
    codec: str
    mark: bytes
    place: tuple[str, ...]
    """keys from the root of the file; empty for a file of its own"""

    @property
    def document(self) -> dict[str, Any]:
        """The timeline in it. Raises `Mistake` where there is none."""
        found = _parsed(self)
        for key in self.place:
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise Mistake(f"{'.'.join((str(self.path), *self.place))}: no timeline stands there")
        return found

    @property
    def said(self) -> str:
        """What it is called in messages."""
        return f"{self.path}, {'.'.join(self.place)}" if self.place else str(self.path)

    def saying(self, changed: dict[str, Any]) -> str:
        """Its text with that timeline, of which all that did not change stays as it is."""
        whole = changed
        for depth in reversed(range(len(self.place))):
            around: Any = _parsed(self)
            for key in self.place[:depth]:
                around = around[key]
            whole = dict[str, Any](around) | {self.place[depth]: whole}
        return edited(self.text, whole)


def _parsed(file: _File) -> Any:
    try:
        return json_places.parse(file.text)
    except Mistake as error:
        raise Mistake(f"{file.path}: {error}") from error


def _file_of(project: Project, named: Named) -> _File:
    place = ("timelines", named.name) if named.given else ()
    path = project.config if named.given else project.folder / FOLDER / f"{named.name}.json"
    data = read_file(path)
    for mark, codec in _CODECS:
        if data.startswith(mark):
            return _File(path, _decoded(data[len(mark) :], codec, path), codec, mark, place)
    try:
        return _File(path, data.decode(), "utf-8", b"", place)
    except UnicodeDecodeError:
        return _File(path, data.decode("latin-1"), "latin-1", b"", place)


def _decoded(data: bytes, codec: str, path: Path) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise Mistake(f"{path}: it is no {codec} from byte {error.start} on") from error


class Talking:
    """The timelines of a project, while they are edited."""

    def __init__(self, project: Callable[[], Project]) -> None:
        """`project`: as its config is now."""
        self._now = project
        self._saving = threading.Lock()
        self._measured: dict[Path, tuple[object, Measured]] = {}

    def read(self, name: str) -> dict[str, Any]:
        """A timeline as its file is now: what it says, and its plan or what is in the way of one.

        Raises `Mistake` where there is no such timeline.
        """
        named = named_timeline(self._now(), name)
        found: dict[str, Any] = {"plan": None, "document": None, "problem": ""}
        try:
            file = _file_of(self._now(), named)
            found |= {"file": str(file.path), "document": file.document}
            found["version"] = _version(file.document)
            found["rules"] = asdict(self._now().character.talking.lip_sync)
            found["plan"] = self._played(named, file, file.document)
        except (Mistake, OSError) as error:
            found["problem"] = line_of(error)
        return found

    def plan(self, sent: Any) -> dict[str, Any]:
        """The plan of a timeline that is edited: `{"name", "document"}`. Raises `Mistake`."""
        named, changed = self._sent(sent)
        return {"plan": self._played(named, _file_of(self._now(), named), changed)}

    def save(self, sent: Any) -> dict[str, Any]:
        """Put an edited timeline into its file: `{"name", "document", "version"}`.

        Raises `Mistake` where it cannot be planned, or where the file changed since that version.
        """
        named, changed = self._sent(sent)
        with self._saving:
            file = _file_of(self._now(), named)
            if _version(file.document) != sent.get("version"):
                raise Mistake(
                    f"{file.said} was changed since this page read it; nothing was written:"
                    " read it again, and Undo brings back what you had"
                )
            found = self._played(named, file, changed)
            text = file.saying(changed)
            write_whole(file.path, file.mark + _encoded(text, file.codec))
        said = [f"Saved in {file.path}."]
        return {"said": said, "version": _version(changed), "document": changed, "plan": found}

    def sound(self, asked: Asked) -> Answer:
        """The recording of the timeline `of`, whole: it is asked for once."""
        named = named_timeline(self._now(), asked.query.get("of"))
        path = inputs_of(self._now(), named.name, named.given).audio
        if path is None:
            raise Mistake(f"the timeline {named.name} has no sound")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return Answer(read_plain(path), kind)

    def _sent(self, sent: Any) -> tuple[Named, dict[str, Any]]:
        """The timeline that a page sent. Raises `Mistake`."""
        if not isinstance(sent, dict) or not isinstance(sent.get("document"), dict):
            raise Mistake("a timeline is wanted, and its name")
        return named_timeline(self._now(), sent.get("name")), sent["document"]

    def _played(self, named: Named, file: _File, changed: dict[str, Any]) -> dict[str, Any]:
        """What the page plays of a timeline that says this. Raises `Mistake`."""
        project = self._now()
        # In a file of its own, mistakes are named with their place in what would be saved.
        text = json.dumps(changed, indent=2) if file.place else file.saying(changed)
        spec = specs.checked(Source(file.said, text), changed)
        given = inputs_with(project, named.name, spec, in_config=bool(file.place))
        plan = document(perform(project, given, self._measure))
        return played(plan, given.out, page_folder(project))

    def _measure(self, path: Path) -> Measured:
        """A recording is read again only when it changed."""
        now, (seen, known) = stamp(path), self._measured.get(path, (None, None))
        if known is None or seen != now:
            known = measured(path)
            self._measured[path] = now, known
        return known


def _version(timeline: dict[str, Any]) -> str:
    """Another text wherever a timeline says something else, however it is laid out."""
    return digest_of(json.dumps(timeline, sort_keys=True))


def _encoded(text: str, codec: str) -> bytes:
    try:
        return text.encode(codec)
    except UnicodeEncodeError:  # of what is no Latin-1; JSON is UTF-8
        return text.encode()
