"""Serving until Ctrl-C."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from tasks.graph.project import Project
from tasks.serving import landmarks, pages, timelines
from tasks.serving.project import ServedProject
from tasks.serving.site import Site
from tasks.serving.watching import Watch

View = Callable[[Site, ServedProject], None]
VIEWS: tuple[View, ...] = (pages.add, landmarks.add, timelines.add)
"""what is served: each adds its routes"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be served, and how."""

    port: int = 0
    """0: any that is free"""
    watch: bool = False
    """drafts follow every save"""
    at: str = ""
    """what the printed address opens"""


def serve(
    project: Project,
    wish: Wish,
    say: Callable[[str], None],
    until: Callable[[], bool] | None = None,
) -> None:
    """Serve a project's page; returns after Ctrl-C. Raises `Mistake`.

    `until`: for whoever hears of Ctrl-C by other ways, whether to end.
    """
    served = ServedProject(project)
    site = Site(wish.port)
    for add in VIEWS:
        add(site, served)
    served.begin()
    say(f"[i] {site.address}{wish.at}")
    say("[i] Open it in a browser of this machine; Ctrl-C ends it.")
    watching = Watch(served, say) if wish.watch else None
    if watching:
        threading.Thread(target=watching.run, daemon=True).start()
    try:
        with contextlib.suppress(ValueError):  # not in the main thread: who runs it ends it
            signal.signal(signal.SIGTERM, _interrupt)
        if until:
            threading.Thread(target=_end, args=(site, until), daemon=True).start()
        site.serve()
    except KeyboardInterrupt:
        say("[i] Stopping; what is being drawn is waited for.")
    finally:
        if watching:
            watching.close()
        served.close()
        site.release()


def _end(site: Site, until: Callable[[], bool]) -> None:
    while not until():
        time.sleep(0.1)
    site.close()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
