"""`doit orphans`: what is listed, what is removed, and what is never touched."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.conftest import Folder, Ran, portrait
from tests.end_to_end.test_endpoints import paint_on

NAME = "cheer_up__center"
CHEER_UP: dict[str, Any] = {"id": "cheer_up", "start": "sad", "end": "happy_big"}


def sequences_of(folder: Folder) -> Path:
    return folder.path / "frames" / "sequences"


def with_paths(folder: Folder, *paths: dict[str, Any], **parts: Any) -> None:
    folder.write_config({**folder.config, "poses": ["center"], "base_paths": list(paths), **parts})


def everything(folder: Folder) -> dict[str, bytes]:
    """All that lies in the project's folder, but for what belongs to the program alone."""
    return {
        path.relative_to(folder.path).as_posix(): path.read_bytes()
        for path in folder.path.rglob("*")
        if path.is_file() and not path.name.startswith(".doit")
    }


def listed(folder: Folder) -> dict[str, Any]:
    ran = folder.doit("orphans", "format=json")
    assert ran.code == 0, ran.text
    read: dict[str, Any] = json.loads(ran.out)
    return read


def clean(folder: Folder) -> tuple[Ran, set[str]]:
    """Have orphans removed; what is gone by that."""
    before = everything(folder)
    ran = folder.doit("orphans", "clean=yes")
    assert ran.code == 0, ran.text
    after = everything(folder)
    assert {name: before[name] for name in after} == after
    return ran, set(before) - set(after)


def test_what_is_no_longer_wanted_is_listed_and_removed_where_that_is_asked_for(
    free: Folder, tmp_path: Path
):
    old = {**CHEER_UP, "id": "old_way", "tween": "hold", "start": "neutral"}
    with_paths(free, {**CHEER_UP, "max_depth": 3}, old)
    assert free.doit("endpoints", "sequences").code == 0
    mine = sequences_of(free) / NAME
    painted = paint_on(mine / "0375.png")
    (mine / "notes.txt").write_text("keep me")
    portrait().save(mine / "0625_sketch.png")
    portrait().save(mine / "00001.png")
    with_paths(free, CHEER_UP)
    gone = {
        *(f"frames/sequences/{NAME}/{time}.png" for time in ("0125", "0625", "0875")),
        *(f"frames/sequences/old_way__center/{file}" for file in ("000.png", "100.png")),
        "frames/sequences/old_way__center/manifest.json",
        # That of the deeper tree: it goes with what it names.
        f"frames/sequences/{NAME}/manifest.json",
    }
    # What is linked to lies elsewhere, and is not removed by way of the link.
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(mine, elsewhere)
    (sequences_of(free) / "other__center").symlink_to(elsewhere, target_is_directory=True)
    (mine / "00625.png").symlink_to(elsewhere / "050.png")
    found = listed(free)
    assert set(found["sequences"]) == gone
    assert found["keyframes"] == []
    assert found["removed"] is False

    ran, removed = clean(free)
    assert removed == gone
    assert "[i] 7 files of sequences, removed" in ran.out
    assert not (sequences_of(free) / "old_way__center").exists()
    assert (mine / "0375.png").read_bytes() == painted
    assert (mine / "00625.png").is_symlink()
    assert len(list(elsewhere.glob("*.png"))) == 11
    assert "Everything that was drawn here is wanted." in clean(free)[0].out


def test_keyframes_are_listed_and_stay_and_those_that_others_need_are_not_listed(free: Folder):
    poses = ["center", "tilt_left_small"]
    with_paths(free, poses=poses)
    assert free.doit("endpoints").code == 0
    # At a pose without a portrait, an image model draws all others from the neutral one, whether
    # it is named or not; and so it is wanted, though the puppet of this run can do without.
    with_paths(free, poses=poses, expressions={"sad": free.config["expressions"]["sad"]})
    names = ("happy_big__center", "happy_big__tilt_left_small", "neutral__center")
    assert listed(free)["keyframes"] == [f"frames/endpoints/{name}.png" for name in names]
    ran, removed = clean(free)
    assert removed == set()
    assert "[i] 3 keyframes: they stay, and are yours to delete" in ran.out


def test_without_any_folder_there_is_nothing_to_list(free: Folder):
    assert listed(free) == {"sequences": [], "keyframes": [], "removed": False}
    assert not (free.path / "frames" / "sequences").exists()


def test_nothing_is_listed_or_removed_through_a_link(free: Folder, tmp_path: Path):
    with_paths(free, CHEER_UP)
    assert free.doit("sequences").code == 0
    elsewhere = tmp_path / "elsewhere"
    sequences_of(free).rename(elsewhere)
    sequences_of(free).symlink_to(elsewhere)
    with_paths(free)
    before = sorted(elsewhere.rglob("*"))
    assert listed(free)["sequences"] == []
    clean(free)
    assert sorted(elsewhere.rglob("*")) == before


def test_a_manifest_that_is_removed_was_listed(free: Folder):
    with_paths(free, {**CHEER_UP, "max_depth": 2})
    assert free.doit("sequences").code == 0
    with_paths(free, {**CHEER_UP, "max_depth": 1})
    named = set(listed(free)["sequences"])
    assert f"frames/sequences/{NAME}/manifest.json" in named
    _, gone = clean(free)
    assert gone == named
