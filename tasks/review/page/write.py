"""Putting the review page together: `index.html` with its data, style sheet and scripts beside it.

It is opened from disk: no `fetch`, no modules, no pixels read. The data stands in the page as
JSON in a script element, in which no text can end that element or be taken for markup.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.ground.files import read_plain, write_whole
from tasks.ground.made import begin, end

Moved = Callable[[Path, Path | None], None]

ASSETS = Path(__file__).with_name("assets")
SCRIPTS = (
    *("base.js", "decide.js", "grid.js", "compare.js", "frame.js"),
    *("player.js", "sequences.js", "try.js", "page.js"),
)
"""in the order in which they are loaded"""
STYLES = ("page.css",)
_ESCAPED = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def script_json(document: Any) -> str:
    """JSON that stands in a script element as it is."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text.encode(errors="replace").decode()


def page(document: Mapping[str, Any], scripts: Sequence[str] = SCRIPTS) -> str:
    """The HTML of the page that shows `document`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html.j2").render(
        title=document["title"], data=script_json(document), scripts=scripts, styles=STYLES
    )


def write(
    folder: Path, document: Mapping[str, Any], moved: Moved = lambda _path, _to: None
) -> None:
    """Write the page into `folder`, each file whole, and only those that changed.

    `moved` is told of a file that is not of this program, and where it was set aside.
    """
    for name in (*SCRIPTS, *STYLES):
        put(folder / name, (ASSETS / name).read_bytes(), moved)
    put(folder / "index.html", page(document).encode(), moved)


def put(path: Path, data: bytes, moved: Moved) -> None:
    """Put one file of the page in its place."""
    try:
        same = read_plain(path) == data
    except OSError:
        same = False
    if not same:
        moved(path, begin(path))
        write_whole(path, data)
        end(path)


def files(folder: Path) -> list[Path]:
    """The files of a page, for whoever removes it."""
    small = [path for ending in ("webp", "hand") for path in folder.glob(f"thumbs/*.{ending}")]
    return [*(folder / name for name in (*SCRIPTS, *STYLES, "index.html", "failed.json")), *small]
