"""`doit approve` and `doit reject`, and what a run does then."""

from tests.conftest import Folder
from tests.harness.images_server import ImagesServer

SAD = "endpoints:sad__center"


def change(folder: Folder, words: str) -> None:
    """Have `sad` asked for in other words."""
    config = folder.config
    config["expressions"]["sad"]["prompt"] = words
    folder.write_config(config)


def test_an_approved_frame_stays_until_that_is_taken_back(paid: Folder, server: ImagesServer):
    path = paid.path / "frames/endpoints/sad__center.png"
    assert paid.doit(SAD).code == 0
    before = path.read_bytes()
    assert paid.doit("approve", "-f", "sad__center").code == 0
    change(paid, "bitterly")
    assert "approved, out of date" in paid.doit("plan", SAD).out
    for _ in range(2):  # when it turns out, and in every run after that
        ran = paid.doit(SAD)
        assert ran.code == 0
        assert "Approved, out of date: sad__center" in ran.out
    assert "approved, out of date" in paid.doit("plan", SAD).out
    paid.doit("-a", SAD)
    assert (path.read_bytes(), len(server.calls)) == (before, 1)
    assert paid.doit("approve", "--undo", "-f", "sad__center").code == 0
    assert paid.doit(SAD).code == 0
    assert (path.read_bytes() != before, len(server.calls)) == (True, 2)


def test_a_rejected_take_is_not_chosen_again_by_itself(paid: Folder, server: ImagesServer):
    path = paid.path / "frames/endpoints/sad__center.png"
    paid.doit(SAD)
    first = path.read_bytes()
    paid.doit("-a", SAD)
    ran = paid.doit("reject", "-f", "sad__center", "--note", "too <b>old</b>")
    assert ran.code == 0, ran.text
    path.unlink()
    paid.doit(SAD)
    assert (path.read_bytes(), len(server.calls)) == (first, 2)
    paid.doit("review")
    page = (paid.path / "frames/review/index.html").read_text()
    assert "too \\u003cb\\u003eold" in page


def test_what_is_not_there_is_not_approved(paid: Folder):
    ran = paid.doit("approve", "-f", "sad__center")
    assert ran.code != 0
    assert "sad__center: not there yet" in ran.text


def test_nothing_is_drawn_for_money_from_a_neutral_that_is_not_approved(
    paid: Folder, server: ImagesServer
):
    config = paid.config
    config["generation"]["approve_neutral"] = True
    paid.write_config(config)
    tilted = "endpoints:*__tilt_left_small"
    assert "2 that cannot be drawn, 1 to draw" in paid.doit("plan", tilted).out
    ran = paid.doit("endpoints")
    assert ran.code != 0
    # The portrait is the artist's, and needs no approval; the neutral of the other pose does.
    assert len(server.calls) == 3
    assert "doit approve -f neutral__tilt_left_small" in ran.out
    assert paid.doit("retake", "-f", "sad__tilt_left_small").code != 0
    assert paid.doit("-a", "endpoints:sad__tilt_left_small").code != 0
    assert len(server.calls) == 3
    assert paid.doit("engine=puppet", tilted).code == 0
    paid.frame("sad__tilt_left_small").unlink()
    paid.frame("happy_big__tilt_left_small").unlink()
    paid.doit("approve", "-f", "neutral__tilt_left_small")
    assert paid.doit("endpoints").code == 0
    assert len(server.calls) == 5
