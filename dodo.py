"""The front door: what `doit` builds here, and how. `doit list --all` shows every task.

Each creator is given the session of the command: `tasks.running.loader`.
"""

from pathlib import Path

from tasks.running.freshness import SliceChecker
from tasks.running.loader import require_own_folder
from tasks.running.reporter import Reporter
from tasks.targets.endpoints import task_endpoints
from tasks.targets.exports import task_exports
from tasks.targets.face import task_face
from tasks.targets.previews import task_previews
from tasks.targets.review import task_review
from tasks.targets.sequences import task_sequences
from tasks.targets.sheet import task_sheet
from tasks.targets.timelines import task_timelines

require_own_folder(Path(__file__).parent)

DOIT_CONFIG = {
    "num_process": 4,
    "par_type": "thread",
    "continue": True,
    "reporter": Reporter,
    "check_file_uptodate": SliceChecker,
    "backend": "whole-file",
}

__all__ = [
    "DOIT_CONFIG",
    "task_endpoints",
    "task_exports",
    "task_face",
    "task_previews",
    "task_review",
    "task_sequences",
    "task_sheet",
    "task_timelines",
]
