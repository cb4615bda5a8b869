"""What an image model is told, composed from the character, the pose and the expression.

Pure functions, one sentence or two each; tests pin their text, since every change of a word
changes every request key: the next run of every project would pay for all its frames again.
"""

from tasks.character.character import Character, Expression, Pose


def extreme_prompt(character: Character, pose: Pose, expression: Expression) -> str:
    """For an expression, drawn from the neutral picture of its own pose: only the face changes."""
    return _joined(
        "Edit this portrait: change only the facial expression.",
        subject(character),
        f"The new expression: {expression_words(expression)}.",
        f"The head stays exactly as it is in the picture: {_sentence(pose.words)}",
        SIDES,
        UNCHANGED_FACE_ONLY,
        same_style(character),
    )


def tilt_prompt(character: Character, pose: Pose, expression: Expression) -> str:
    """For the neutral of a pose without a picture of its own: only the head moves."""
    return _joined(
        "Edit this portrait: change only how the head is held.",
        subject(character),
        f"The new head position: {_sentence(pose.words)}",
        f"The facial expression stays as it is: {expression_words(expression)}.",
        SIDES,
        UNCHANGED_HEAD_ONLY,
        same_style(character),
    )


def tween_prompt(character: Character, pose: Pose) -> str:
    """For the middle of two frames of one pose, which are shown in order: only the face changes.

    Nothing of the expressions at the ends: the two frames may lie anywhere between these, and
    what they look like is in the pictures. So the words are the same all along a sequence.
    """
    return _joined(
        f"{HALFWAY} Change only the facial expression.",
        subject(character),
        HALFWAY_FACE,
        ONE_DRAWING,
        f"The head stays exactly as it is in both pictures: {_sentence(pose.words)}",
        SIDES,
        UNCHANGED_TWEEN_FACE,
        same_style(character),
    )


def turn_prompt(character: Character, expression: Expression) -> str:
    """For the middle of two frames of one expression, shown in order: only the head moves."""
    return _joined(
        f"{HALFWAY} Change only how the head is held.",
        subject(character),
        HALFWAY_HEAD,
        ONE_DRAWING,
        f"The facial expression stays as it is in both pictures: {expression_words(expression)}.",
        SIDES,
        UNCHANGED_TWEEN_HEAD,
        same_style(character),
    )


HALFWAY = (
    "The first picture and the second picture are two frames of one animation, in order. Draw the"
    " one in-between that lies exactly halfway from the first picture to the second picture."
)

HALFWAY_FACE = (
    "Each part of the face has gone half of its way: eyelids, gaze, eyebrows, cheeks, lips and jaw"
    " are each midway between where the first picture and the second picture show them. What is"
    " closed in one picture and open in the other is half as far open; what is the same in both"
    " stays the same."
)

HALFWAY_HEAD = (
    "The head has gone half of its way: its tilt, turn and nod are each midway between those of the"
    " first picture and of the second picture, and so is its place. The neck and the hair that"
    " hangs from the head are midway, too; what is the same in both pictures stays the same."
)

ONE_DRAWING = (
    "It is a single, finished drawing with outlines as firm as in the two pictures: nothing is"
    " doubled, ghosted, blurred or faded from one picture into the other."
)

UNCHANGED_TWEEN_FACE = (
    "Keep everything else identical to both pictures: the size and position of the character in the"
    " frame, the head, the shape of the face, hair, ears, neck, shoulders, clothes, colours,"
    " lighting, line and brush work, and the background. Do not crop, zoom, shift or turn anything."
    " Only the eyes, eyebrows, mouth and cheeks may differ, so that all three pictures can be laid"
    " over each other."
)

UNCHANGED_TWEEN_HEAD = (
    "Keep everything else identical to both pictures: the size and position of the character in the"
    " frame, the facial features, hair style, shoulders, clothes, colours, lighting, line and brush"
    " work, and the background. Do not crop, zoom or shift anything. Only the head, the hair that"
    " hangs from it and the neck may move."
)

SIDES = (
    "Left and right are always the character's own: in a portrait that faces the viewer, the"
    " character's left is on the right-hand side of the picture."
)

UNCHANGED_FACE_ONLY = (
    "Keep everything else identical: the size and position of the character in the frame, the"
    " head, the shape of the face, hair, ears, neck, shoulders, clothes, colours, lighting, line"
    " and brush work, and the background. Do not crop, zoom, shift or turn anything. Only the"
    " eyes, eyebrows, mouth and cheeks may differ, so that the two pictures can be laid over each"
    " other."
)

UNCHANGED_HEAD_ONLY = (
    "Keep everything else identical: the size and position of the character in the frame, the"
    " facial features, hair style, shoulders, clothes, colours, lighting, line and brush work, and"
    " the background. Do not crop, zoom or shift anything. Only the head, the hair that hangs from"
    " it and the neck may move."
)


def subject(character: Character) -> str:
    """Who is in the picture; nothing where the config does not say."""
    return f"The character: {_sentence(character.words)}" if character.words else ""


def expression_words(expression: Expression) -> str:
    """The phrases of an expression, in one line; its id where it has none."""
    phrases = [phrase.strip().rstrip(".;") for phrase in expression.words]
    return "; ".join(filter(None, phrases)) or expression.id.replace("_", " ")


def same_style(character: Character) -> str:
    """The style is the picture's own; where the config names it, its words were said above."""
    return (
        "Draw it in the same style as described and shown, as if by the same hand."
        if character.words
        else "Draw it in the same style, as if by the same hand."
    )


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _joined(*sentences: str) -> str:
    return "\n".join(filter(None, sentences))
