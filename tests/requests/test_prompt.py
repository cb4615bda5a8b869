"""What an image model is told: every text is pinned, since each word is part of every request."""

from pathlib import Path

import pytest

from tasks.character import vocabulary
from tasks.character.character import Character, Expression, Generation, Pose
from tasks.character.face import Face
from tasks.models.facts import MAX_PROMPT_LENGTH
from tasks.requests import prompt
from tasks.requests.prompt import (
    HALFWAY,
    HALFWAY_FACE,
    HALFWAY_HEAD,
    ONE_DRAWING,
    SIDES,
    UNCHANGED_FACE_ONLY,
    UNCHANGED_HEAD_ONLY,
    UNCHANGED_TWEEN_FACE,
    UNCHANGED_TWEEN_HEAD,
    expression_words,
    extreme_prompt,
    same_style,
    subject,
    tilt_prompt,
    turn_prompt,
    tween_prompt,
)

POSE = Pose("side", "the head turned aside")
HAPPY = Expression("happy_big", ("a big smile", "the eyes narrowed", "glowing"))


def character_of(words: str) -> Character:
    return Character(words, "me.png", Face(), {}, {}, {}, (), Generation())


FOX = character_of("A red fox in a waistcoat. Ink and wash")
NOBODY = character_of("")


def test_the_rule_of_left_and_right():
    assert SIDES == (
        "Left and right are always the character's own: in a portrait that faces the viewer, the"
        " character's left is on the right-hand side of the picture."
    )


def test_what_must_not_change_when_only_the_face_does():
    assert UNCHANGED_FACE_ONLY == (
        "Keep everything else identical: the size and position of the character in the frame, the"
        " head, the shape of the face, hair, ears, neck, shoulders, clothes, colours, lighting,"
        " line and brush work, and the background. Do not crop, zoom, shift or turn anything. Only"
        " the eyes, eyebrows, mouth and cheeks may differ, so that the two pictures can be laid"
        " over each other."
    )


def test_what_must_not_change_when_only_the_head_moves():
    assert UNCHANGED_HEAD_ONLY == (
        "Keep everything else identical: the size and position of the character in the frame, the"
        " facial features, hair style, shoulders, clothes, colours, lighting, line and brush work,"
        " and the background. Do not crop, zoom or shift anything. Only the head, the hair that"
        " hangs from it and the neck may move."
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("A red fox", "The character: A red fox."),
        ("A red fox.", "The character: A red fox."),
        ("A fox!", "The character: A fox!"),
        ("", ""),
    ],
)
def test_the_subject_is_the_character_s_words_as_a_sentence(words: str, said: str):
    assert subject(character_of(words)) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a smile", "wide eyes"), "a smile; wide eyes"),
        ((" a smile. ", "", "wide eyes;"), "a smile; wide eyes"),
        ((), "happy big"),
        ((" . ",), "happy big"),
    ],
)
def test_an_expression_is_its_phrases_in_one_line_or_its_name(words, said: str):
    assert expression_words(Expression("happy_big", words)) == said


def test_the_style_refers_to_a_description_only_where_there_is_one():
    shown_only = "Draw it in the same style, as if by the same hand."
    described = "Draw it in the same style as described and shown, as if by the same hand."
    assert same_style(NOBODY) == shown_only
    assert same_style(FOX) == described


def test_the_prompt_for_an_extreme():
    assert extreme_prompt(FOX, POSE, HAPPY).split("\n") == [
        "Edit this portrait: change only the facial expression.",
        "The character: A red fox in a waistcoat. Ink and wash.",
        "The new expression: a big smile; the eyes narrowed; glowing.",
        "The head stays exactly as it is in the picture: the head turned aside.",
        SIDES,
        UNCHANGED_FACE_ONLY,
        "Draw it in the same style as described and shown, as if by the same hand.",
    ]


def test_the_prompt_for_a_tilt():
    neutral = Expression("neutral", ("the mouth relaxed",))
    assert tilt_prompt(FOX, POSE, neutral).split("\n") == [
        "Edit this portrait: change only how the head is held.",
        "The character: A red fox in a waistcoat. Ink and wash.",
        "The new head position: the head turned aside.",
        "The facial expression stays as it is: the mouth relaxed.",
        SIDES,
        UNCHANGED_HEAD_ONLY,
        "Draw it in the same style as described and shown, as if by the same hand.",
    ]


@pytest.mark.parametrize("compose", [extreme_prompt, tilt_prompt])
def test_a_character_without_words_leaves_no_empty_line(compose):
    lines = compose(NOBODY, POSE, HAPPY).split("\n")
    assert len(lines) == 6
    assert all(lines)
    assert not any("The character:" in line for line in lines)


@pytest.mark.parametrize("compose", [extreme_prompt, tilt_prompt])
def test_words_of_a_pose_that_are_a_sentence_get_no_second_full_stop(compose):
    pose = Pose("side", "The head is turned aside.")
    assert ": The head is turned aside.\n" in compose(FOX, pose, HAPPY)


@pytest.mark.parametrize("compose", [extreme_prompt, tilt_prompt])
def test_one_word_of_character_pose_or_expression_changes_the_prompt(compose):
    said = compose(FOX, POSE, HAPPY)
    assert compose(character_of("A red fax"), POSE, HAPPY) != said
    assert compose(FOX, Pose("side", "the head turned back"), HAPPY) != said
    assert compose(FOX, POSE, Expression("happy_big", ("a bigger smile",))) != said


