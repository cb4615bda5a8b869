"""Who may ask the server, and what it gives out."""

import json
from collections.abc import Iterator

import pytest

from tests.conftest import Folder, make_folder, small_config
from tests.harness.served import Served, serving


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The small character, drawn by the puppet."""
    folder = make_folder(tmp_path_factory.mktemp("site") / "project", {})
    config = small_config()
    config["generation"]["engine"] = "puppet"
    folder.write_config(config)
    assert folder.doit().code == 0
    return folder


@pytest.fixture(scope="module")
def served(project: Folder) -> Iterator[Served]:
    """It, served."""
    with serving(project) as running:
        yield running


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("sent", [None, {"what": "approve", "frames": ["sad__center"]}])
def test_another_host_or_origin_is_refused(served: Served, headers: dict, sent: object):
    path = "data.json" if sent is None else "decide"
    assert served.ask(path, sent, headers=headers)[0] == 403
    assert "approved" not in served.marks("sad__center")


def test_what_is_sent_without_an_origin_is_refused(served: Served):
    sent = {"what": "approve", "frames": ["sad__center"]}
    assert served.ask("decide", sent, headers={"Origin": ""})[0] == 403


def test_a_wrong_token_has_nothing(served: Served):
    for path in ("/", "/data.json", "/xyz/data.json", f"/{'a' * 32}/", "//"):
        assert served.ask(path)[0] == 404, path


@pytest.mark.parametrize(
    "address",
    [
        *("../../expressions.json", "../../takes.json", "index.html", "", "."),
        *("../../../../../../etc/passwd", "/etc/passwd", "%2e%2e/%2e%2e/expressions.json"),
        "../endpoints/../../expressions.json",
    ],
)
def test_only_the_pictures_that_the_page_shows_are_served(served: Served, address: str):
    assert served.ask(f"picture?of={address}")[0] == 404


def test_paths_outside_are_not_there(served: Served):
    for path in ("../expressions.json", "%2e%2e/expressions.json", "frames/base/x.png", "nothing"):
        assert served.ask(path)[0] == 404, path


def test_each_picture_of_the_page_is_served(served: Served):
    frames = served.data()["frames"]
    addresses = [f[name] for f in frames for name in ("file", "thumb") if name in f]
    assert len(addresses) == 6
    for address in addresses:
        status, data = served.ask(f"picture?of={address.replace('?', '%3F')}")
        assert status == 200
        assert data[:4] in {b"\x89PNG", b"RIFF"}


@pytest.mark.parametrize(
    ("path", "sent", "said"),
    [
        ("decide", [], "what is decided must be one of approve"),
        ("decide", {"what": "delete", "frames": ["sad__center"]}, "what is decided"),
        ("decide", {"what": "approve", "frames": ["sda__center"]}, 'did you mean "sad__center"'),
        ("decide", {"what": "approve", "frames": []}, "which frames"),
        ("decide", {"what": "approve", "frames": [{"a": 1}]}, "there is no frame"),
        ("decide", {"what": "approve", "frames": ["sad__tilt_left_small"]}, "not there yet"),
        ("decide", {"what": "pick", "frames": ["sad__center"], "take": "1"}, "by its number"),
        ("run", {"frames": ["-a"]}, 'there is no frame "-a"'),
        ("run", {"frames": ["sad__center"], "takes": 21}, "from 1 to 20"),
        ("undo", {}, "there is nothing to take back"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    served: Served, path: str, sent: object, said: str
):
    status, data = served.ask(path, sent)
    assert status == 409
    error = json.loads(data)["error"]
    assert said in error
    assert "\n" not in error


def test_a_taken_port_is_said(project: Folder, served: Served):
    port = served.origin.rpartition(":")[2]
    ran = project.doit("serve", "--port", port)
    assert ran.code != 0
    assert f"port {port}: " in ran.text
    assert "Traceback" not in ran.text


def test_a_mistake_in_the_config_is_shown_and_ends_nothing(project: Folder, served: Served):
    config = project.config
    assert served.data()["problem"] == ""
    text = (project.path / "expressions.json").read_text()
    (project.path / "expressions.json").write_text(text.replace('"mouth": "frown"', '"mouth": "x"'))
    served.ask("decide", {"what": "approve", "frames": ["neutral__center"]})
    data = served.data()
    assert "unknown value of mouth" in data["problem"]
    assert "sad__center" in {frame["name"] for frame in data["frames"]}
    project.write_config(config)
    served.ask("undo", {})
    assert served.data()["problem"] == ""
