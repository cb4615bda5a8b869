"""The plans of all timelines of a project, for the exports that are made of them."""

from collections.abc import Iterator

from tasks.exports.cast import Cast
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.timelines.document import Plan, read_plan

PLAN = "plan.json"


def plans(cast: Cast) -> Iterator[tuple[str, Plan]]:
    """Each timeline's id and plan. Raises `Mistake` where there is none, or one is damaged."""
    if not cast.timelines:
        raise Mistake("there is no timeline: describe one in timelines/ID.json (docs/talking.md)")
    for name, folder in cast.timelines.items():
        path = folder / PLAN
        try:
            plan = read_plan(path.read_bytes())
        except (OSError, ValueError) as error:
            again = doit("-a", f"timelines:{name}:plan")
            raise Mistake(f"{path} cannot be used; make it again: {again}") from error
        yield name, plan
