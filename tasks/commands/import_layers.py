"""`doit import_layers`: what was painted in an OpenRaster file becomes frames, as work by hand."""

from pathlib import Path
from typing import Any

from doit.exceptions import InvalidCommand

from tasks.commands.command import FrameCommand
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean, with_costume
from tasks.ground.wording import counted


class ImportLayers(FrameCommand):
    """Writes the frames whose layers were changed; free, and asks nobody."""

    name = "import_layers"
    doc_purpose = "take layers painted in an OpenRaster file into frames, as work by hand"
    doc_usage = "FILE.ora ..."
    doc_description = (
        "Of a file that doit exports:openraster made, each layer named as an expression. The file's"
        " name is the pose (or say pose=); of a costume's file say costume=. An earlier frame is"
        " moved to set_aside/."
    )
    cmd_options: tuple[dict[str, Any], ...] = ()

    def _execute(self) -> int:
        files = [Path(name) for name in self.sel_tasks or ()]
        if not files:
            raise InvalidCommand("which file? Such as: doit import_layers center.ora")
        for file in files:
            self._import(file)
        return 0

    def _import(self, file: Path) -> None:
        from tasks.exports.painted import read_painted

        project = self.session.project
        character = project.worn
        pose = project.variables.pose or file.stem
        if pose not in character.poses:
            near = did_you_mean(pose, character.poses)
            raise Mistake(f'{file}: "{pose}" is no pose{near}; say which it is: pose=NAME')
        painted = read_painted(file, ("neutral", *character.expressions))
        changed = 0
        for expression, pixels in painted.frames.items():
            path = Path(project.target(expression, pose, character.costume))
            if _put(path, pixels):
                changed += 1
                name = with_costume(character.costume, f"{expression}__{pose}")
                self._say(f"[✓] {name} -> {path} (painted)")
        if painted.others:
            self._say(f"[i] Not taken, being no expression: {', '.join(painted.others)}")
        self._say(f"[i] {counted(changed, 'frame')} of {file} changed")


def _put(path: Path, pixels: object) -> bool:
    """Write a frame that differs from what is there; whether it did. What was there is kept."""
    import numpy as np
    from PIL import Image

    from tasks.ground.files import set_aside, write_whole
    from tasks.pictures.picture import png_bytes, read

    image = Image.fromarray(np.asarray(pixels))
    if path.is_file():
        there = read(path)
        if there.size != image.size:
            size = "x".join(map(str, image.size))
            raise Mistake(f"{path} has another size than the file's {size}: export it unscaled")
        if _same(np.asarray(there), np.asarray(image)):
            return False
        set_aside(path)
    write_whole(path, png_bytes(image))
    return True


def _same(one: object, other: object) -> bool:
    """Whether both look the same; what nobody can see has no colour."""
    import numpy as np

    a, b = np.array(one), np.array(other)
    a[a[..., 3] == 0] = 0
    b[b[..., 3] == 0] = 0
    return np.array_equal(a, b)
