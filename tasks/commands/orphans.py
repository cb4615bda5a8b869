"""`doit orphans`: pictures of this program that the config no longer asks for."""

from pathlib import Path

from doit.exceptions import InvalidCommand

from tasks.commands.command import JSON_OPTION, FrameCommand
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.wording import counted
from tasks.sequences.names import MANIFEST


class Orphans(FrameCommand):
    """Lists files; removes them only where that is asked for, and nothing else ever."""

    name = "orphans"
    doc_purpose = "list pictures that the config no longer asks for"
    doc_usage = "[clean=yes]"
    doc_description = (
        "clean=yes removes what lies in the folders of sequences. Keyframes are only listed: most"
        " were paid for. Nothing that was painted or put there by hand is listed."
    )
    cmd_options = (JSON_OPTION,)
    takes_names = False

    def _execute(self, json: bool) -> int:
        project = self.session.project
        clean = bool(self.session.options.get("clean", False))
        given = [name for name, _ in project.variables.given if name not in {"config", "outdir"}]
        if clean and given:
            raise InvalidCommand(
                f"clean=yes goes by config= and outdir= alone; leave out {', '.join(given)}="
            )
        tweens, keyframes = _orphans(project)
        if clean:
            _remove(project, tweens)
        if self._wants_json(json):
            self._say_json({"sequences": tweens, "keyframes": keyframes, "removed": clean})
            return 0
        for path in [*tweens, *keyframes]:
            self._say(path)
        removed = "removed" if clean else f"removed by: {doit('orphans', clean='yes')}"
        if tweens:
            self._say(f"[i] {counted(len(tweens), 'file')} of sequences, {removed}")
        if keyframes:
            self._say(
                f"[i] {counted(len(keyframes), 'keyframe')}: they stay, and are yours to delete"
            )
        if not tweens and not keyframes:
            self._say("[i] Everything that was drawn here is wanted.")
        return 0


def _orphans(project: Project) -> tuple[list[str], list[str]]:
    """The paths of what is no longer wanted among frames of sequences, and among keyframes."""
    from tasks.sequences.orphans import keyframe_orphans, sequence_orphans
    from tasks.sequences.removable import can_be_had_again, is_removable
    from tasks.takes.store import TakeStore

    graph = project.graph
    store = TakeStore(project.store)
    known = {strip.name for strip in graph.sequences}

    wanted = {node.place for node in graph.tweens}
    wanted |= {f"{strip.name}/{MANIFEST}" for strip in graph.sequences}
    tweens = sequence_orphans(
        wanted,
        _below(project.sequences),
        lambda place: is_removable(
            Path(project.sequence_path(place)), project.sequences, known, store
        ),
    )
    keyframes = keyframe_orphans(
        {f"{node.name}.png" for node in graph.nodes} | _neutrals(project),
        [path.name for path in project.frames.glob("*.png")],
        lambda name: can_be_had_again(project.frames / name, store),
    )
    gone = [*tweens, *_stale_manifests(project, list(tweens))]
    return (
        [project.sequence_path(place) for place in gone],
        [str(project.frames / name) for name in keyframes],
    )


def _stale_manifests(project: Project, gone: list[str]) -> list[str]:
    """The manifests that name one of these pictures, and are not among them."""
    from tasks.sequences.manifest import is_manifest, read

    paths = {Path(project.sequence_path(place)) for place in gone}
    found = []
    for folder in sorted({path.parent for path in project.sequences.glob(f"*/{MANIFEST}")}):
        place = f"{folder.name}/{MANIFEST}"
        if place in gone or folder.is_symlink() or not paths or not is_manifest(folder):
            continue
        if paths & {frame.path for frame in read(folder).frames}:
            found.append(place)
    return found


def _neutrals(project: Project) -> set[str]:
    """The neutrals from which an image model draws, named or not, whichever engine this run has."""
    from tasks.character.character import NEUTRAL

    character = project.character
    poses = (pose for pose in character.poses if character.base_image_of(pose) is None)
    return {f"{NEUTRAL}__{pose}.png" for pose in poses}


def _below(folder: Path) -> list[str]:
    """The files in the folders of a folder; what is elsewhere, and linked to, is not there."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return []
    return [
        path.relative_to(folder).as_posix()
        for path in folder.glob("*/*")
        if path.is_file() and not path.is_symlink() and not path.parent.is_symlink()
    ]


def _remove(project: Project, paths: list[str]) -> None:
    """Remove exactly these files, and the folders that are empty then."""
    # Manifests go last: by them an interrupted removal is taken up again.
    for path in sorted(paths, key=lambda path: Path(path).name == MANIFEST):
        Path(path).unlink(missing_ok=True)
    for folder in {Path(path).parent for path in paths}:
        if folder.parent == project.sequences and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
