"""One Chromium for the tests of a process, and pages whose scripts must not complain."""

import contextlib
import os
import shutil
from typing import Any

import pytest

PROGRAMS = ("chromium-headless-shell", "chromium")
"""the same browser; without windows it takes a quarter less of the machine"""


def chromium() -> str | None:
    """Where the browser is; None where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


_RUNNING: list[Any] = []


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Any:
    """The browser of this process, begun by the first test that asks; pages have contexts apart."""
    program = chromium()
    if not program:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have a browser: apt-get install {PROGRAMS[0]}")
        pytest.skip(f"needs a browser; on Debian: apt-get install {PROGRAMS[0]}, then pytest again")
    if not _RUNNING:
        from playwright.sync_api import sync_playwright

        playwright = sync_playwright().start()
        request.config.add_cleanup(playwright.stop)
        _RUNNING.append(
            playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", "--disable-gpu"]
            )
        )
        request.config.add_cleanup(_RUNNING[0].close)  # before what began it
    return _RUNNING[0]


_KEPT: list[Any] = []
"""the page that is opened again: to begin a tab's process takes longer than most tests"""


def open_page(browser: Any, address: str, **options: Any) -> Any:
    """A page without a past; `page.errors` has what its scripts complained of."""
    known = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", **options}
    shown = _again(known) if _KEPT else None
    if shown is None:
        shown = browser.new_context(**known).new_page()
        page = shown
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        for holder, name in ((page, "goto"), (page, "click"), (page.keyboard, "press")):
            setattr(holder, name, _heard(page, getattr(holder, name)))
    shown.errors = []
    shown.goto(address)
    return shown


def _heard(page: Any, act: Any) -> Any:
    """What acts, and then waits until scripts heard of it: they hear late of a changed address."""
    from playwright.sync_api import Error

    def acting(*given: Any, **options: Any) -> Any:
        found = act(*given, **options)
        with contextlib.suppress(Error):  # another page is on its way, or there is none
            page.evaluate("new Promise(done => setTimeout(() => setTimeout(done)))")
        return found

    return acting


def close_page(page: Any) -> None:
    """Done with it. Where none is kept yet, this one is, emptied of what it remembers."""
    if _KEPT:
        page.context.close()
        return
    page.evaluate("localStorage.clear(), sessionStorage.clear()")
    page.context.clear_cookies()
    page.goto("about:blank")
    _KEPT.append(page)


def _again(options: dict[str, Any]) -> Any:
    """The kept page with these options, or None where they need a context of their own."""
    if options.keys() != {"viewport", "color_scheme"}:
        return None
    page = _KEPT.pop()
    page.set_viewport_size(options["viewport"])
    page.emulate_media(color_scheme=options["color_scheme"])
    return page


def violations(page: Any) -> list[Any]:
    """What axe finds of levels A and AA on a page."""
    from axe_playwright_python.sync_playwright import Axe

    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    options = {"runOnly": levels, "preload": False, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    return list(found.response["violations"])
