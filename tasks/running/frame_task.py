"""How a frame's task may end beside success and failure."""

from doit.exceptions import TaskFailed


class NotAttempted(TaskFailed):
    """The run ended before this frame's turn: nothing went wrong with it."""


class BadSource(TaskFailed):
    """What a frame is made from cannot be used: as many frames as it has fail, for one reason."""


class Unpaid(TaskFailed):
    """The budget has no room for this frame; for as many as are left, for one reason."""


class InBatch(TaskFailed):
    """A batch draws this frame: nothing went wrong with it."""
