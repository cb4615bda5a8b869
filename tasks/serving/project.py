"""One project, served: what its page shows, what is decided and run there."""

import threading
from collections.abc import Mapping

from tasks.build.shown import page_folder
from tasks.graph.project import Project
from tasks.serving.board import Board
from tasks.serving.deciding import Decisions
from tasks.serving.live import Live
from tasks.serving.pictures import Pictures
from tasks.serving.runs import Runs


class ServedProject:
    """What the routes of a site have in common."""

    def __init__(self, project: Project) -> None:
        """Raises `Mistake` where the config has one."""
        self.board = Board()
        self.live = Live(project, self.board)
        self.pictures = Pictures(page_folder(project))
        self.decisions = Decisions(lambda: self.project)
        given = [f"{name}={value}" for name, value in project.variables.given]
        self.runs = Runs(given, self.board, self._ended)

    @property
    def project(self) -> Project:
        """As its config was when it was last sound."""
        return self.live.project

    def begin(self) -> None:
        """Watch and work, in threads."""
        for work in (self.live.watch, self.runs.work):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        """End that, and let what is paid for come home. A second Ctrl-C leaves at once."""
        self.live.close()
        self.board.close()
        self.runs.close()
        try:
            self.runs.wait()
        except KeyboardInterrupt:
            self.runs.stop()
            self.runs.wait()

    def _ended(self, failed: Mapping[str, str]) -> None:
        self.live.look(failed)
