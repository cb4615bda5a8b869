"""`doit doctor`: what a run would need, looked at before anything is bought. Free, within 5 s."""

import json as json_module
from typing import Any

from doit.cmd_base import Command
from doit.exceptions import InvalidCommand, InvalidDodoFile

from tasks.ground.outside import clean
from tasks.ground.say import say
from tasks.ground.wording import counted
from tasks.running.session import this_project

_MOST_CHARACTERS = 600


class Doctor(Command):
    """Looks, and changes nothing. Needs no config that can be read: it says what is wrong there."""

    name = "doctor"
    doc_purpose = "check key, endpoint, config, disk and store before anything is bought"
    doc_usage = ""
    doc_description = "Each line is a tick, or what to do. Exit code 1 where something is wrong."
    cmd_options = (
        {
            "name": "json",
            "long": "json",
            "type": bool,
            "default": False,
            "help": "print JSON, for programs (as does format=json)",
        },
    )

    def execute(self, params: Any, args: list[str]) -> int:
        """Look at everything, one check after the other; one that breaks stops no other."""
        # Loaded by this command alone, and not whenever doit asks which commands there are.
        from tasks.commands.doctor_checks import Look, examine

        if args:
            raise InvalidCommand(f'doit {self.name} takes no names, and "{args[0]}" is one')
        try:
            project = this_project()
        except InvalidDodoFile as error:
            raise InvalidCommand(str(error)) from error
        found = examine(Look(project))
        if params["json"] or project.variables.of_command.get("format") == "json":
            say(json_module.dumps([each.content() for each in found], indent=1))
        else:
            for each in found:
                sign = {True: "✓", False: "!", None: "i"}[each.well]
                say(f"[{sign}] {each.name}: {clean(each.text, most=_MOST_CHARACTERS)}")
            wrong = sum(each.well is False for each in found)
            say(f"[i] {counted(wrong, 'thing')} to mend" if wrong else "[i] All is well.")
        return int(any(each.well is False for each in found))
