"""One chromium for the tests of a process, and pages whose scripts must not complain."""

import os
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")


_RUNNING: list[Any] = []


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Any:
    """The browser of this process, begun by the first test that asks; pages have contexts apart."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail("CI must have chromium: apt-get install chromium")
        pytest.skip("needs a browser; on Debian: apt-get install chromium, then run pytest again")
    if not _RUNNING:
        from playwright.sync_api import sync_playwright

        playwright = sync_playwright().start()
        request.config.add_cleanup(playwright.stop)
        _RUNNING.append(
            playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
            )
        )
        request.config.add_cleanup(_RUNNING[0].close)  # before what began it
    return _RUNNING[0]


def open_page(browser: Any, address: str, **options: Any) -> Any:
    """A page in a context of its own; `page.errors` has what its scripts complained of."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    shown = context.new_page()
    shown.errors = []
    shown.on("pageerror", lambda error: shown.errors.append(str(error)))
    shown.goto(address)
    return shown


def violations(page: Any) -> list[Any]:
    """What axe finds of levels A and AA on a page."""
    from axe_playwright_python.sync_playwright import Axe

    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": levels, "preload": False})
    return list(found.response["violations"])
