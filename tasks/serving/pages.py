"""The routes of the review page, and which scripts it has where it is served."""

from collections.abc import Callable

from tasks.build.step import MOST_TAKES
from tasks.ground.errors import Mistake
from tasks.ground.wording import counted
from tasks.review.page.write import ASSETS, SCRIPTS, STYLES, page
from tasks.serving.deciding import frames_named
from tasks.serving.project import ServedProject
from tasks.serving.site import Answer, Asked, Site, as_json
from tasks.serving.timelines import named_timeline

SERVED_SCRIPTS = ("serve.js", "edit.js", "layers.js")
"""beside those of the page from disk, before the one that begins"""
_KINDS = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}


def add(site: Site, served: ServedProject) -> None:
    """Serve the page of a project."""
    scripts = (*SCRIPTS[:-1], *SERVED_SCRIPTS, SCRIPTS[-1])
    for name in (*scripts, *STYLES):
        site.get(name, _asset(name))

    def shown(_asked: Asked) -> Answer:
        return Answer(page(_document(served), scripts).encode(), "text/html; charset=utf-8")

    def decide(asked: Asked) -> Answer:
        lines = served.decisions.decide(asked.document)
        return _done(served, lines)

    def undo(_asked: Asked) -> Answer:
        return _done(served, [f"Taken back: {served.decisions.undo()}"])

    def stop(_asked: Asked) -> Answer:
        served.runs.stop()
        return as_json({"said": ["Stopping: no new picture is begun."]})

    site.get("", shown)
    site.get("data.json", lambda _asked: as_json(_document(served)))
    site.get("picture", served.pictures.answer)
    site.get("events", lambda _asked: Answer(served.board.events(), "text/event-stream"))
    site.post("decide", decide)
    site.post("undo", undo)
    site.post("run", lambda asked: _run(served, asked))
    site.post("plan", lambda asked: _plan(served, asked))
    site.post("stop", stop)


def _document(served: ServedProject) -> dict[str, object]:
    """The data as it is now; from now on its pictures are served."""
    document = served.live.document
    served.pictures.show(document)
    paid = served.project.graph.engine.facts.paid
    more = {
        "served": True,
        "paid": paid,
        "undo": served.decisions.last,
        "number": served.live.number,
    }
    return {**document, **more}


def _done(served: ServedProject, lines: list[str]) -> Answer:
    """Something was decided: pages are told, this one when its data has it."""
    served.live.look()
    served.board.put("undo", served.decisions.last)
    return as_json({"said": lines, "number": served.live.number})


def _asset(name: str) -> Callable[[Asked], Answer]:
    kind = _KINDS[name.rpartition(".")[2]]
    return lambda _asked: Answer((ASSETS / name).read_bytes(), kind)


def _plan(served: ServedProject, asked: Asked) -> Answer:
    """What a run would draw and cost: `{"frames": [names] | null, "anew": bool}`, or
    `{"timeline": name}`."""
    wish = asked.document if isinstance(asked.document, dict) else {}
    names = wish.get("frames")
    if "timeline" in wish:
        words = [f"timelines:{named_timeline(served.project, wish['timeline']).name}"]
    else:
        named = () if names is None else frames_named(served.project, names)
        words = [node.task for node in named]
    found = served.runs.plan(*(["-a"] if wish.get("anew") is True and words else []), *words)
    shown = ("engine", "draw", "calls", "cost_usd", "time_s", "budget_usd", "estimated")
    return as_json({name: found.get(name) for name in shown})


def _run(served: ServedProject, asked: Asked) -> Answer:
    """Begin a run. Raises `Mistake`.

    `{"frames": [names] | null, "anew": bool}`: bring frames up to date, without names what `doit`
    alone does; `anew`: a new take of each, as `-a`. `{"frames": [name], "takes": count}`: new takes
    beside the one in use. `{"timeline": name}`: make what a timeline makes.
    """
    wish = asked.document if isinstance(asked.document, dict) else {}
    if "timeline" in wish:
        name = named_timeline(served.project, wish["timeline"]).name
        served.runs.start(f"Timeline {name}", "run", f"timelines:{name}")
        return as_json({"said": ["A run begins."]})
    names, takes, anew = wish.get("frames"), wish.get("takes"), wish.get("anew") is True
    if names is None:
        if anew or takes:
            raise Mistake("which frames? A list of their names is wanted")
        served.runs.start("What is out of date", "run")
        return as_json({"said": ["A run begins."]})
    nodes = frames_named(served.project, names)
    title = nodes[0].name if len(nodes) == 1 else counted(len(nodes), "frame")
    if takes is None:
        words = [*(["-a"] if anew else []), *(node.task for node in nodes)]
        served.runs.start(f"{title}{' anew' if anew else ''}", "run", *words)
    elif isinstance(takes, int) and 1 <= takes <= MOST_TAKES:
        for node in nodes:
            title = f"{node.name}: {counted(takes, 'new take')}"
            served.runs.start(title, "retake", "-n", str(takes), "-f", node.name)
    else:
        raise Mistake(f"from 1 to {MOST_TAKES} takes at once")
    return as_json({"said": ["A run begins."]})
