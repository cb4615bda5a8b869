"""A project whose runs are killed, over and over, and what must hold after each kill.

At every instant each file that can be seen is whole; no take is lost or altered; what had arrived
is not bought again. In the end the frames, sequences, films, exports and manifests are to the byte
those that an undisturbed run makes of the same config and store.
"""

import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from tests.conftest import Folder, make_folder, small_config
from tests.harness.batch_server import BatchServer, Wanted
from tests.harness.images_server import Call, Reply, answer_body, drawn

PAID = ("sad__center", "sad__tilt_left_small", "happy_big__center", "happy_big__tilt_left_small")
ALL = ("endpoints", "sequences", "previews", "sheet", "review", "exports:zip")
FEW = ("endpoints", "sequences", "sheet")
_WORDS = 4
"""how many ways the words of an expression change between"""
_LONGEST_S = 120.0


class Broken(AssertionError):  # noqa: N818 - what breaks is no error of the campaign
    """Something that must hold does not; the text says what, and after which step."""


@dataclass(frozen=True)
class Step:
    """One command of the campaign."""

    words: tuple[str, ...]
    new_take: bool = False
    """whether it asks for what is there already"""


@dataclass
class Tally:
    """What the campaign saw."""

    kills: int = 0
    ended: int = 0
    """commands that had ended before they were to be killed"""
    calls: int = 0
    takes: int = 0
    files: int = 0
    """that were looked at, each time anew"""
    steps: dict[str, int] = field(default_factory=dict)


