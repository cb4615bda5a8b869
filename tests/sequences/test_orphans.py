"""Orphans: what is listed as no longer wanted, and what never is."""

from tasks.sequences.orphans import keyframe_orphans, sequence_orphans

WANTED = ("cheer_up__center/000.png", "cheer_up__center/100.png", "cheer_up__center/manifest.json")


def always(path: str) -> bool:
    return True


def test_frames_of_a_depth_and_of_paths_that_are_gone_are_listed_in_order():
    found = [
        *("old_path__center/manifest.json", "old_path__center/000.png"),
        *("cheer_up__center/0125.png", "cheer_up__center/050.png", *WANTED),
    ]
    assert sequence_orphans(WANTED, found, always) == (
        *("cheer_up__center/0125.png", "cheer_up__center/050.png"),
        *("old_path__center/000.png", "old_path__center/manifest.json"),
    )


def test_nothing_is_listed_where_all_is_wanted_or_nothing_is_there():
    assert sequence_orphans(WANTED, WANTED, always) == ()
    assert sequence_orphans(WANTED, [], always) == ()


def test_what_is_not_ours_is_never_listed():
    found = ["a__b/000.png", "a__b/050.png"]
    assert sequence_orphans([], found, lambda path: path == "a__b/050.png") == ("a__b/050.png",)


def test_a_name_that_this_program_never_gives_is_not_even_asked_about():
    asked: list[str] = []
    found = [
        *("000.png", "a/000.png", "a__b/notes.txt", "a__b/051.png", "a__b/set_aside/050.1.png"),
        *("a__b/deep/050.png", "/a__b/050.png", "../a__b/050.png", "a__b\\050.png"),
        *("a__b/.050.png.1-2.part", "a__b/manifest.json.bak", ".git/000.png", "__/000.png"),
    ]
    assert sequence_orphans([], found, lambda path: asked.append(path) is None) == ()
    assert asked == []


def test_another_spelling_of_a_wanted_file_may_be_that_file_and_is_kept():
    wanted = ["Zoë__center/000.png", "Cheer_up__center/050.png"]
    found = ["Zoe\u0308__center/000.png", "cheer_up__center/050.png"]
    assert sequence_orphans(wanted, found, always) == ()


def test_keyframes_that_the_config_no_longer_names_are_listed():
    found = ["sad__center.png", "happy__center.png", "notes.png", "a/b__c.png", "sad__center.psd"]
    assert keyframe_orphans(["happy__center.png"], found, always) == ("sad__center.png",)
    assert keyframe_orphans([], found, lambda path: False) == ()
