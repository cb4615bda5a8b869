"""Which modules one command enters, and how often one frame's facts are made or read.

    uv run python tests/benchmarks/entered.py

Three commands in a small project: a paid frame (an endpoint on loopback), the plan of it, and a
config with a typo. A module is entered when one of its functions is called, not when it is loaded.
"""

import inspect
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.conftest import make_folder, small_config  # noqa: E402
from tests.harness.images_server import ImagesServer  # noqa: E402

COUNTED = {
    "decisions": ("verdict",),
    "look_at": ("look_at",),
    "glance_at": ("glance_at",),
    "requests": ("request_for",),
    "takes.json": ("read_choices",),
    "store listings": ("TakeStore.records",),
}


def inside(out: Path, words: list[str]) -> int:
    """Run doit here, and write what was entered."""
    from doit.doit_cmd import DoitMain

    calls: Counter[str] = Counter()
    modules: set[str] = set()
    names: dict[Any, tuple[str, str]] = {}
    folder = str(ROOT / "tasks")

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(folder):
            return
        if code not in names:
            module = str(Path(code.co_filename).relative_to(ROOT).with_suffix(""))
            names[code] = (module, getattr(code, "co_qualname", code.co_name))
        module, name = names[code]
        if name != "<module>" and code.co_flags & inspect.CO_OPTIMIZED:
            modules.add(module)
            calls[name] += 1

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        code = DoitMain().run(words)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    out.write_text(json.dumps({"modules": sorted(modules), "calls": calls}))
    return int(code or 0)


def entered(folder: Any, *words: str) -> dict[str, Any]:
    """What a command entered."""
    out = folder.path / "entered.json"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    subprocess.run(
        [sys.executable, __file__, "--inside", str(out), *words],
        cwd=folder.path,
        env={**inherited, **folder.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def row(title: str, found: dict[str, Any]) -> None:
    """One command's line."""
    rooms = {module.split("/")[1] for module in found["modules"] if module.count("/") > 1}
    counts = {
        what: sum(found["calls"].get(name, 0) for name in names) for what, names in COUNTED.items()
    }
    said = ", ".join(f"{what} {count}" for what, count in counts.items())
    print(f"{title:<12} {len(found['modules']):>3} modules in {len(rooms):>2} rooms; {said}")
    if os.environ.get("LIST"):
        print("  " + "\n  ".join(found["modules"]))


def main() -> None:
    """Measure all three."""
    with ImagesServer() as server, tempfile.TemporaryDirectory() as name:
        folder = make_folder(Path(name) / "project", server.environment())
        row("a plan", entered(folder, "plan", "endpoints:sad__center"))
        row("a frame", entered(folder, "endpoints:sad__center"))
        row("again", entered(folder, "endpoints:sad__center"))
        config = small_config()
        config["expresions"] = config.pop("expressions")
        folder.write_config(config)
        row("a typo", entered(folder, "list"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        raise SystemExit(inside(Path(sys.argv[2]), sys.argv[3:]))
    main()
