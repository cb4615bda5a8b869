"""Putting the review page together: `index.html` with its data, style sheet and scripts beside it.

It is opened from disk: no `fetch`, no modules, no pixels read. The data stands in the page as
JSON in a script element, in which no text can end that element or be taken for markup.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from os.path import relpath
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tasks.ground.files import read_plain, stamp, write_whole
from tasks.ground.made import Moved, begin, end, remove

if TYPE_CHECKING:
    from jinja2 import Template

ASSETS = Path(__file__).with_name("assets")
SCRIPTS = (
    *("base.js", "decide.js", "grid.js", "compare.js", "frame.js"),
    *("player.js", "sequences.js", "try.js", "clock.js", "tracks.js", "timelines.js", "page.js"),
)
"""in the order in which they are loaded"""
STYLES = ("page.css", "timelines.css")
PLANS = "timelines"
"""the folder of the timelines' plans, a script each, beside the page"""
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
    return template().render(
        title=document["title"], data=script_json(document), scripts=scripts, styles=STYLES
    )


@cache
def template() -> "Template":
    """The page's template, which takes longer to read than to fill."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html.j2")


def write(
    folder: Path,
    document: Mapping[str, Any],
    moved: Moved = lambda _path, _to: None,
    plans: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the page into `folder`, each file whole, and only those that changed.

    `moved` is told of a file that is not of this program, and where it was set aside. `plans`: what
    the page plays of each timeline, by its name.
    """
    put({folder / name: (ASSETS / name).read_bytes() for name in (*SCRIPTS, *STYLES)}, moved)
    loaders = {
        folder / PLANS / f"{name}.js": f"Review.timelineLoaded({script_json(name)},"
        f" {script_json(plan)});\n"
        for name, plan in plans.items()
    }
    put({path: script.encode() for path, script in loaders.items()}, moved)
    for path in (folder / PLANS).glob("*.js"):
        if path.stem not in plans:
            remove(str(path), dryrun=False)
    put({folder / "index.html": page(document).encode()}, moved)


def put(files: Mapping[Path, bytes], moved: Moved) -> None:
    """Put files of the page, of one folder, in their places."""
    changed = {path: data for path, data in files.items() if not _holds(path, data)}
    begin(*changed, moved=moved)
    for path, data in changed.items():
        write_whole(path, data)
    end(*changed)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return read_plain(path) == data
    except OSError:
        return False


def files(folder: Path) -> list[Path]:
    """The files of a page, for whoever removes it."""
    small = [path for ending in ("webp", "hand") for path in folder.glob(f"thumbs/*.{ending}")]
    page = (*SCRIPTS, *STYLES, "index.html", "failed.json")
    return [*(folder / name for name in page), *small, *folder.glob(f"{PLANS}/*.js")]


def address(path: Path, folder: Path, version_of: Path | None = None) -> str:
    """A file's address from the page in `folder`; with its time, so that no browser shows an old
    one."""
    seen = stamp(version_of or path)
    version = f"?{seen[0]:x}" if seen else ""
    return quote(Path(relpath(path, folder)).as_posix()) + version
