"""Whose variables a command line may set, beside those of the project."""

from importlib import import_module

from tasks.graph.variables import Variable

_OWNERS = ("tasks.targets.variables", "tasks.commands.variables")
"""by name, as doit finds commands: rooms above this one"""


def of_commands() -> tuple[Variable, ...]:
    """The variables that one command or target alone reads, in the order of docs/cli.md."""
    return tuple(each for owner in _OWNERS for each in import_module(owner).VARIABLES)
