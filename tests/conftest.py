"""A small project in a temporary folder, the real `doit` command in it, and an endpoint for it."""

import contextlib
import gc
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.harness import warm
from tests.harness.images_server import ImagesServer
from tests.harness.warm import WarmProcess

ROOT = Path(__file__).resolve().parents[1]
SIZE = (64, 96)
_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
_ROOM_BYTES = 4 * 2**30


def pytest_configure() -> None:
    """Have modules compiled once for all processes of the tests, also where nobody else does."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `doit` has it (tasks.running.begin)
    gc.set_threshold(50_000, 20, 20)  # to look for garbage as often as usual takes a twentieth
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        # the folders of tests lie in memory: nothing waits for a disk
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
    if sys.dont_write_bytecode and not sys.pycache_prefix:
        folder = str(ROOT / ".pytest_cache" / "bytecode")
        sys.dont_write_bytecode, sys.pycache_prefix = False, folder
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder


def pytest_sessionstart(session: pytest.Session) -> None:
    """Import all test modules, each worker from another one on: what one compiled, others find."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    paths = sorted((ROOT / "tests").glob("**/test_*.py"))
    first = int(worker["workerid"].removeprefix("gw")) * len(paths) // worker["workercount"]
    for path in (*paths[first:], *paths[:first]):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        with contextlib.suppress(Exception, pytest.skip.Exception):  # said where it is collected
            importlib.import_module(name)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, lest one worker be left with it at the end."""
    items.sort(key=lambda item: item.path.name != "test_style.py")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the garbage collector leave alone what stays until the end: modules, and all tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait, for a server's time or for a lock."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a full disk keeps out of a project goes where it goes with the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        patch.setattr(tempfile, "tempdir", None)
        yield


@dataclass(frozen=True)
class Ran:
    """What a finished command left."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that it wrote."""
        return self.out + self.err


class Folder:
    """A project folder, and `doit` in it as a person would type it."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self.path = path
        self.environment = environment

    def doit(self, *arguments: str, timeout_s: float = 60) -> Ran:
        """Run `doit` with these arguments until it ends."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=timeout_s)
        return Ran(process.returncode, out, err)

    @staticmethod
    def command() -> list[str]:
        """The words that start doit."""
        return [sys.executable, "-m", "doit"]

    def start(self, *arguments: str) -> "subprocess.Popen[str] | WarmProcess":
        """Begin to run `doit`, in a process group of its own."""
        if self.command() == Folder.command():
            return warm.start(list(arguments), self.path, self._environment())
        return subprocess.Popen(
            [*self.command(), *arguments],
            cwd=self.path,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
        return {**inherited, "PYTHONIOENCODING": "utf-8", **self.environment}

    @property
    def frames(self) -> Path:
        """The folder of keyframes."""
        return self.path / "frames" / "endpoints"

    def frame(self, name: str) -> Path:
        """The frame of that name."""
        return self.frames / f"{name}.png"

    def frame_bytes(self) -> dict[str, bytes]:
        """Every keyframe's file, by its name."""
        return {path.stem: path.read_bytes() for path in sorted(self.frames.glob("*.png"))}

    @property
    def config(self) -> dict[str, Any]:
        """The config as plain data."""
        read: dict[str, Any] = json.loads((self.path / "expressions.json").read_text())
        return read

    def write_config(self, config: dict[str, Any], **layout: Any) -> None:
        """Put a config in place."""
        (self.path / "expressions.json").write_text(json.dumps(config, **layout))

    def forget(self) -> None:
        """Delete doit's database and the cached graph."""
        for path in self.path.glob(".doit*"):
            path.unlink()


def portrait(size: tuple[int, int] = SIZE) -> Image.Image:
    """A face of a few strokes, with a background that is transparent."""
    width, height = size
    image = Image.new("RGBA", size)
    draw = ImageDraw.Draw(image)

    def box(x: float, y: float, rx: float, ry: float) -> tuple[float, ...]:
        return (x - rx) * width, (y - ry) * height, (x + rx) * width, (y + ry) * height

    draw.ellipse(box(0.5, 0.45, 0.36, 0.3), fill=(236, 200, 170, 255))
    draw.rectangle((0.4 * width, 0.7 * height, 0.6 * width, height), fill=(226, 190, 160, 255))
    for x in (0.35, 0.65):
        draw.ellipse(box(x, 0.4, 0.09, 0.035), fill=(255, 255, 255, 255))
        draw.ellipse(box(x, 0.4, 0.035, 0.03), fill=(40, 60, 90, 255))
        draw.line(
            ((x - 0.1) * width, 0.33 * height, (x + 0.1) * width, 0.33 * height),
            fill=(90, 60, 40, 255),
            width=2,
        )
    draw.line((0.4 * width, 0.6 * height, 0.6 * width, 0.6 * height), (150, 60, 60, 255), width=3)
    return image


FACE = {
    "left_eye": {"inner": [0.57, 0.4], "outer": [0.74, 0.4]},
    "right_eye": {"inner": [0.43, 0.4], "outer": [0.26, 0.4]},
    "mouth": {"left": [0.6, 0.6], "right": [0.4, 0.6]},
}


def small_config() -> dict[str, Any]:
    """Three expressions at two poses."""
    return {
        "character": "a test face, flat colours",
        "base_image": "frames/base/neutral__center.png",
        "face": FACE,
        "axes": {
            "mouth": ["neutral", "smile_soft", "ah", "frown"],
            "eyes": ["neutral", "wide", "blink_closed"],
            "brows": ["neutral", "raise", "furrow"],
        },
        "poses": ["center", "tilt_left_small"],
        "expressions": {
            "neutral": {"mouth": "neutral", "eyes": "neutral", "brows": "neutral"},
            "sad": {"mouth": "frown", "eyes": "neutral", "brows": "raise"},
            "happy_big": {"mouth": "ah", "eyes": "wide", "brows": "raise"},
        },
        "base_paths": [{"id": "cheer_up", "start": "sad", "end": "happy_big"}],
        "generation": {"size": f"{SIZE[0]}x{SIZE[1]}", "max_retries": 0},
    }


def make_folder(path: Path, environment: dict[str, str]) -> Folder:
    """A project folder with the small character."""
    (path / "frames" / "base").mkdir(parents=True)
    for name in ("dodo.py", "pyproject.toml"):
        shutil.copy(ROOT / name, path)
    portrait().save(path / "frames" / "base" / "neutral__center.png")
    folder = Folder(path, environment)
    folder.write_config(small_config())
    return folder


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    """An images endpoint on loopback."""
    with ImagesServer() as running:
        yield running


@pytest.fixture
def paid(tmp_path: Path, server: ImagesServer) -> Folder:
    """A project that draws with the endpoint."""
    return make_folder(tmp_path / "project", server.environment())


@pytest.fixture
def free(tmp_path: Path) -> Folder:
    """A project without a key: it draws with the puppet."""
    folder = make_folder(tmp_path / "project", {})
    config = small_config()
    config["generation"]["engine"] = "puppet"
    folder.write_config(config)
    return folder


def kill(process: "subprocess.Popen[str] | WarmProcess", number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that a test started, and to no other."""
    os.kill(process.pid, number)
