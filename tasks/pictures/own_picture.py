"""Pictures made to be looked at: free, always rebuildable, and never in an artist's way."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from doit.exceptions import TaskFailed

from tasks.ground.errors import Mistake

if TYPE_CHECKING:
    from PIL.Image import Image

_KEYWORD, MARK = "Software", "doit-expressions: a picture to look at"
SIGN = {_KEYWORD: MARK}
"""the texts by which a PNG is known as one of these"""


def write_picture(
    path: Path, image: "Image", say: Callable[[str], None] = lambda _text: None
) -> TaskFailed | None:
    """Put a picture in its place, as `write_own` does."""
    # Pillow is imported here, and not by a run that draws nothing.
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text(_KEYWORD, MARK)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, pnginfo=info)
    return write_own(path, buffer.getvalue(), say)


def write_own(
    path: Path, data: bytes, say: Callable[[str], None] = lambda _text: None
) -> TaskFailed | None:
    """Put a marked file in its place; one that this program did not make is set aside."""
    from tasks.ground.files import set_aside, write_whole

    try:
        if (path.exists() or path.is_symlink()) and (path.is_symlink() or not _is_ours(path)):
            aside = set_aside(path)
            say(f"[i] Moved what lay at {path}, which is not of this program, to {aside}")
        write_whole(path, data)
    except Mistake as error:
        return TaskFailed(str(error))
    except OSError as error:
        return TaskFailed(f"{path} cannot be written: {error.strerror}")
    return None


def remove_picture(name: str, dryrun: bool) -> None:
    """What `doit clean` does: delete the picture, if it is one of this program's."""
    path = Path(name)
    if path.is_file() and _is_ours(path) and not dryrun:
        path.unlink()


def _is_ours(path: Path) -> bool:
    from PIL import Image

    from tasks.ground.files import open_plain

    try:
        if path.suffix == ".pdf":
            with open_plain(path) as file:  # PDFs hold their texts in two bytes a character
                return MARK.encode("utf-16-be") in file.read()
        with open_plain(path) as file, Image.open(file, formats=("PNG",)) as image:
            return image.info.get(_KEYWORD) == MARK
    except (OSError, SyntaxError, ValueError):
        return False
