"""Serving until Ctrl-C."""

import contextlib
import signal
from collections.abc import Callable, Iterable
from types import FrameType

from tasks.graph.project import Project
from tasks.serving import pages
from tasks.serving.desk import Desk
from tasks.serving.site import Site

View = Callable[[Site, Desk], None]
VIEWS: tuple[View, ...] = (pages.add,)
"""what is served: each adds its routes"""


def serve(
    project: Project, port: int, say: Callable[[str], None], more: Iterable[View] = (), at: str = ""
) -> None:
    """Serve a project's page; returns after Ctrl-C. Raises `Mistake`.

    `more`: other views; `at`: which of them the printed address opens.
    """
    desk = Desk(project)
    site = Site(port)
    for add in (*VIEWS, *more):
        add(site, desk)
    desk.begin()
    say(f"[i] {site.address}{at}")
    say("[i] Open it in a browser of this machine; Ctrl-C ends it.")
    try:
        with contextlib.suppress(ValueError):  # not in the main thread: who runs it ends it
            signal.signal(signal.SIGTERM, _interrupt)
        site.serve()
    except KeyboardInterrupt:
        say("[i] Stopping; what is being drawn is waited for.")
    finally:
        desk.close()
        site.release()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
