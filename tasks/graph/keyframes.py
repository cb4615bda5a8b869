"""Planning: from a character to the graph of its frames, and to the request of each.

Pure: it reads no file but the config.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import lru_cache, partial

from tasks.character.character import NEUTRAL, Character, Expression, Pose
from tasks.character.face import Head
from tasks.character.settings import Finish
from tasks.graph.character import engine_choice
from tasks.graph.node import Graph, Node, Outfit, Role
from tasks.graph.project import Project
from tasks.graph.sequences import SequencePlanner, over_of, strip_of
from tasks.graph.talking import config_timelines, moods_digest, talking_digest
from tasks.graph.variables import ALL_POSES
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.models.engines import OPENAI, paid_engine
from tasks.models.engines import facts_of as engine_facts
from tasks.models.facts import MAX_PROMPT_LENGTH, facts_of
from tasks.requests.engine import Choice
from tasks.requests.prompt import extreme_prompt, tilt_prompt, turn_prompt, tween_prompt
from tasks.requests.request import InputPicture, Request, Rig, face_digest
from tasks.sequences.tree import sequences


def plan(project: Project) -> Graph:
    """The graph of a project. Raises `Mistake` with all that is wrong in its config."""
    character = project.character
    choice = engine_choice(project, character)
    outfits = (character, *map(character.wearing, character.costumes))
    nodes = tuple(node for worn in outfits for node in _nodes(project, worn, choice))
    _check(project, outfits, nodes)
    wanted_sequences = sequences(character)
    planners = [
        SequencePlanner(
            project,
            worn,
            choice.name,
            {project.path_of(node): node.digest for node in nodes},
            lambda node: digest_of(request_for(character, choice.name, node).asked()),
        )
        for worn in outfits
    ]
    wanted = project.variables.pose or character.default_pose
    poses = tuple(character.poses)
    return Graph(
        choice,
        poses,
        poses if wanted == ALL_POSES else (wanted,),
        nodes,
        tuple(n for planner in planners for each in wanted_sequences for n in planner.nodes(each)),
        tuple(strip_of(each, worn) for worn in outfits for each in wanted_sequences),
        base_image=str(project.input_path(character.base_image)),
        face_digest=face_digest(character.face),
        size_px=character.generation.size_px,
        face_mask=str(project.input_path(mask)) if (mask := character.finish.face_mask) else "",
        checks_digest=digest_of(asdict(character.checks)),
        exports=tuple(
            (name, digest_of(asdict(settings))) for name, settings in character.exports.items()
        ),
        talking_digest=talking_digest(character),
        moods_digest=moods_digest(character),
        timelines=config_timelines(character),
        costumes=tuple(_outfit(project, worn) for worn in outfits[1:]),
    )


def _nodes(project: Project, character: Character, choice: Choice) -> Iterator[Node]:
    """The keyframes of one outfit."""
    for pose in character.poses:
        for expression in _expressions_at(character, choice, pose):
            yield _node(project, character, choice.name, expression, pose)


def _outfit(project: Project, character: Character) -> Outfit:
    mask = character.finish.face_mask
    return Outfit(
        character.costume,
        base_image=str(project.input_path(character.base_image)),
        face_digest=face_digest(character.face),
        face_mask=str(project.input_path(mask)) if mask else "",
    )


def _check(project: Project, outfits: Iterable[Character], nodes: tuple[Node, ...]) -> None:
    """No portrait may be a frame that is built from it. Raises `Mistake`."""
    built = {project.path_of(node) for node in nodes}
    built |= {str(project.sheet), str(project.landmarks)}
    for character in outfits:
        _check_outfit(project, character, built)


def _check_outfit(project: Project, character: Character, built: Container[str]) -> None:
    of = f"costumes.{character.costume}: " if character.costume else ""
    over = over_of(project, character)
    if over in built:
        raise Mistake(
            f"{project.config}: {of}face.over is {character.face.over}, which is built here; name a"
            " picture of the artist's, in frames/base for instance"
        )
    for pose in character.poses:
        own = character.base_image_of(pose)
        if own and str(project.input_path(own)) in built:
            raise Mistake(
                f"{project.config}: {of}base_image of {pose} is {own}, which is built here; "
                "name a portrait of the artist's, in frames/base for instance"
            )


def request_for(
    character: Character, engine: str, node: Node, pictures: tuple[InputPicture, ...] = ()
) -> Request:
    """What `engine` is asked for the frame `node`, shown `pictures`."""
    character = character.wearing(node.costume)
    expression, pose = character.expression(node.expression), character.poses[node.pose]
    if node.role is Role.RIG:
        if node.place:
            expression, pose = _between(character, node)
        return _rig_request(character, engine, expression, pose, pictures)
    if node.role is Role.TWEEN:
        return _image_request(character, engine, tween_prompt(character, pose), pictures)
    if node.role is Role.TURN:
        return _image_request(character, engine, turn_prompt(character, expression), pictures)
    compose = tilt_prompt if node.role is Role.TILT else extreme_prompt
    return _image_request(character, engine, compose(character, pose, expression), pictures)


def _between(character: Character, node: Node) -> tuple[Expression, Pose]:
    """The rig's state between two keyframes: every weight and angle part of the way."""
    first, last = character.expression(node.expression), character.expression(node.towards)
    start, end = character.poses[node.pose], character.poses[node.towards_pose]

    def part(one: float, other: float) -> float:
        return one + (other - one) * node.at

    weights = {
        name: part(first.blendshapes.get(name, 0.0), last.blendshapes.get(name, 0.0))
        for name in {*first.blendshapes, *last.blendshapes}
    }
    head = Head(
        part(start.head.pitch_deg, end.head.pitch_deg),
        part(start.head.yaw_deg, end.head.yaw_deg),
        part(start.head.roll_deg, end.head.roll_deg),
    )
    return replace(first, blendshapes=weights), replace(start, head=head)


