"""Digests of plain data."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ground.digest import canonical_json, digest_of

quick = settings(deadline=None, max_examples=80)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


def backwards(value):
    """The same data with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


@quick
@given(PLAIN)
def test_the_order_of_keys_and_a_way_through_json_change_no_digest(value):
    assert digest_of(backwards(value)) == digest_of(value)
    assert digest_of(json.loads(canonical_json(value))) == digest_of(value)


@quick
@given(PLAIN, PLAIN)
def test_equal_digests_mean_equal_data(one, other):
    spelled = [json.dumps(value, sort_keys=True) for value in (one, other)]
    assert (digest_of(one) == digest_of(other)) == (spelled[0] == spelled[1])


def test_the_order_of_a_list_counts():
    assert digest_of([1, 2]) != digest_of([2, 1])


def test_the_spelling_and_so_every_key_stays_what_it_was():
    value = {"b": [1, 0.5, None], "a": "Zoë"}
    assert canonical_json(value) == '{"a":"Zoë","b":[1,0.5,null]}'.encode()
    assert digest_of(value) == hashlib.sha256(canonical_json(value)).hexdigest()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_has_no_digest(number: float):
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of([number])
