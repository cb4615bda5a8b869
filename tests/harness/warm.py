"""`doit` from a process that has the slow packages loaded already: most of a run's time in tests.

One such process for each test process. For every command it forks; the child is a process of its
own, with its own session, folder, environment and output, which reads pyproject.toml, loads
`dodo.py` and opens its session as `python -m doit` does. Only modules are loaded beforehand, and
the text of our pyproject.toml is parsed, which has no effect. What a command loads by itself is the
matter of tests that start `python -m doit`.
"""

import array
import atexit
import contextlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

_PACKAGES = (
    "cv2",
    "filelock._identity",
    "filelock._soft",
    "filelock._soft_protocol",
    "httpx2",
    "gzip",
    "isal.isal_zlib",
    "numpy.ma",
    "encodings.ascii",
    "encodings.idna",
    "encodings.utf_8_sig",
    "openai.resources.batches",
    "openai.resources.chat.completions",
    "openai.resources.files",
    "openai.resources.images",
    "pydantic",
    # As PIL.Image.preinit has them, in its order.
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "PIL.ImageOps",
    "tomllib",
    "doit.doit_cmd",
)
_MOST_BYTES = 2**20


class WarmProcess:
    """A command that runs: the part of `subprocess.Popen` that tests use."""

    def __init__(self, reply: socket.socket, out: int, err: int) -> None:
        self._reply = reply
        self.pid = int(self._line())
        self.returncode: int | None = None
        self.stdout, self.stderr = (
            io.TextIOWrapper(io.BufferedReader(io.FileIO(fd)), "utf-8", "replace")
            for fd in (out, err)
        )

    def _line(self) -> str:
        text = b""
        while not text.endswith(b"\n"):
            part = self._reply.recv(1)
            if not part:
                raise RuntimeError("the warm process is gone")
            text += part
        return text.decode()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.returncode is None and select.select([self._reply], [], [], 0)[0]:
            self.returncode = int(self._line())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._reply], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("doit", timeout or 0.0)
            self.returncode = int(self._line())
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it writes, and its end. Raises `subprocess.TimeoutExpired`."""
        until_s = None if timeout is None else time.monotonic() + timeout
        texts = ["", ""]

        def read(index: int, stream: io.TextIOWrapper) -> None:
            texts[index] = stream.read()

        streams = [(0, self.stdout), (1, self.stderr)]
        threads = [
            threading.Thread(target=read, args=pair, daemon=True)
            for pair in streams
            if pair[1] is not None and not pair[1].closed
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(None if until_s is None else max(0.0, until_s - time.monotonic()))
            if thread.is_alive():
                raise subprocess.TimeoutExpired("doit", timeout or 0.0)
        self.wait(None if until_s is None else max(0.0, until_s - time.monotonic()))
        for _, stream in streams:
            if stream is not None:
                stream.close()
        return texts[0], texts[1]


class Warm:
    """The process that forks."""

    def __init__(self) -> None:
        own, other = socket.socketpair()
        self._control = own
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(other.fileno())],
            pass_fds=[other.fileno()],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        other.close()
        atexit.register(self.close)

    def close(self) -> None:
        """End it; what it forked goes on."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    def start(self, arguments: list[str], cwd: Path, environment: dict[str, str]) -> WarmProcess:
        """Begin `python -m doit` with these arguments."""
        order = {"arguments": arguments, "cwd": str(cwd), "environment": environment}
        data = json.dumps(order).encode()
        (out, out_there), (err, err_there) = os.pipe(), os.pipe()
        reply, reply_there = socket.socketpair()
        fds = [out_there, err_there, reply_there.fileno()]
        with self._lock:
            length = f"{len(data):08d}".encode()
            socket.send_fds(self._control, [length], fds)
            self._control.sendall(data)
        for fd in (out_there, err_there):
            os.close(fd)
        reply_there.close()
        return WarmProcess(reply, out, err)


_WARM: list[Warm] = []


def start(arguments: list[str], cwd: Path, environment: dict[str, str]) -> WarmProcess:
    """Begin `python -m doit` in a folder, from this process's warm one."""
    if not _WARM:
        _WARM.append(Warm())
    return _WARM[0].start(arguments, cwd, environment)


