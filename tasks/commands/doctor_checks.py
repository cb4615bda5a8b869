"""What `doit doctor` looks at: one small function a check, in the order of `CHECKS`."""

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.character.character import Character
from tasks.commands.doctor_network import Answer, address, ask, certificate, proxy
from tasks.graph.project import Project
from tasks.ground.advice import doit, joined
from tasks.ground.errors import Mistake, line_of
from tasks.ground.outside import clean
from tasks.ground.wording import counted
from tasks.models.facts import RETIRED, facts_of, quality_problem, size_problem

_KEY = "OPENAI_API_KEY"
_VARIABLES = re.compile(r"\s*(?:export\s+)?(OPENAI_\w+|\w*_proxy|\w*_PROXY|SSL_CERT_\w+)\s*=\s*\S")
_ROOM_BYTES = 500 * 2**20
_MOST_CLOCK_S = 120
_STORE_S = 1.0
"""how long takes are read: a large store is looked at in part"""
_TAKE = re.compile(r"[0-9a-f]{64}\.([0-9a-f]{12})\.(?:png|jpg|webp)")
_OURS = re.compile(r"[0-9a-f]{64}\.(?:json|refused\.json)")
_EXTRAS = {"av": ("MP4 and WebM films", "uv sync --extra video")}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    well: bool | None
    """None: good to know, and nothing is wrong"""
    text: str
    """what it is; where it is not well, also what to do"""

    def content(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


class Look:
    """What the checks share: read once."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def character(self) -> Character | Mistake:
        """The config, or what is wrong with it."""

        try:
            return self.project.character
        except OSError as error:
            return Mistake(line_of(error))
        except Mistake as error:
            return error

    @property
    def paid(self) -> bool:
        """Whether a run would call an endpoint."""
        if isinstance(self.character, Mistake):
            return self.project.has_key
        return self.project.graph.engine.name == "openai"

    @cached_property
    def answer(self) -> Answer:
        """What the endpoint says when it is asked for its models."""
        return ask(os.environ)


def examine(look: Look) -> list[Finding]:
    """All that is found. A check that breaks is a finding itself."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += list(check(look))
        except Exception as error:
            name = check.__name__.strip("_").replace("_", " ")
            found.append(Finding(name, False, f"could not be checked ({clean(str(error))})"))
    return found


def _versions(_look: Look) -> Iterator[Finding]:
    names = ("doit-expressions", "doit", "openai", "pillow")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("versions", True, f"Python {python}, {versions}")


def _config(look: Look) -> Iterator[Finding]:
    character = look.character
    if isinstance(character, Mistake):
        yield Finding("config", False, str(character))
        return
    size = f"{counted(len(character.expressions), 'expression')}, "
    size += counted(len(character.poses), "pose")
    yield Finding("config", True, f"{look.project.config}: {size}")
    from tasks.pictures.decode import PORTRAITS
    from tasks.pictures.picture import read

    portraits = [character.base_image, *(each.base_image for each in character.costumes.values())]
    for path in map(look.project.input_path, portraits):
        try:
            portrait = read(path, PORTRAITS)
            yield Finding("portrait", True, f"{path}: {portrait.width}x{portrait.height} pixels")
        except Mistake as error:
            yield Finding("portrait", False, str(error))


def _engine(look: Look) -> Iterator[Finding]:
    if isinstance(look.character, Mistake):
        return
    choice = look.project.graph.engine
    yield Finding("engine", None, f"{choice.name} ({choice.why})")


def _key(look: Look) -> Iterator[Finding]:
    """The key's shape. Nothing of its text, nor how it begins."""
    key = os.environ.get(_KEY, "")
    if not key.strip():
        text = f"{_KEY} is not set: drafts are drawn; export it to draw finals"
        yield Finding("key", False if look.paid else None, text)
        return
    bare = key.strip()
    if not bare.isascii() or not bare.isprintable() or " " in bare:
        yield Finding("key", False, f"{_KEY} holds spaces or letters that no key has: set it anew")
        return
    own = look.project.official_endpoint
    if own and (not bare.startswith("sk-") or len(bare) < 20):
        text = f"{_KEY} ({len(bare)} characters) does not look like a key of OpenAI: copy it anew"
        yield Finding("key", False, text)
        return
    yield Finding("key", True, f"{_KEY} is set, {len(bare)} characters")


def _dotenv(look: Look) -> Iterator[Finding]:
    """What a `.env` would set: nothing reads it by itself."""
    path = look.project.folder / ".env"
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(2**16).splitlines()
    names = [match[1] for line in lines if (match := _VARIABLES.match(line))]
    unset = [name for name in names if not os.environ.get(name)]
    if unset:
        read = f"{joined(['uv', 'run', '--env-file', str(path)])} {doit()}"
        text = f"{path} would set {', '.join(unset)}: it is read with {read}"
        yield Finding(".env", None, text)


def _endpoint(look: Look) -> Iterator[Finding]:
    """Address, proxy and certificate as they will be used; then what is there."""
    if not look.paid:
        return
    environment = os.environ
    url, problem = address(environment)
    yield Finding("address", not problem, problem or url)
    through = proxy(environment, url)
    if through:
        yield Finding("proxy", None, f"calls go through {through}")
    trusted, problem = certificate(environment)
    if trusted or problem:
        yield Finding("certificate", not problem, problem or f"authorities are those of {trusted}")
    answer = look.answer
    yield Finding("connection", answer.well, answer.text)
    if answer.clock_off_s is not None:
        off_s = round(answer.clock_off_s)
        well = abs(off_s) <= _MOST_CLOCK_S
        text = "agrees with the endpoint's" if well else f"is {off_s:+} s off: set it right"
        yield Finding("clock", well, f"this machine's clock {text}")


def _model(look: Look) -> Iterator[Finding]:
    character = look.character
    if isinstance(character, Mistake) or not look.paid:
        return
    wished = character.generation
    model, size = clean(wished.model), wished.size_px
    official = look.project.official_endpoint
    if official and wished.model in RETIRED:
        ended = RETIRED[wished.model]
        text = f"{model} was shut down on {ended.on}: use {ended.successor}"
        yield Finding("model", False, text)
        return
    refused: list[str | None] = []
    if official:  # what another server's models of that name take, nobody knows here
        refused.append(size_problem(wished.model, character.asked_px) if size else None)
        refused.append(quality_problem(wished.model, wished.quality))
    for problem in filter(None, refused):
        yield Finding("model", False, f"{problem}; change generation in {look.project.config}")
    listed = look.answer.models
    if listed and wished.model not in listed:
        yield Finding("model", False, f"the endpoint does not list {model}: set generation.model")
    elif not any(refused):
        taken = official and facts_of(wished.model)
        known = "its size and quality are taken" if taken else "what it takes is not known here"
        there = ", and the endpoint lists it" if listed else ""
        yield Finding("model", True, f"{model}: {known}{there}")


def _disk(look: Look) -> Iterator[Finding]:
    folder = look.project.folder
    free = shutil.disk_usage(folder).free
    well = free >= _ROOM_BYTES
    advice = "" if well else f": free at least {_ROOM_BYTES // 2**20} MB"
    yield Finding("disk", well, f"{free // 2**20:,} MB are free at {folder.resolve()}{advice}")
    for place in (look.project.store, look.project.built):
        there = next(path for path in (place, *place.absolute().parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            text = f"{there} cannot be written ({error.strerror}): nothing can be kept there"
            yield Finding("disk", False, text)


def _store(look: Look) -> Iterator[Finding]:
    """Damaged takes and stray files; as many as can be read in a second."""
    folder = look.project.store
    if not folder.is_dir():
        return
    until_s, whole, left = time.monotonic() + _STORE_S, 0, 0
    damaged, stray = list[Path](), list[Path]()
    for path in sorted(folder.glob("??/*")):
        match = _TAKE.fullmatch(path.name)
        if not match:
            stray += [] if _OURS.fullmatch(path.name) else [path]
        elif time.monotonic() > until_s:
            left += 1
        elif path.is_file() and _digest(path).startswith(match[1]):
            whole += 1
        else:
            damaged.append(path)
    rest = f" ({left} more were not looked at)" if left else ""
    yield Finding("store", not damaged, _of_takes(whole, damaged) + rest)
    if stray:
        text = f"{counted(len(stray), 'file')} in {folder} are not of the store: {stray[0]}, ..."
        yield Finding("stray files", None, f"{text} They do no harm.")


def _of_takes(whole: int, damaged: list[Path]) -> str:
    said = f"{counted(whole, 'take')} whole"
    if not damaged:
        return said
    return (
        f"{said}, {len(damaged)} damaged, such as {damaged[0]}: restore them from a copy of the"
        " folder, or delete them to have them drawn, and paid for, again"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extras(_look: Look) -> Iterator[Finding]:
    for module, (use, install) in _EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            yield Finding("extras", None, f"{use} need a package more: {install}")


CHECKS: tuple[Callable[[Look], Iterator[Finding]], ...] = (
    *(_versions, _config, _engine, _key, _dotenv, _endpoint, _model, _disk, _store, _extras),
)
