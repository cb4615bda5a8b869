"""Pictures made to be looked at: free, always rebuildable, and never in an artist's way."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from doit.exceptions import TaskFailed

from tasks.ground.errors import Mistake

if TYPE_CHECKING:
    from PIL.Image import Image

_KEYWORD, _MARK = "Software", "doit-expressions: a picture to look at"


def write_picture(
    path: Path, image: "Image", say: Callable[[str], None] = lambda _text: None
) -> TaskFailed | None:
    """Put a picture in its place; a file there that this program did not make is set aside."""
    # Pillow is imported here, and not by a run that draws nothing.
    from PIL.PngImagePlugin import PngInfo

    from tasks.ground.files import set_aside, write_whole

    info = PngInfo()
    info.add_text(_KEYWORD, _MARK)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, pnginfo=info)
    try:
        if (path.exists() or path.is_symlink()) and (path.is_symlink() or not _is_ours(path)):
            aside = set_aside(path)
            say(f"[i] Moved what lay at {path}, which is not of this program, to {aside}")
        write_whole(path, buffer.getvalue())
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
        with open_plain(path) as file, Image.open(file, formats=("PNG",)) as image:
            return image.info.get(_KEYWORD) == _MARK
    except (OSError, SyntaxError, ValueError):
        return False
