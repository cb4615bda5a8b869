"""The plans of all timelines of a project, for the exports that are made of them."""

from collections.abc import Iterator

from tasks.exports.cast import Cast
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.timelines.document import Plan, read_plan

PLAN = "plan.json"


def plans(cast: Cast) -> Iterator[tuple[str, Plan]]:
    """Each timeline's id and plan, of those that have one."""
    for name in cast.timelines:
        plan = _plan(cast, name)
        if plan is not None:
            yield name, plan


def check(cast: Cast) -> None:
    """Raises `Mistake` where a timeline has no plan that can be read: what is made of the others is
    there, and the run says what is wrong with this one."""
    broken = [name for name in cast.timelines if _plan(cast, name) is None]
    if broken:
        again = doit(*(f"timelines:{name}:plan" for name in broken))
        raise Mistake(f"without {', '.join(broken)}, which could not be planned; see {again}")


def _plan(cast: Cast, name: str) -> Plan | None:
    try:
        return read_plan((cast.timelines[name] / PLAN).read_bytes())
    except (OSError, ValueError):
        return None


def some(cast: Cast) -> None:
    """Raises `Mistake` where a project has no timeline."""
    if not cast.timelines:
        raise Mistake("there is no timeline: describe one in timelines/ID.json (docs/talking.md)")
