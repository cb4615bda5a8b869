"""`doit orphans`: pictures of this program that the config no longer asks for."""

from pathlib import Path

from doit.exceptions import InvalidCommand

from tasks.commands.command import JSON_OPTION, FrameCommand
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.ids import costume_of, id_problem, same_file
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
    wanted = {costume_of(node.place) for node in graph.tweens}
    wanted |= {costume_of(f"{strip.name}/{MANIFEST}") for strip in graph.sequences}
    endpoints = {costume_of(f"{node.name}.png") for node in graph.nodes} | _neutrals(project)
    tweens: list[str] = []
    keyframes: list[str] = []
    for costume in _costumes(project):
        sequences, frames = project.sequences_of(costume), project.frames_of(costume)
        known = {strip.name for strip in graph.sequences}
        known = {name for of, name in map(costume_of, known) if of == costume}
        gone = sequence_orphans(
            (place for of, place in wanted if of == costume),
            _below(sequences, project.built),
            lambda place: is_removable(sequences / place, sequences, known, store),  # noqa: B023 - asked at once
        )
        gone = (*gone, *_stale_manifests(sequences, list(gone)))
        tweens += [str(sequences / place) for place in gone]
        unwanted = keyframe_orphans(
            (name for of, name in endpoints if of == costume),
            [path.name for path in frames.glob("*.png")],
            lambda name: can_be_had_again(frames / name, store),  # noqa: B023 - asked at once
        )
        keyframes += [str(frames / name) for name in unwanted]
    return tweens, keyframes


def _costumes(project: Project) -> list[str]:
    """The config's costumes, and those that it no longer names and that still have a folder."""
    from tasks.character.character import BUILT

    known = ["", *(outfit.name for outfit in project.graph.costumes)]
    folders = (
        path.parent
        for room in ("endpoints", "sequences")
        for path in project.built.glob(f"*/{room}/")
        if not path.parent.is_symlink() and not path.is_symlink()
    )
    there = (path.name for path in folders if path.name not in BUILT and not id_problem(path.name))
    by_file = {same_file(name): name for name in (*there, *known)}
    return sorted(by_file.values())


def _stale_manifests(sequences: Path, gone: list[str]) -> list[str]:
    """The manifests that name one of these pictures, and are not among them."""
    from tasks.sequences.manifest import is_manifest, read

    paths = {sequences / place for place in gone}
    found = []
    for folder in sorted({path.parent for path in sequences.glob(f"*/{MANIFEST}")}):
        place = f"{folder.name}/{MANIFEST}"
        if place in gone or folder.is_symlink() or not paths or not is_manifest(folder):
            continue
        if paths & {frame.path for frame in read(folder).frames}:
            found.append(place)
    return found


def _neutrals(project: Project) -> set[tuple[str, str]]:
    """The neutrals from which an image model draws, named or not, whichever engine this run has."""
    from tasks.character.character import NEUTRAL

    character = project.character
    outfits = (character, *map(character.wearing, character.costumes))
    return {
        (worn.costume, f"{NEUTRAL}__{pose}.png")
        for worn in outfits
        for pose in worn.poses
        if worn.base_image_of(pose) is None
    }


def _below(folder: Path, top: Path) -> list[str]:
    """The files in the folders of a folder; what is elsewhere, and linked to, is not there.

    `top`: the folder from which on nothing may be a link.
    """
    between = (each for each in folder.parents if each.is_relative_to(top))
    if any(each.is_symlink() for each in (folder, top, *between)):
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
        is_ours = folder.parent in map(project.sequences_of, _costumes(project))
        if is_ours and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
