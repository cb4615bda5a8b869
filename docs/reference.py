"""Writes docs/config.md and docs/cli.md anew, from the config's schema and from the commands.

uv run python docs/reference.py
"""

import ast
import json
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tasks.exports.table import EXPORTS, IN_FOLDERS, NONE
from tasks.graph.variables import VARIABLES
from tasks.running.variables import of_commands

ROOT = Path(__file__).resolve().parents[1]


SCHEMA = ROOT / "expressions.schema.json"
CONFIG_HEAD = """# The config

`expressions.json`, key by key. Paths are counted from its folder. Unknown keys and wrong values are
refused, all at once, each with its line. An editor that reads `"$schema"` completes every key.
This page is made from the schema: `uv run python docs/reference.py`.
"""
_MOST_LISTED = 14


def config_page() -> str:
    """docs/config.md, from the JSON schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    parts = [CONFIG_HEAD, *_section("The whole file", schema, schema)]
    for name, definition in _in_order(schema):
        parts += _section(f"{_title(name)}", definition, schema)
    return "\n".join(parts).rstrip() + "\n"


def _in_order(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The definitions in the order in which the file comes upon them, each once."""
    seen: dict[str, dict[str, Any]] = {}

    def visit(value: object) -> None:
        if isinstance(value, dict):
            name = str(value.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in seen:
                seen[name] = schema["$defs"][name]
                visit(seen[name].get("properties"))
            for part in value.values():
                visit(part)
        elif isinstance(value, list):
            for part in value:
                visit(part)

    visit(schema["properties"])
    return iter(seen.items())


def _title(name: str) -> str:
    return name.removesuffix("Model")


def _section(title: str, definition: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    said = "" if definition is schema else _one_line(definition.get("description", ""))
    required = definition.get("required", ())
    rows = [
        f"| `{key}` | {_type(value).rstrip(',')} | {_default(value, key in required)}"
        f" | {_meaning(value, schema)} |"
        for key, value in definition.get("properties", {}).items()
    ]
    head = [f"\n## {title}\n"] + ([said, ""] if said else [])
    return [*head, "| key | value | default | what it says |", "| --- | --- | --- | --- |", *rows]


def _type(value: dict[str, Any]) -> str:
    """What may stand there, in a few words."""
    if "$ref" in value:
        name = _title(value["$ref"].removeprefix("#/$defs/"))
        return f"[{name}](#{name.lower()})"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"][:_MOST_LISTED]) + (
            ", ..." if len(value["enum"]) > _MOST_LISTED else ""
        )
    options = [one for one in value.get("anyOf", value.get("oneOf", ())) if one != {"type": "null"}]
    if options:
        return " or ".join(dict.fromkeys(_type(one) for one in options))
    return _plain_type(value)


def _plain_type(value: dict[str, Any]) -> str:
    kind = value.get("type", "anything")
    if kind == "array":
        items = value.get("items") or {}
        return "`[x, y]`" if "prefixItems" in value else f"list of {_type(items)}"
    if kind == "object":
        items = value.get("additionalProperties")
        return f"names, each {_type(items)}," if isinstance(items, dict) else "object"
    words = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    return words.get(kind, kind) + _bounds(value)


def _bounds(value: dict[str, Any]) -> str:
    low = value.get("minimum", value.get("exclusiveMinimum"))
    high = value.get("maximum", value.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    if high is None:
        return f", {low} or more" if "minimum" in value else f", above {low}"
    return f", {low} to {high}" if low is not None else f", at most {high}"


def _default(value: dict[str, Any], required: bool) -> str:
    if required:
        return "(needed)"
    default = value.get("default")
    if default is None or default in ("", [], {}) or isinstance(default, dict):
        return ""
    return f"`{json.dumps(default)}`"


def _meaning(value: dict[str, Any], schema: dict[str, Any]) -> str:
    named = next((one["$ref"] for one in (value, *value.get("anyOf", ())) if "$ref" in one), "")
    definition = schema["$defs"].get(named.removeprefix("#/$defs/"), {})
    text = value.get("description") or definition.get("description", "")
    return _one_line(text).replace("|", "\\|")


def _one_line(text: str) -> str:
    return " ".join(text.split())


EXPORTS_HEAD = """# Exports

Frames in the forms that other programs use. Each is a task: free, made anew only where something
changed, in a folder of its own, `frames/exports/<name>`.

```sh
uv run doit exports              # all of them
uv run doit exports:renpy        # one
```

An export is made of what is there: the frames at every pose that has some, and the sequences that
are drawn; `doit exports` draws no more than `doit` alone does. Without crop, scale and flip the
pixels of a frame come through to the bit. `export.json` in each folder lists what is ours; a file
of yours that is in the way is moved to `set_aside/`, never overwritten.

```json
"exports": {
  "renpy": { "options": { "name": "Ann" } },
  "atlas": { "scale": 0.25, "crop": "figure", "options": { "power_of_two": true } },
  "stickers": { "crop": "bust", "metadata": false }
}
```

Aseprite's form knows one sheet: `atlas` writes it where all pictures find room on one (`scale`
makes them smaller), and says so where they do not.

`otio`, `rhubarb` and `moho` are made of the project's timelines ([docs/talking.md](talking.md)), a
file each, and are there where it has one; the keys below change nothing of them. They need the
timelines' plans, not their pictures: an edit names those in `frames/timelines/<id>/frames`, so keep
it where it lies, and have them made by `uv run doit timelines:<id>:frames`. A timeline that cannot
be planned is named, and what is made of the others is written all the same.

Every export takes these keys; [docs/config.md](config.md#exportsettings) has their bounds:
`expressions` and `poses` choose frames (`"happy_*"`), `crop` a part of each (`figure`, `bust`,
`face`, or `[left, top, right, bottom]`), `scale` a size (averaged in linear light), `flip` mirrors
them and swaps left and right in the names of poses. `"metadata": false` leaves out where a picture
came from. Some shops refuse files with it; some platforms ask that generated pictures be marked,
and without it that mark is yours to set.

[Costumes](costumes.md) that have frames are exported too (`"costumes": ["blue"]`: only these beside
the config's own portrait):

| export | where costumes are |
| --- | --- |
{costumes}
Cropped to the `figure`, all outfits are cropped alike, so that one stands where the other stood.
"""
COSTUMES = {
    IN_FOLDERS: "each in a folder of its name, with all that the own portrait has beside it",
    NONE: "nowhere: a timeline says itself which one is worn (`costume`)",
}
OF_COSTUMES = {
    "renpy": "one more attribute: `show ann blue happy_big`; it stays until `show ann -blue`",
    "zip": "in the one zip, in folders; `manifest.json` has `costumes`, and each frame's `costume`",
    "sillytavern": "folders as SillyTavern's costumes are, and a zip in each to upload:"
    " `blue/joy.png`, `blue/<name>_blue.zip`",
    "pngtuber": "each in a folder, an avatar each; the ten costumes of an avatar are expressions",
}
RENPY = """
Copy `game/` over your game's own:

```renpy
show ann happy_big                     # the default pose needs no name
show ann happy_big tilt_left_small     # another one stays until it is taken back
show ann sad                           # sad, at the same pose
show ann -tilt_left_small blinking     # the eyes blink now and then; eyes_shut keeps them shut
show ann blue                          # a costume, and what else is shown stays
ann "Hello!"                           # the mouth moves while ann speaks
show ann mouth_D                       # a mouth shape; mouth_X is the expression's own mouth
```

The mouth shapes are those of [docs/talking.md](talking.md#how-a-mouth-moves). A blink takes the
lids alone from the frame that lends them: brows and all else stay the expression's own.
`ann_layers` (and `ann_layers_tilt_left_small`) are the same frames as a body and faces on it, to
dress up; in a costume `show ann_layers blue happy_big`.

Of every timeline there are mouth cues and its voice where the
[lip-sync plugin](https://github.com/Wendy-Nam/RenPy-Lipsync-Plugin) looks for them:
`$ lipsync(ann_lips, "hello.wav", "Hello!")`. The plugin finds the image by the character's name, so
that `ann_lips` is called as the image is.
"""
ZIP = """
```python
import json, zipfile

with zipfile.ZipFile("frames/exports/zip/boy.zip") as archive:
    manifest = json.loads(archive.read("manifest.json"))
    for frame in manifest["frames"]:
        picture = archive.read(frame["file"])  # the PNG, to the bit
        print(frame["expression"], frame["pose"], frame["engine"], len(picture))
```
"""
SILLYTAVERN = """
Upload the zip at the character's expressions there. Poses beside the default one are variants
(`joy-1.png`) where `poses` names them.
"""
MORE = {"renpy": RENPY, "zip": ZIP, "sillytavern": SILLYTAVERN}
"""what a page says of an export beside its row"""
EXPORTS_TAIL = """
## Back from a painting program

```sh
uv run doit import_layers center.ora
```

What was painted onto the layers of an expression in Krita, GIMP or MyPaint comes back as that
expression's frame, as work by hand: it is kept and used, whatever the config says. The earlier
frame is in `set_aside/`. The file's name is the pose, and it must have been exported unscaled. Of
a costume's file say which: `uv run doit import_layers costume=blue center.ora`.

## An export of your own

A package brings one by an entry point; it is imported only when it is named:

```toml
[project.entry-points."doit_expressions.exports"]
contact = "my_package:export"
```

`export(cast, out)` is given the frames (`tasks/exports/cast.py`) and the folder
(`tasks/exports/output.py`), and answers notes for the person, one line each. Name it in `exports`
of the config to have its task. One that is built in is one file in `tasks/exports` and one row in
its `table.py`.
"""


def exports_page() -> str:
    """docs/exports.md, from the table of exports."""
    rows = (
        f"| `{name}` | {OF_COSTUMES.get(name) or COSTUMES[row.costumes]} |\n"
        for name, row in EXPORTS.items()
    )
    parts = [EXPORTS_HEAD.replace("{costumes}", "".join(rows))]
    for name, row in EXPORTS.items():
        parts.append(f"\n## {name}\n\n{row.summary[0].upper()}{row.summary[1:]}.\n")
        parts += [f"- `{option}`: {says}" for option, says in row.options.items()]
        parts += [MORE[name].rstrip()] if name in MORE else []
    return "\n".join([*parts, EXPORTS_TAIL]).rstrip() + "\n"


CLI_HEAD = """# The command line

`uv run doit [variables] [options] [tasks]` builds; `uv run doit COMMAND ...` does one of the things
below. Options go before names. A variable stands for this run in place of what the config says; a
mistyped one is an error. This page is made from the program: `uv run python docs/reference.py`.

## Variables

| variable | what it says |
| --- | --- |
"""
TASKS_HEAD = """
## Tasks

`uv run doit list --all` shows each one; `*` and `?` stand for any text: `'endpoints:*__center'`.

| task | what it does |
| --- | --- |
"""


def cli_page() -> str:
    """docs/cli.md, from the variables, the task creators and the commands."""
    variables = "\n".join(
        f"| `{each.name}=` | {each.help} |" for each in (*VARIABLES, *of_commands())
    )
    tasks = "\n".join(f"| `{name}` | {says} |" for name, says in _task_groups())
    commands = "\n".join(_command(command) for command in _commands())
    return (
        f"{CLI_HEAD}{variables}\n{TASKS_HEAD}{tasks}\n\n## Commands\n\n{commands}".rstrip() + "\n"
    )


def _task_groups() -> Iterator[tuple[str, str]]:
    """Each task creator of dodo.py, by its docstring, without running any."""
    for path in sorted((ROOT / "tasks" / "targets").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("task_"):
                yield node.name.removeprefix("task_"), _one_line(ast.get_docstring(node) or "")


def _commands() -> Iterator[Any]:
    """The commands of this program, as doit finds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for place in settings["tool"]["doit"]["plugins"]["command"].values():
        module, _, name = place.partition(":")
        yield getattr(import_module(module), name)


def _command(command: Any) -> str:
    name = getattr(command, "name", "") or command.__name__.lower()
    head = f"### {name}\n\n`doit {name} {command.doc_usage}`".rstrip(" `") + "`\n"
    says = f"\n{_sentence(command.doc_purpose)} {_one_line(command.doc_description or '')}".rstrip()
    own = [option for option in command.cmd_options if option.get("help")]
    rows = "".join(f"- {_flags(option)}: {_help(option)}\n" for option in own)
    return f"{head}{says}\n" + (f"\n{rows}" if rows else "")


def _help(option: dict[str, Any]) -> str:
    return _one_line(option["help"].replace("[default: %(default)s]", ""))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _flags(option: dict[str, Any]) -> str:
    names = [f"`-{option['short']}`"] if option.get("short") else []
    names += [f"`--{option['long']}`"] if option.get("long") else []
    return ", ".join(names)


PAGES = {"config.md": config_page, "exports.md": exports_page, "cli.md": cli_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
