"""What a run counts: thousands that fail for one reason are said in a few lines."""

from tasks.running import lines
from tasks.running.record import RunRecord


def test_of_many_that_fail_for_one_reason_the_first_few_are_news():
    record = RunRecord()
    news = [record.is_news("the disk is full", f"e{number}", 5) for number in range(3000)]
    assert news.count(True) == 5
    assert all(news[:5])
    assert record.is_news("the server is gone", "late", 5)
    (alike,) = record.unsaid()
    said = lines.likewise(alike)
    assert said == "[!] 2,995 more failed as e0 did: e5, e6, e7, e8, e9, ..."


def test_few_are_all_named():
    record = RunRecord()
    for name in ("one", "two", "three"):
        record.is_news("not paid for", name, 1)
    (said,) = map(lines.likewise, record.unsaid())
    assert said == "[!] 2 more failed as one did: two, three"
    assert not list(RunRecord().unsaid())