# In-betweens


def test_an_in_between_is_halfway_between_the_two_pictures_that_are_shown():
    assert HALFWAY == (
        "The first picture and the second picture are two frames of one animation, in order. Draw"
        " the one in-between that lies exactly halfway from the first picture to the second"
        " picture."
    )
    assert HALFWAY_FACE == (
        "Each part of the face has gone half of its way: eyelids, gaze, eyebrows, cheeks, lips and"
        " jaw are each midway between where the first picture and the second picture show them."
        " What is closed in one picture and open in the other is half as far open; what is the"
        " same in both stays the same."
    )
    assert HALFWAY_HEAD == (
        "The head has gone half of its way: its tilt, turn and nod are each midway between those"
        " of the first picture and of the second picture, and so is its place. The neck and the"
        " hair that hangs from the head are midway, too; what is the same in both pictures stays"
        " the same."
    )
    assert ONE_DRAWING == (
        "It is a single, finished drawing with outlines as firm as in the two pictures: nothing is"
        " doubled, ghosted, blurred or faded from one picture into the other."
    )


def test_what_must_not_change_in_an_in_between():
    assert UNCHANGED_TWEEN_FACE == (
        "Keep everything else identical to both pictures: the size and position of the character"
        " in the frame, the head, the shape of the face, hair, ears, neck, shoulders, clothes,"
        " colours, lighting, line and brush work, and the background. Do not crop, zoom, shift or"
        " turn anything. Only the eyes, eyebrows, mouth and cheeks may differ, so that all three"
        " pictures can be laid over each other."
    )
    assert UNCHANGED_TWEEN_HEAD == (
        "Keep everything else identical to both pictures: the size and position of the character"
        " in the frame, the facial features, hair style, shoulders, clothes, colours, lighting,"
        " line and brush work, and the background. Do not crop, zoom or shift anything. Only the"
        " head, the hair that hangs from it and the neck may move."
    )


def test_the_prompt_for_an_in_between_of_two_expressions():
    assert tween_prompt(FOX, POSE).split("\n") == [
        f"{HALFWAY} Change only the facial expression.",
        "The character: A red fox in a waistcoat. Ink and wash.",
        HALFWAY_FACE,
        ONE_DRAWING,
        "The head stays exactly as it is in both pictures: the head turned aside.",
        SIDES,
        UNCHANGED_TWEEN_FACE,
        "Draw it in the same style as described and shown, as if by the same hand.",
    ]


def test_the_prompt_for_an_in_between_of_two_poses():
    glowing = Expression("glow", ("wide eyes", "glowing"))
    assert turn_prompt(FOX, glowing).split("\n") == [
        f"{HALFWAY} Change only how the head is held.",
        "The character: A red fox in a waistcoat. Ink and wash.",
        HALFWAY_HEAD,
        ONE_DRAWING,
        "The facial expression stays as it is in both pictures: wide eyes; glowing.",
        SIDES,
        UNCHANGED_TWEEN_HEAD,
        "Draw it in the same style as described and shown, as if by the same hand.",
    ]


def test_an_in_between_of_a_character_without_words_leaves_no_empty_line():
    for said in (tween_prompt(NOBODY, POSE), turn_prompt(NOBODY, HAPPY)):
        lines = said.split("\n")
        assert len(lines) == 7
        assert all(lines)
        assert not any("The character:" in line for line in lines)


def test_one_word_of_the_character_or_of_what_stays_changes_the_words_for_an_in_between():
    fax = character_of("A red fax")
    assert tween_prompt(fax, POSE) != tween_prompt(FOX, POSE)
    assert tween_prompt(FOX, Pose("side", "the head turned back")) != tween_prompt(FOX, POSE)
    assert turn_prompt(fax, HAPPY) != turn_prompt(FOX, HAPPY)
    assert turn_prompt(FOX, Expression("happy_big", ("a bigger smile",))) != turn_prompt(FOX, HAPPY)


def test_nothing_in_the_words_says_how_far_along_the_sequence_an_in_between_is():
    for said in (tween_prompt(NOBODY, POSE), turn_prompt(NOBODY, HAPPY)):
        assert not any(letter.isdigit() for letter in said)
        assert said.index("first picture") < said.index("second picture")


def test_the_program_s_own_words_leave_room_for_the_character_s():
    room = 8_000  # the most that the config takes of each
    assert len(tween_prompt(character_of("w" * room), Pose("p", "w" * room))) < MAX_PROMPT_LENGTH
    own = len(tween_prompt(NOBODY, Pose("p", "w"))), len(turn_prompt(NOBODY, HAPPY))
    assert max(own) < 2_000


@pytest.mark.parametrize("module", [prompt, vocabulary])
def test_nothing_about_any_particular_character_is_written_in_the_program(module):
    text = Path(module.__file__).read_text(encoding="utf-8").lower()
    ours = [
        "boy",
        "girl",
        "man ",
        "woman",
        "chestnut",
        "freckle",
        "sweater",
        "watercolour",
        "anime",
    ]
    assert [word for word in ours if word in text] == []
