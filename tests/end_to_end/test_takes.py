"""Takes, picks and retakes, end to end: which answer a frame is made of, and who decides it."""

import json
import shutil
from pathlib import Path
from typing import Any

from tasks.build.builder import paid_builder_of
from tasks.build.frame_takes import FrameTake, takes_of
from tasks.graph.keyframes import plan
from tasks.graph.project import Project
from tasks.graph.variables import Variables
from tests.conftest import Folder, make_folder
from tests.end_to_end.test_endpoints import wait_for
from tests.harness.images_server import Call, ImagesServer, Reply, error_body

SAD, HAPPY = "sad__center", "happy_big__center"


def takes(folder: Folder, frame: str = SAD) -> list[FrameTake]:
    """The takes of a frame, as `doit takes` lists them."""
    project = Project(Variables(config=folder.path / "expressions.json"), True, False)
    builder = paid_builder_of(project)
    node = next(node for node in plan(project).nodes if node.name == frame)
    return takes_of(builder, node, builder.store.requests())


def in_use(folder: Folder, frame: str = SAD) -> list[int]:
    """The numbers of the takes that are in use."""
    return [take.number for take in takes(folder, frame) if take.in_use]


def take_of(folder: Folder, name: str = SAD) -> str:
    """The take that the frame on disk is made of."""
    from tasks.takes.frame import glance_at

    origin = glance_at(folder.frame(name)).provenance
    return origin.take if origin else ""


def picks(folder: Folder) -> dict[str, Any]:
    """takes.json, as data."""
    path = folder.path / "takes.json"
    read: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return read


def edit(folder: Folder, eyes: str) -> None:
    """Change what is asked for sad."""
    config = folder.config
    config["expressions"]["sad"]["eyes"] = eyes
    folder.write_config(config)


def test_takes_are_numbered_in_the_order_in_which_they_came_and_one_is_picked(
    paid: Folder, server: ImagesServer
):
    assert "No frame has more than one take" in paid.doit("takes").out
    assert "no takes yet" in paid.doit("takes", "-f", SAD).out
    assert paid.doit().code == 0
    first = paid.frame(SAD).read_bytes()

    ran = paid.doit("retake", "-f", SAD, "-n", "3")
    assert ran.code == 0, ran.text
    assert "[✓] sad: 3 new takes; to see them: doit takes -f sad__center" in ran.out
    assert "Spent $0.57" in ran.out
    assert len(server.calls) == 5
    assert paid.frame(SAD).read_bytes() == first
    ran = paid.doit("takes", "-f", SAD, "--json")
    listed = json.loads(ran.out)[SAD]
    assert [take["number"] for take in listed] == [1, 2, 3, 4]
    assert [take["in_use"] for take in listed] == [True, False, False, False]
    assert len({take["take"] for take in listed}) == 4
    assert [take["drawn_at"] for take in listed] == sorted(take["drawn_at"] for take in listed)
    assert all(abs(take["cost_usd"] - 0.1909) < 1e-9 for take in listed)
    assert all((paid.path / take["file"]).is_file() for take in listed)

    text = paid.doit("takes").out.splitlines()
    assert text[0] == SAD  # the other frames have no more than one
    assert len(text) == 5
    assert text[1].endswith("<- in use")
    assert "gpt-image-2.5-sunburst  $0.19" in text[1]

    # The one in use stays so, also where frames and database are deleted.
    shutil.rmtree(paid.frames)
    paid.forget()
    assert paid.doit().code == 0
    assert paid.frame(SAD).read_bytes() == first

    del paid.environment["OPENAI_API_KEY"]
    ran = paid.doit("pick", "-f", SAD, "-t", "3", "engine=openai")
    assert ran.code == 0, ran.text
    assert "[=] sad__center -> frames/endpoints/sad__center.png (take 3 of 4" in ran.out
    picked = paid.frame(SAD).read_bytes()
    assert picked != first
    assert take_of(paid) == listed[2]["take"]
    assert picks(paid) == {SAD: {"take": listed[2]["take"], "request": listed[2]["request"]}}
    paid.environment = server.environment()
    assert "nothing to draw" in paid.doit("plan").out
    assert in_use(paid) == [3]
    shutil.rmtree(paid.frames)
    paid.forget()
    assert in_use(paid) == [3]
    assert paid.doit().code == 0
    assert paid.frame(SAD).read_bytes() == picked
    assert len(server.calls) == 5

    # A forced take is in use from then on.
    assert paid.doit("-a", f"endpoints:{SAD}").code == 0
    assert in_use(paid) == [5]
    assert SAD not in picks(paid)