class Campaign:
    """One project, one endpoint, and commands that are killed."""

    def __init__(
        self, folder: Path, server: BatchServer, seed: int, targets: tuple[str, ...] = ALL
    ) -> None:
        self.targets = targets
        self.random = random.Random(seed)  # noqa: S311 - a campaign that can be repeated
        self.server = server
        self.tally = Tally()
        self.last = "the beginning"
        self._pictures: dict[str, str] = {}
        """what each take answers, by the take's name"""
        self._answered: list[str] = []
        self._takes: dict[Path, str] = {}
        server.quick = True
        server.reply = self._reply
        server.draw = self._draw
        self.project = make_folder(folder / "project", server.environment())
        self.project.write_config(_config())

    def run(self, kills: int, until_s: float = float("inf")) -> Tally:
        """Kill so many commands, then end in peace. Raises `Broken`."""
        while self.tally.kills < kills and time.monotonic() < until_s:
            if self.random.random() < 0.3:
                self._reword()
            self._killed(self._step())
        self._in_peace()
        return self.tally

    def _step(self) -> Step:
        frame = self.random.choice(PAID)
        return self.random.choice(
            (
                *[Step(self.targets)] * 4,
                Step(("endpoints",)),
                Step(self._asked("sequences", "previews")),
                Step(self._asked("sheet", "review", "exports:zip")),
                Step(("retake", "-f", frame), new_take=True),
                Step(("-a", f"endpoints:{frame}"), new_take=True),
                Step(("pick", "-f", frame, "-t", str(self.random.randint(1, 3)))),
                Step(("orphans", "clean=yes")),
                Step(("batch",)),
                Step(("batch", "wait=yes")),
            )
        )

    def _asked(self, *targets: str) -> tuple[str, ...]:
        """Those that this campaign is about: what else were made would be compared, and is old."""
        return tuple(target for target in targets if target in self.targets)

    def _reword(self) -> None:
        """Edit the config, as a person would: whole, and perhaps back to what it was."""
        config = self.project.config
        name = self.random.choice(("sad", "happy_big"))
        config["expressions"][name]["prompt"] = f"way {self.random.randrange(_WORDS)}"
        self.project.write_config(config)

    def _killed(self, step: Step) -> None:
        """Begin a command and kill it at some instant."""
        stored, before = self._stored(), len(self._answered)
        process = self.project.start(*step.words)
        self.last = f"doit {' '.join(step.words)}"
        self.tally.steps[step.words[0]] = self.tally.steps.get(step.words[0], 0) + 1
        try:
            process.wait(0.03 + self.random.choice((0.3, 0.8, 2.0)) * self.random.random())
            self.tally.ended += 1
        except subprocess.TimeoutExpired:
            try:
                os.kill(process.pid, signal.SIGKILL)
                self.tally.kills += 1
            except ProcessLookupError:  # it ended in this instant
                self.tally.ended += 1
        out, err = process.communicate(timeout=_LONGEST_S)
        if "Traceback" in out + err or "bug in" in out + err:
            raise Broken(f"{self.last}: a traceback\n{out}{err}")
        self.check(stored, before, step)

    def check(self, stored: frozenset[str], before: int, step: Step) -> None:
        """What must hold after every kill. Raises `Broken`."""
        for path in visible(self.project.path):
            self.tally.files += 1
            problem = half_written(path)
            if problem:
                raise Broken(f"{self.last}: {path} is half-written: {problem}")
        self._check_takes()
        again = [each for each in self._answered[before:] if each in stored]
        if again and not step.new_take:
            raise Broken(f"{self.last}: bought again: {again}")

    def _check_takes(self) -> None:
        found = {path: _digest(path) for path in self._take_files()}
        for path, digest in self._takes.items():
            if found.get(path) != digest:
                raise Broken(f"{self.last}: the take {path} was lost, or altered")
        self._takes.update(found)

    def _take_files(self) -> Iterator[Path]:
        return (self.project.path / ".takes").glob("??/*.png")

    def _stored(self) -> frozenset[str]:
        """What the store has an answer to."""
        names = (path.stem.rsplit(".", 1)[-1] for path in self._take_files())
        return frozenset(self._pictures[name] for name in names if name in self._pictures)

    def _in_peace(self) -> None:
        """Let everything come to its end; compare with what an undisturbed run makes."""
        config = self.project.config
        for name in ("sad", "happy_big"):  # whatever is in a batch still is of no matter then
            config["expressions"][name].pop("prompt", None)
        self.project.write_config(config)
        stored, before = self._stored(), len(self._answered)
        for words in (("batch", "wait=yes"), ("orphans", "clean=yes"), self.targets):
            self._done(self.project, *words)
        self.check(stored, before, Step(self.targets))
        self._pin()
        self._done(self.project, *self.targets)
        here, calls = tree(self.project.path / "frames"), len(self._answered)
        there = tree(self._undisturbed().path / "frames")
        differ = {
            path: "missing" if path not in here else "too much" if path not in there else "differs"
            for path in sorted({*here, *there})
            if here.get(path) != there.get(path)
        }
        if differ:
            raise Broken(f"not as in an undisturbed run: {differ}")
        if len(self._answered) > calls:
            raise Broken("an undisturbed run with the same store bought something")
        self.tally.calls, self.tally.takes = calls, len(self._takes)

    def _pin(self) -> None:
        """Say which of its takes each frame is made of: an undisturbed run takes the newest."""
        listed = json.loads(self._done(self.project, "takes", "-f", "*", "--json"))
        path = self.project.path / "takes.json"
        chosen = json.loads(path.read_bytes()) if path.exists() else {}
        for frame in PAID:
            used = next(take for take in listed[frame] if take["in_use"])
            if used["of_current_request"]:
                chosen[frame] = {"take": used["take"], "request": used["request"]}
        path.write_text(json.dumps(chosen))

    def _undisturbed(self) -> Folder:
        """A fresh copy of what a team commits and keeps, built in one go."""
        other = self.project.path.parent / "other" / "project"
        fresh = Folder(other, self.project.environment)
        ours = shutil.ignore_patterns(".doit*", "endpoints", "sequences", "previews", "exports")
        shutil.copytree(self.project.path, other, ignore=ours)
        for path in (other / "frames").iterdir():
            if path.name != "base":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._done(fresh, *self.targets)
        return fresh

    def _done(self, folder: Folder, *words: str) -> str:
        self.last = f"doit {' '.join(words)}"
        ran = folder.doit(*words, timeout_s=_LONGEST_S)
        if ran.code:
            raise Broken(f"{self.last} failed in peace:\n{ran.text}")
        return ran.out

    def _reply(self, call: Call) -> Reply:
        return Reply(body=answer_body(self._picture(call)), delay_s=0.1 * self.random.random())

    def _draw(self, wanted: Wanted) -> tuple[int, Any]:
        return 200, json.loads(answer_body(self._picture(wanted.call)))

    def _picture(self, call: Call) -> bytes:
        """The answer to a call; another one each time."""
        asked = hashlib.sha256(call.fields["prompt"].encode())
        for picture in call.pictures:
            asked.update(picture)
        picture = drawn(replace(call, number=len(self._answered)))
        self._pictures[hashlib.sha256(picture).hexdigest()[:12]] = asked.hexdigest()
        self._answered.append(asked.hexdigest())
        return picture


def _config() -> dict[str, Any]:
    config = small_config()
    config["base_paths"] = [
        {"id": "cheer_up", "start": "sad", "end": "happy_big", "max_depth": 1, "tween": "morph"}
    ]
    return config


def visible(folder: Path) -> Iterator[Path]:
    """Every file that a person or another program may read."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if any(part.endswith(".part") for part in inside) or not path.is_file():
            continue
        if path.suffix not in {".lock", ".upload"} and path.name != "lock":
            yield path


def half_written(path: Path) -> str:
    """What is wrong with a file; empty for one that is whole."""
    readers = {
        ".png": _read_picture,
        ".webp": _read_picture,
        ".json": json.loads,
        ".jsonl": lambda data: [json.loads(line) for line in data.splitlines()],
        ".zip": lambda data: zipfile.ZipFile(io.BytesIO(data)).testzip(),
        ".html": _read_page,
    }
    try:
        readers.get(path.suffix, lambda _data: None)(path.read_bytes())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _read_picture(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.load()


def _read_page(data: bytes) -> None:
    if not data.rstrip().endswith(b"</html>"):
        raise ValueError("it does not end")


def tree(folder: Path) -> Mapping[str, str]:
    """What was built, to the byte; the page tells of runs, and is left out."""
    return {
        str(path.relative_to(folder)): _digest(path)
        for path in visible(folder)
        if "review" not in path.relative_to(folder).parts and not path.name.startswith(".")
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
