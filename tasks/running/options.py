"""What all commands have in common: one kind of database, and help that tells our defaults."""

import contextlib
import sys
from typing import Any

from doit.cmd_base import Command
from doit.exceptions import InvalidDodoFile

from tasks.ground.say import say_aside, silence

_NOT_SAID = 3
"""the exit code where nobody can read what a command says"""
BACKEND = "whole-file"


class Heard(Command):
    """For commands that print: what reads their output may be gone, or its disk full."""

    def parse_execute(self, in_args: list[str]) -> Any:
        """Run the command; its exit code."""
        try:
            code = super().parse_execute(in_args)
            sys.stdout.flush()
        except BrokenPipeError:  # `| head`: it has read enough
            silence()
            return 0
        except OSError as error:
            if error.filename is not None:
                raise
            silence()
            say_aside(f"ERROR: the output cannot be written: {error.strerror}")
            return _NOT_SAID
        return code


class OwnDefaults(Heard):
    """For commands of doit: the defaults are those of `DOIT_CONFIG`, the database is ours."""

    def get_backends(self) -> Any:
        """Of the kinds of database only ours: the file beside the config is no other's."""
        backends = super().get_backends()
        for name in [name for name in backends if name != BACKEND]:
            del backends[name]
        options = self.cmdparser
        if "backend" in options:
            options["backend"].choices = {name: backends[name].desc for name in backends}
        return backends

    def help(self) -> str:
        """As doit writes it, with the defaults that a run here has."""
        with contextlib.suppress(InvalidDodoFile, KeyError, SystemExit):
            loader = self.loader
            loader.setup({"dodoFile": "dodo.py", "cwdPath": None, "seek_file": False})
            config = loader.load_doit_config()
            for option in self.cmdparser.options:
                if option.name in config:
                    value = config[option.name]
                    option.default = getattr(value, "__name__", value)
        return str(super().help())
