"""The review page at many frames: how long it takes to make, to paint, and what it weighs.

    uv run python tests/benchmarks/review.py 60 500 2000

Frames are copies of one picture of 320x480 pixels, put there by hand; `again_s` is a second look at
what did not change. Painted by chromium from disk, the best of three.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks.build.pages import make_page  # noqa: E402
from tasks.graph.project import Project, open_project  # noqa: E402
from tests.conftest import make_folder, portrait, small_config  # noqa: E402
from tests.harness.browser import chromium  # noqa: E402

POSES = 5
SIZE = (320, 480)


def project(folder: Path, count: int) -> Path:
    """A project of so many frames; its config."""
    made = make_folder(folder, {})
    config = small_config()
    neutral, other = config["expressions"]["neutral"], config["expressions"]["sad"]
    rows = {f"e{number:03d}": other for number in range(count // POSES - 1)}
    config |= {"poses": {f"pose_{n}": {"prompt": "turned"} for n in range(POSES)}}
    config |= {"expressions": {"neutral": neutral, **rows}, "base_paths": []}
    config["generation"] |= {"size": f"{SIZE[0]}x{SIZE[1]}", "engine": "puppet"}
    made.write_config(config)
    made.frames.mkdir(parents=True)
    portrait(SIZE).save(folder / "one.png")
    data = (folder / "one.png").read_bytes()
    for name in config["expressions"]:
        for pose in config["poses"]:
            made.frame(f"{name}__{pose}").write_bytes(data)
    return folder / "expressions.json"


def making_s(opened: Project) -> float:
    """How long the page takes to make."""
    began_s = time.perf_counter()
    make_page(opened, {})
    return time.perf_counter() - began_s


def painted_ms(browser: Any, address: str) -> float:
    """From the navigation to the first paint."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(address)
    page.wait_for_timeout(500)
    found = float(page.evaluate("performance.getEntriesByName('first-paint')[0].startTime"))
    page.close()
    return found


def main(counts: list[int]) -> None:
    """Print a row a count."""
    from playwright.sync_api import sync_playwright

    print("frames  make_s  again_s  page_kB  thumbnails_kB  first_paint_ms")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for count in counts:
            with tempfile.TemporaryDirectory() as folder:
                config = project(Path(folder) / "many", count)
                opened = open_project({"config": str(config)})
                first_s, again_s = (making_s(opened) for _ in range(2))
                page = config.parent / "frames" / "review"
                page_kb = sum(path.stat().st_size for path in page.glob("*.*")) / 1000
                thumbs_kb = sum(path.stat().st_size for path in page.glob("thumbs/*")) / 1000
                address = (page / "index.html").as_uri()
                paint = min(painted_ms(browser, address) for _ in range(3))
            row = json.dumps([count, round(first_s, 1), round(again_s, 1), round(page_kb)])[1:-1]
            print(f"{row}, {thumbs_kb:.0f}, {paint:.0f}")
        browser.close()


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [60, 500, 2000])