def image_prompt(project: Project, character: Character, node: Node) -> str:
    """What an image model would be told for a frame, whichever engine this run uses.

    Empty where nothing is drawn, since the frame is the artist's own portrait.
    """
    paid = paid_node(project, character, node)
    engine = _image_engine(character)
    return "" if paid.role is Role.FIT else request_for(character, engine, paid).prompt


def paid_node(project: Project, character: Character, node: Node) -> Node:
    """A frame as an image model would draw it, whichever engine this run uses."""
    if node.place:
        return node
    engine, worn = _image_engine(character), character.wearing(node.costume)
    role, source = _role(project, worn, engine, node.expression, node.pose)
    return replace(node, role=role, source=source, second="")


def _image_engine(character: Character) -> str:
    """The engine that is told words: the config's, or the program's own."""
    engine = paid_engine(character.generation.engine)
    return engine if engine_facts(engine).needs == "words" else OPENAI


def _expressions_at(character: Character, choice: Choice, pose: str) -> Iterator[str]:
    """The neutral first: at a pose without a picture of its own, all others are drawn from it."""
    needed = not choice.facts.from_base and character.base_image_of(pose) is None
    if NEUTRAL in character.expressions or needed:
        yield NEUTRAL
    yield from (name for name in character.expressions if name != NEUTRAL)


def _node(project: Project, character: Character, engine: str, name: str, pose: str) -> Node:
    role, source = _role(project, character, engine, name, pose)
    second = over_of(project, character) if role is Role.RIG else ""
    # Made twice, and not by `replace`, which takes as long as all the rest.
    made = partial(
        Node,
        expression=name,
        pose=pose,
        role=role,
        source=source,
        second=second,
        costume=character.costume,
    )
    node = made(digest="")
    asked = (
        {"size_px": list(character.generation.size_px)}
        if role is Role.FIT
        else request_for(character, engine, node).asked()
    )
    target = project.path_of(node)
    part: dict[str, object] = {"target": target, "role": role, "source": source, "asked": asked}
    if second:
        part["over"] = second
    if engine_facts(engine).paid and role is not Role.FIT:
        part["finish"] = _finish_content(character.finish)
        part["region"] = [face_digest(character.face), asdict(character.poses[pose].head)]
        part["mask"] = character.generation.mask
    return made(digest=digest_of(part))


@lru_cache(maxsize=4)
def _finish_content(finish: Finish) -> Mapping[str, object]:
    return asdict(finish)


def _role(
    project: Project, character: Character, engine: str, name: str, pose: str
) -> tuple[Role, str]:
    """What is done for a frame, and from which picture."""
    own = character.base_image_of(pose)
    base = str(project.input_path(character.base_image))
    include_neutral = character.generation.include_neutral
    if name == NEUTRAL and own and not include_neutral:
        return Role.FIT, str(project.input_path(own))
    if engine_facts(engine).from_base:
        return Role.RIG, base
    if own:
        return Role.EXTREME, str(project.input_path(own))
    if name == NEUTRAL:
        return Role.TILT, base
    return Role.EXTREME, project.target(NEUTRAL, pose, character.costume)


def _version(engine: str) -> dict[str, str]:
    version = engine_facts(engine).version
    return {"version": version} if version else {}


def _rig_request(
    character: Character,
    engine: str,
    expression: Expression,
    pose: Pose,
    pictures: tuple[InputPicture, ...],
) -> Request:
    return Request(
        engine,
        character.generation.size_px,
        pictures,
        parameters=_version(engine),
        rig=Rig(expression.blendshapes, pose.head, character.face),
    )


def _image_request(
    character: Character, engine: str, prompt: str, pictures: tuple[InputPicture, ...]
) -> Request:
    if len(prompt) > MAX_PROMPT_LENGTH:
        raise Mistake(
            f"a prompt has {len(prompt):,} characters, and models take {MAX_PROMPT_LENGTH:,}:"
            " shorten character, prompt or the words of the axes"
        )
    generation = character.generation
    parameters: dict[str, str] = {
        "quality": generation.quality,
        "background": generation.background,
    }
    facts = facts_of(generation.model)
    if facts and facts.high_fidelity:
        parameters["input_fidelity"] = "high"
    parameters |= _version(engine)
    return Request(
        engine,
        character.asked_px,
        pictures,
        prompt=prompt,
        model=generation.model,
        parameters=parameters,
        extra=generation.extra,
        omit=tuple(sorted(generation.omit)),
    )
