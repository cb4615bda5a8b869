"""Commands of the user's that speak, or that align: templates, never through a shell."""

import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tasks.ground.errors import Mistake
from tasks.ground.outside import clean

_PATIENCE_S = 3600


def spoken(template: str, text: str, audio: Path) -> None:
    """Have the command say `text` into the WAV at `audio`. Raises `Mistake`."""
    if not text.strip():
        raise Mistake("speak: there are no words to be spoken")
    _run("voice", template, {"text": text, "audio": audio}, audio)


def aligned_by_command(template: str, audio: Path, text: str, timing: Path) -> None:
    """Have the command write a TextGrid at `timing`. Raises `Mistake`."""
    _run("align_command", template, {"text": text, "audio": audio, "timing": timing}, timing)


def _run(key: str, template: str, named: Mapping[str, str | Path], target: Path) -> None:
    """Run a template's words, with the files in place of their names; the target comes whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
        made = Path(folder) / target.name
        words = Path(folder) / "text.txt"
        words.write_text(f"{named['text']}\n", encoding="utf-8")
        paths = {name: str(value) for name, value in named.items()} | {"text": str(words)}
        paths[next(name for name, value in named.items() if value == target)] = str(made)
        command = _command(key, template, paths)
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command
                command,
                capture_output=True,
                check=False,
                timeout=_PATIENCE_S,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            raise Mistake(
                f"{key}: there is no command {command[0]}; install it, or name another"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise Mistake(f"{key}: {command[0]} did not end within an hour") from error
        if done.returncode or not made.is_file():
            said = clean((done.stderr or done.stdout).decode(errors="replace"), 200)
            raise Mistake(f"{key}: {command[0]} made no file (exit code {done.returncode}): {said}")
        made.replace(target)


def _command(key: str, template: str, paths: Mapping[str, str]) -> list[str]:
    """The words of a template; each `{name}` becomes a path, whatever is in it."""
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise Mistake(f"{key}: {template!r} cannot be read: {error}") from error
    if not words:
        raise Mistake(f"{key}: it is empty")
    for name, path in paths.items():
        words = [word.replace(f"{{{name}}}", path) for word in words]
    return words
