"""An engine of another package: installed, named, drawn with."""

import sys

from PIL import Image

from tests.conftest import ROOT, SIZE, Folder, small_config
from tests.harness.packages import install_from

EXAMPLE = ROOT / "docs" / "engine_example"


class OwnProcess(Folder):
    """Runs `doit` in a process of its own, which reads its own installed packages."""

    @staticmethod
    def command() -> list[str]:
        return [sys.executable, "-X", "utf8", "-m", "doit"]


def test_the_example_package_draws_the_frames_and_a_version_of_its_own_draws_them_anew(
    free, tmp_path
):
    site = tmp_path / "site"
    install_from(EXAMPLE, site)
    folder = OwnProcess(free.path, {**free.environment, "PYTHONPATH": str(site)})
    config = small_config()
    config["generation"] = {**config.get("generation", {}), "engine": "smiley"}
    folder.write_config(config)
    ran = folder.doit()
    assert ran.code == 0, ran.text
    frame = folder.frames / "sad__center.png"
    with Image.open(frame) as image:
        assert image.size == SIZE
        assert image.convert("RGBA").getpixel((SIZE[0] // 2, SIZE[1] // 2)) == (255, 215, 0, 255)
        assert image.text["Engine"] == "smiley"
    before = frame.stat().st_mtime_ns
    assert folder.doit().code == 0
    assert frame.stat().st_mtime_ns == before

    module = site / "doit_smiley.py"
    code = module.read_text().replace('version="1"', 'version="2"').replace('"gold"', '"red"')
    module.write_text(code)
    assert folder.doit().code == 0
    with Image.open(frame) as image:
        assert image.convert("RGBA").getpixel((SIZE[0] // 2, SIZE[1] // 2)) == (255, 0, 0, 255)

    module.unlink()
    gone = folder.doit()
    assert gone.code == 3
    assert "cannot be loaded: ModuleNotFoundError" in gone.err
    assert "Traceback" not in gone.text
