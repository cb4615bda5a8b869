"""Serving until Ctrl-C."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable
from types import FrameType

from tasks.graph.project import Project
from tasks.serving import pages
from tasks.serving.desk import Desk
from tasks.serving.site import Site
from tasks.serving.watching import Watch

View = Callable[[Site, Desk], None]
VIEWS: tuple[View, ...] = (pages.add,)
"""what is served: each adds its routes"""


def serve(
    project: Project,
    port: int,
    say: Callable[[str], None],
    more: Iterable[View] = (),
    *,
    watch: bool = False,
) -> None:
    """Serve a project's page; returns after Ctrl-C. Raises `Mistake`.

    `more`: other views; `watch`: drafts follow every save.
    """
    desk = Desk(project)
    site = Site(port)
    for add in (*VIEWS, *more):
        add(site, desk)
    desk.begin()
    say(f"[i] {site.address}")
    say("[i] Open it in a browser of this machine; Ctrl-C ends it.")
    watching = Watch(desk, say) if watch else None
    if watching:
        threading.Thread(target=watching.run, daemon=True).start()
    try:
        with contextlib.suppress(ValueError):  # not in the main thread: who runs it ends it
            signal.signal(signal.SIGTERM, _interrupt)
        site.serve()
    except KeyboardInterrupt:
        say("[i] Stopping; what is being drawn is waited for.")
    finally:
        if watching:
            watching.close()
        desk.close()
        site.release()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
