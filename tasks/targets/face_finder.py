"""`doit face find=yes`: the landmarks that are found in the portrait, proposed or written down."""

from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.say import say


def propose_landmarks(project: Project) -> TaskFailed | None:
    """The action: print the `face` block and draw it; with `write=yes` put it into the config."""
    from tasks.landmarks.config_text import block_text

    try:
        portrait, face, said = _found(project)
        drawn = _draw(project, portrait, face)
        if drawn:
            return drawn
        if not project.variables.of_command.get("write"):
            say(f'"face": {block_text(face, "  ")}')
            costume = {"costume": project.costume} if project.costume else {}
            how = doit("face", find="yes", write="yes", **costume)
            say(f"[i] {said}; to put it into {project.config}: {how}")
            return None
        _write(project, face)
    except Mistake as error:
        return TaskFailed(str(error))
    say(f"[✓] {said}; written to {project.config}")
    return None


def _found(project: Project) -> tuple[Any, dict[str, Any], str]:
    """The portrait, the block, and how sure it is. Raises `Mistake` where there is none."""
    import numpy as np

    from tasks.landmarks.find import find
    from tasks.landmarks.proposal import is_face, proposal
    from tasks.pictures.decode import PORTRAITS
    from tasks.pictures.picture import read

    path = project.input_path(project.worn.base_image)
    portrait = read(path, PORTRAITS)
    pixels = np.asarray(portrait)
    found = find(pixels)
    if found is None or not is_face(pixels, found):
        how = f" (presence {found.presence:.2f}, agreement {found.agreed:.2f})" if found else ""
        raise Mistake(
            f"{path}: no face was found that is sure enough to propose{how}; give the corners of"
            " the eyes and of the mouth by hand, as in docs/puppet.md"
        )
    said = (
        f"A face was found in {path} (presence {found.presence:.2f}); look at {project.landmarks}"
    )
    return portrait, proposal(pixels, found.points), said


def _draw(project: Project, portrait: Any, block: dict[str, Any]) -> TaskFailed | None:
    from pydantic import TypeAdapter

    from tasks.character.face import Face, complete
    from tasks.pictures.own_picture import write_picture
    from tasks.review.face_overlay import overlay

    face = TypeAdapter(Face).validate_python(block)
    whole = complete(face, portrait.width / portrait.height)
    return write_picture(project.landmarks, overlay(portrait, face, whole))


def _write(project: Project, block: dict[str, Any]) -> None:
    from tasks.ground.files import write_whole
    from tasks.landmarks.config_text import with_face

    path = Path(project.config)
    try:
        text = path.read_bytes().decode("utf-8")
        write_whole(path, with_face(text, block, project.costume).encode("utf-8"))
    except OSError as error:
        raise Mistake(f"{path} cannot be written: {error.strerror}") from error
