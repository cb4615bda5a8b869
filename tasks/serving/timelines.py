"""Timelines on the served page: planned as their files are now, and heard."""

import mimetypes
from collections.abc import Callable
from typing import Any

from tasks.build.shown import page_folder
from tasks.build.shown_timelines import played
from tasks.graph.named_timelines import Named, timelines_of
from tasks.graph.project import Project
from tasks.graph.timelines import inputs_of, perform
from tasks.ground.errors import Mistake, told
from tasks.ground.files import read_plain
from tasks.ground.ids import did_you_mean
from tasks.serving.desk import Desk
from tasks.serving.site import Answer, Asked, Site, as_json
from tasks.timelines.document import document


def add(site: Site, desk: Desk) -> None:
    """Serve the timelines of a project."""
    talking = Talking(lambda: desk.project)
    site.get("timeline", lambda asked: as_json(talking.read(asked.query.get("of", ""))))
    site.get("sound", talking.sound)


class Talking:
    """The timelines of a project, as pages ask for them."""

    def __init__(self, project: Callable[[], Project]) -> None:
        """`project`: as its config is now."""
        self._now = project

    def read(self, name: str) -> dict[str, Any]:
        """A timeline as its file is now: its plan, or what is in the way. Raises `Mistake`."""
        named = self._named(name)
        try:
            return {"plan": self._played(named), "problem": ""}
        except (Mistake, OSError) as error:
            return {"plan": None, "problem": told(error)}

    def sound(self, asked: Asked) -> Answer:
        """The recording of the timeline `of`, whole: it is asked for once."""
        named = self._named(asked.query.get("of", ""))
        path = inputs_of(self._now(), named.name, named.given).audio
        if path is None:
            raise Mistake(f"the timeline {named.name} has no sound")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return Answer(read_plain(path), kind)

    def _named(self, name: str) -> Named:
        project = self._now()
        known = {each.name: each for each in timelines_of(project, project.graph.timelines)}
        if name not in known:
            raise Mistake(f'there is no timeline "{name}"{did_you_mean(name, known)}')
        return known[name]

    def _played(self, named: Named) -> dict[str, Any]:
        project = self._now()
        given = inputs_of(project, named.name, named.given)
        return played(document(perform(project, given)), given.out, page_folder(project))
