"""The front door: what `doit` builds here, and how. `doit list --all` shows every task."""

from tasks.running.freshness import SliceChecker
from tasks.running.reporter import Reporter
from tasks.running.session import database_path, default_tasks
from tasks.targets.endpoints import task_endpoints
from tasks.targets.exports import task_exports
from tasks.targets.face import task_face
from tasks.targets.previews import task_previews
from tasks.targets.review import task_review
from tasks.targets.sequences import task_sequences
from tasks.targets.sheet import task_sheet
from tasks.targets.timelines import task_timelines

DOIT_CONFIG = {
    "default_tasks": default_tasks(),
    "num_process": 4,
    "par_type": "thread",
    "continue": True,
    "reporter": Reporter,
    "check_file_uptodate": SliceChecker,
    "backend": "whole-file",
    "dep_file": database_path(),
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