# What follows runs in the warm process.


def _serve(control: socket.socket) -> None:
    children: dict[int, socket.socket] = {}
    ended, ends = os.pipe()
    os.set_blocking(ends, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(ends, warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([control, ended], [], [])
        if control in ready:
            order = _order(control)
            if order is None:
                return
            _begin(control, children, *order)
        if ended in ready:
            os.read(ended, _MOST_BYTES)
            _reap(children)


def _order(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    length, fds, _flags, _address = socket.recv_fds(control, 8, 3)
    if not length:
        return None
    data = b""
    while len(data) < int(length):
        data += control.recv(min(_MOST_BYTES, int(length) - len(data)))
    return json.loads(data), list(array.array("i", fds))


def _begin(
    control: socket.socket,
    children: dict[int, socket.socket],
    order: dict[str, Any],
    fds: list[int],
) -> None:
    out, err, reply = fds
    pid = os.fork()
    if pid:
        os.close(out)
        os.close(err)
        children[pid] = socket.socket(fileno=reply)
        children[pid].sendall(f"{pid}\n".encode())
        return
    control.close()
    for other in children.values():
        other.close()
    os.close(reply)
    _become(order, out, err)


def _reap(children: dict[int, socket.socket]) -> None:
    for pid in list(children):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with contextlib.suppress(OSError):
                children[pid].sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            children.pop(pid).close()


def _become(order: dict[str, Any], out: int, err: int) -> None:
    """Be `python -m doit`, and end as it does."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    _OUT.reconfigure(encoding=encoding, errors="strict")
    _ERR.reconfigure(encoding=encoding, errors="backslashreplace")
    sys.argv = ["doit", *order["arguments"]]
    sys.path[0] = order["cwd"]
    os._exit(_run())


class _Pipe(io.FileIO):
    """What is a pipe as soon as a command runs, whatever it is before."""

    def seekable(self) -> bool:
        return False


def _text(fd: int, encoding: str, errors: str, *, line_buffering: bool) -> io.TextIOWrapper:
    raw = io.BufferedWriter(_Pipe(fd, "w", closefd=False))
    return io.TextIOWrapper(raw, encoding, errors, line_buffering=line_buffering)


def _run() -> int:
    import runpy
    import traceback

    code = 0
    try:
        runpy.run_module("doit", run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code


def _load() -> None:
    """Load what commands need, and have the garbage collector leave it alone: it is shared."""
    import gc
    import importlib
    import pkgutil

    for package in _PACKAGES:
        importlib.import_module(package)
    tasks = importlib.import_module("tasks")
    for module in pkgutil.walk_packages(tasks.__path__, "tasks."):
        importlib.import_module(module.name)
    _fill_tables()
    _look_up_once()
    gc.collect()
    gc.freeze()


def _fill_tables() -> None:
    """Have OpenCV make its tables of Lab, Jinja the page's template, pydantic a timeline's form.

    Each takes long, has no thread and is the same for every command.
    """
    from tasks.puppet import make_tables
    from tasks.review.page.write import template
    from tasks.timelines.spec import form

    template()
    form()
    make_tables()


def _look_up_once() -> None:
    """Have doit look up once what is the same for every command.

    It reads all installed packages for what they add to it, and pyproject.toml for its settings.
    """
    import functools
    import pickle
    import tomllib
    from importlib.metadata import entry_points

    import doit.plugin

    found = entry_points()
    doit.plugin.entry_points_impl = lambda: found.select
    # each time another copy: doit takes out what it has read
    parsed = functools.cache(lambda text, loads=tomllib.loads: pickle.dumps(loads(text)))
    tomllib.loads = lambda text: pickle.loads(parsed(text))  # noqa: S301 - our own
    tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))


if __name__ == "__main__":
    fd = int(sys.argv[1])
    # doit keeps what it finds when it is loaded: a command's own output is put under these.
    _OUT = _text(1, "utf-8", "strict", line_buffering=False)
    _ERR = _text(2, "utf-8", "backslashreplace", line_buffering=True)
    sys.argv, sys.stdout, sys.stderr = ["doit"], _OUT, _ERR
    _load()
    _serve(socket.socket(fileno=fd))