def test_a_pick_lapses_and_comes_back_with_what_the_config_asks_for(
    paid: Folder, server: ImagesServer
):
    paid.doit(f"endpoints:{SAD}")
    paid.doit("retake", "-f", SAD)
    assert paid.doit("pick", "-f", SAD, "-t", "2").code == 0
    second = take_of(paid)
    written = (paid.path / "takes.json").read_bytes()
    edit(paid, "wide")
    assert paid.doit(f"endpoints:{SAD}").code == 0
    assert len(server.calls) == 3
    assert take_of(paid) not in {"", second}
    listed = takes(paid)
    assert [take.current for take in listed] == [False, False, True]
    assert in_use(paid) == [3]
    edit(paid, "neutral")
    assert paid.doit(f"endpoints:{SAD}").code == 0
    assert take_of(paid) == second
    assert (paid.path / "takes.json").read_bytes() == written
    assert len(server.calls) == 3

    # A take of an earlier request can be used for what is asked now.
    edit(paid, "wide")
    ran = paid.doit("pick", "-f", SAD, "-t", "1")
    assert ran.code == 0, ran.text
    assert take_of(paid) == listed[0].record.id
    assert set(picks(paid)[SAD]) == {"take", "request", "stands_for"}
    paid.frame(SAD).unlink()
    assert paid.doit(f"endpoints:{SAD}").code == 0
    assert take_of(paid) == listed[0].record.id
    assert len(server.calls) == 3


def test_retakes_by_a_wildcard_leave_the_base_image_alone(paid: Folder, server: ImagesServer):
    paid.doit()
    before = paid.frame_bytes()
    ran = paid.doit("retake", "-f", "*__center", "-n", "2")
    assert ran.code == 0, ran.text
    assert len(server.calls) == 6  # neutral__center is the artist's own
    assert "Success: 2, Failed: 0" in ran.out
    assert paid.frame_bytes() == before
    lines = (paid.path / "takes.json").read_text().splitlines()
    assert lines[1:4] == [
        f'  "{HAPPY}": {{',
        f'    "take": "{take_of(paid, HAPPY)}",',
        f'    "request": "{takes(paid, HAPPY)[0].key}"',
    ]
    assert lines[0] == "{"
    assert lines[-1] == "}"
    assert f'  "{SAD}": {{' in lines

    for arguments, words in [
        (("retake", "-f", "neutral__center"), "is the base image itself"),
        (("pick", "-f", "neutral__center", "-t", "1"), "is the base image itself"),
        (("pick", "-f", SAD, "-t", "4"), "has 3 takes, numbered from 1"),
        (("pick", "-f", "*__center", "-t", "1"), "means 3 frames; pick for one at a time"),
        (("takes", "-f", "sad__centre"), 'did you mean "sad__center"?'),
        (("retake", "-f", SAD, "-n", "0"), "from 1 to 20 takes at once"),
    ]:
        ran = paid.doit(*arguments)
        assert ran.code == 3, ran.text
        assert words in ran.err
        assert "Traceback" not in ran.text
    assert len(server.calls) == 6


def test_a_retake_of_a_frame_that_is_not_there_makes_it_of_the_newest(
    paid: Folder, server: ImagesServer
):
    ran = paid.doit("retake", "-f", SAD, "-n", "2")
    assert ran.code == 0, ran.text
    assert len(server.calls) == 2
    assert in_use(paid) == [2]
    assert picks(paid) == {}


def test_retakes_that_fail_in_part_keep_what_came(paid: Folder, server: ImagesServer):
    paid.doit(f"endpoints:{SAD}")
    before = paid.frame(SAD).read_bytes()

    def reply(call: Call) -> Reply:
        return Reply(500, error_body("busy")) if call.number == 3 else Reply()

    server.reply = reply
    ran = paid.doit("retake", "-f", SAD, "-n", "3")
    assert ran.code != 0
    failed = next(line for line in ran.out.splitlines() if line.startswith("[!] Failed sad"))
    assert "2 new takes of 3 came; the endpoint is in trouble (500: busy)" in failed
    assert paid.frame(SAD).read_bytes() == before
    assert len(takes(paid)) == 3

    # The budget holds for them too, and those for which there is room come.
    ran = paid.doit("retake", "-f", SAD, "-n", "3", "budget=0.4")
    assert len(server.calls) == 6
    assert "2 new takes of 3 came; not paid for" in ran.out
    assert in_use(paid) == [1]
    assert "nothing to draw" in paid.doit("plan", f"endpoints:{SAD}").out


