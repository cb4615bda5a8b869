"""Engines by name: a table of the program's own, and entry points for all others."""

import subprocess
import sys

import pytest

from tasks.ground.errors import Mistake
from tasks.models.engines import (
    EngineFacts,
    batches_of,
    factory_of,
    facts_of,
    is_draft_of,
    names,
    paid_engine,
)
from tests.harness.packages import install

GOOD = """
from tasks.models.engines import EngineFacts
class Clay:
    facts = EngineFacts(paid=True, needs="words", usd_per_image=0.0, batches={batches})
    def __init__(self, settings): self.settings = settings
    def draw(self, request): raise NotImplementedError
    @staticmethod
    def open_batches(settings): return ("batches", settings)
"""


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Installs a package that offers the engine `name`, with this module."""

    def offered(name: str, code: str, package: str = "doit-clay") -> None:
        module = package.replace("-", "_")
        site = tmp_path / package
        site.mkdir()
        (site / f"{module}.py").write_text(code)
        install(site, package, {"doit_expressions.engines": {name: f"{module}:Clay"}})
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return offered


def test_an_installed_engine_is_found_by_its_name(offer):
    offer("clay_1", GOOD.format(batches=False))
    assert facts_of("clay_1").usd_per_image == 0.0
    assert factory_of("clay_1")("settings").settings == "settings"
    assert "clay_1" in names()
    assert batches_of("clay_1") is None
    assert paid_engine("clay_1") == "clay_1"
    assert not is_draft_of("clay_1")


def test_an_installed_engine_may_have_batches(offer):
    offer("clay_2", GOOD.format(batches=True))
    assert batches_of("clay_2")("settings") == ("batches", "settings")


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("clay_3", "import no_such_module_anywhere", "cannot be loaded: ModuleNotFoundError"),
        ("clay_4", "class Clay: pass", "is no engine: doit_clay:Clay must be callable and"),
        ("clay_5", "1/0", "the package doit-clay, cannot be loaded: ZeroDivisionError"),
    ],
)
def test_a_package_that_offers_no_engine_is_named(offer, name, code, said):
    offer(name, code)
    with pytest.raises(Mistake, match=said):
        facts_of(name)


def test_two_packages_that_offer_one_name_are_both_named(offer):
    offer("clay_6", GOOD.format(batches=False))
    offer("clay_6", GOOD.format(batches=False), "doit-mud")
    with pytest.raises(Mistake, match="offered by doit-clay and by doit-mud: uninstall one"):
        facts_of("clay_6")


def test_an_engine_that_nobody_has_is_an_error_with_the_nearest():
    with pytest.raises(Mistake, match='there is no engine "pupet"; did you mean "puppet"'):
        facts_of("pupet")
    assert not is_draft_of("pupet")  # what it drew may have cost money


def test_a_package_cannot_take_the_place_of_an_engine_of_the_program(offer):
    offer("puppet", "raise AssertionError")
    assert not facts_of("puppet").paid
    assert names().count("puppet") == 1


def test_what_is_not_deterministic_keeps_its_takes():
    with pytest.raises(ValueError, match="must be paid"):
        EngineFacts(paid=False, needs="rig")


def test_no_metadata_is_read_for_an_engine_of_the_program():
    code = (
        "import sys; from tasks.models.engines import facts_of; facts_of('puppet');"
        "facts_of('openai'); print('importlib.metadata' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
