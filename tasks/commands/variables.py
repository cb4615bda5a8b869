"""The variables that commands alone read: `doit batch wait=yes`."""

from tasks.graph.variables import Variable, yes_no

VARIABLES = (
    Variable("wait", "of `batch`: yes stays until all is done", yes_no),
    Variable("cancel", "of `batch`: yes cancels what is under way", yes_no),
    Variable("strict", "yes: exit code 1 where a frame is flagged", yes_no),
    Variable("clean", "of `orphans`: yes removes what is listed", yes_no),
)