def test_where_takes_cannot_be_kept_no_more_are_bought(paid: Folder, server: ImagesServer):
    paid.doit(f"endpoints:{SAD}")

    def reply(_call: Call) -> Reply:
        for number in range(256):
            folder = paid.path / ".takes" / f"{number:02x}"
            if not folder.exists():
                folder.touch()
            elif folder.is_dir():
                shutil.rmtree(folder)
                folder.touch()
        return Reply()

    server.reply = reply
    ran = paid.doit("retake", "-f", SAD, "-n", "6", "--process", "1")
    assert ran.code != 0
    assert "no more calls are made" in ran.out
    assert len(server.calls) == 2
    rescued = Path(ran.out.split(" is in ")[1].split(", and")[0])
    assert rescued.is_file()
    rescued.unlink()


def test_without_a_key_takes_are_listed_and_picked_and_none_is_drawn(
    paid: Folder, server: ImagesServer
):
    paid.doit(f"endpoints:{SAD}")
    paid.doit("-a", f"endpoints:{SAD}")
    del paid.environment["OPENAI_API_KEY"]
    assert in_use(paid) == [2]
    ran = paid.doit("retake", "-f", SAD)
    assert ran.code == 3
    assert "new takes need a key" in ran.err
    ran = paid.doit("pick", "-f", SAD, "-t", "1")
    assert ran.code == 0, ran.text
    assert in_use(paid) == [1]
    first = take_of(paid)
    # A run without a key leaves the picked final where it is.
    paid.doit(f"endpoints:{SAD}")
    assert take_of(paid) == first
    paid.environment = server.environment()
    assert paid.doit(f"endpoints:{SAD}").code == 0
    assert take_of(paid) == first
    assert len(server.calls) == 2


def test_a_teammate_s_pick_without_its_take_is_said_and_with_it_used(
    paid: Folder, server: ImagesServer, tmp_path: Path
):
    paid.doit(f"endpoints:{SAD}")
    paid.doit("retake", "-f", SAD)
    paid.doit("pick", "-f", SAD, "-t", "2")
    mate = make_folder(tmp_path / "mate", server.environment())
    shutil.copy(paid.path / "takes.json", mate.path)
    ran = mate.doit(f"endpoints:{SAD}")
    assert ran.code != 0
    assert "that takes.json picks for it is not in " in ran.out
    assert "Traceback" not in ran.text
    assert len(server.calls) == 2

    # With the frame alone, that is the picked picture; with the store, it is made of it.
    mate.frames.mkdir(parents=True, exist_ok=True)
    shutil.copy(paid.frame(SAD), mate.frame(SAD))
    assert mate.doit(f"endpoints:{SAD}").code == 0
    mate.frame(SAD).unlink()
    shutil.copytree(paid.path / ".takes", mate.path / ".takes", dirs_exist_ok=True)
    assert mate.doit(f"endpoints:{SAD}").code == 0
    assert mate.frame(SAD).read_bytes() == paid.frame(SAD).read_bytes()
    assert len(server.calls) == 2

    (mate.path / "takes.json").write_text("<<<<<<< HEAD\n")
    ran = mate.doit(f"endpoints:{SAD}")
    assert ran.code == 3
    assert "takes.json cannot be read" in ran.err
    assert "Traceback" not in ran.text


def test_work_by_hand_stays_where_takes_are_drawn_and_is_moved_aside_by_a_pick(
    paid: Folder, server: ImagesServer
):
    from PIL import Image

    paid.doit(f"endpoints:{SAD}")
    with Image.open(paid.frame(SAD)) as image:
        image.load()
    image.putpixel((5, 5), (255, 0, 0, 255))
    image.save(paid.frame(SAD))
    painted = paid.frame(SAD).read_bytes()
    assert paid.doit("retake", "-f", SAD).code == 0
    assert paid.frame(SAD).read_bytes() == painted
    ran = paid.doit("pick", "-f", SAD, "-t", "1")
    assert "[i] moved what lay at frames/endpoints/sad__center.png to " in ran.out
    aside = list((paid.frames / "set_aside").iterdir())
    assert [path.read_bytes() for path in aside] == [painted]


def test_retakes_that_are_interrupted_are_not_failures(paid: Folder, server: ImagesServer):
    import signal

    from tests.conftest import kill

    server.reply = lambda _call: Reply(delay_s=1.2)
    process = paid.start("retake", "-f", SAD, "-n", "6", "--process", "2")
    wait_for(lambda: len(server.calls) == 2)
    kill(process, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert len(server.calls) == 2
    assert "Waiting for 2 pictures" in err
    assert "2 new takes of 6 came; the run was stopped before its turn came" in out
    assert len(takes(paid)) == 2
