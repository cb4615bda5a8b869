"""What a run needs of the system is said before it begins."""

import resource

import pytest

from tasks.ground.errors import Mistake
from tasks.running.needs import check_needs


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """The system's limits, to be changed."""
    given = {resource.RLIMIT_NOFILE: 1024, resource.RLIMIT_AS: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (given[which], given[which]))
    return given


def test_enough_is_no_matter(limits: dict[int, int]):
    check_needs(64)


def test_few_open_files_are_said_with_how_many_are_needed(limits: dict[int, int]):
    limits[resource.RLIMIT_NOFILE] = 20
    with pytest.raises(Mistake, match=r"20 open files .* 8 workers need 40"):
        check_needs(8)


def test_little_memory_is_said_with_how_much_is_needed(limits: dict[int, int]):
    limits[resource.RLIMIT_AS] = 1000 * 2**20
    with pytest.raises(Mistake, match=r"1000 MB .* 4 workers needs 1600 MB"):
        check_needs(4)
