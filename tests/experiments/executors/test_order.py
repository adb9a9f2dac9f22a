"""What is begun next, by works whose times are made up."""

import pytest

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny
from transferpain.experiments.executors.base import Work
from transferpain.experiments.executors.order import Order, ways

EXPERIMENT = tiny(EXPERIMENTS)


def work(name: str, seconds: float = 1.0, *after: str) -> Work:
    return Work(name, EXPERIMENT, after=after, seconds=seconds, title=f"the {name}")


# A source of 10 s with two cells of 1 s; one cell of 5 s by itself.
WORKS = [work("alone", 5), work("first", 1, "source"), work("second", 2, "source"), work("source", 10)]


def begun(order: Order) -> list[str]:
    names = []
    while (one := order.next()) is not None:
        names.append(one.name)
    return names


def test_a_way_goes_to_the_end_of_what_waits():
    assert ways(WORKS) == {"alone": 5, "first": 1, "second": 2, "source": 12}


def test_the_longest_way_comes_first_and_what_waits_comes_behind():
    order = Order(WORKS)
    assert begun(order) == ["source", "alone"]
    assert [one.name for one in order.end("source", "")] == ["source"]
    assert begun(order) == ["second", "first"]
    for name in ("alone", "second", "first"):
        assert not order.is_over
        order.end(name, "")
    assert order.is_over


def test_works_of_one_length_keep_their_order():
    assert begun(Order([work(name, 0) for name in "cab"])) == ["c", "a", "b"]


def test_what_waits_for_a_failure_is_told_why_and_never_begun():
    order = Order([*WORKS, work("behind", 0.5, "first")])
    begun(order)
    outcomes = order.end("source", "no space")
    assert [(one.name, one.error, one.because_of) for one in outcomes] == [
        ("source", "no space", ""),
        ("second", "its the source failed: no space", "source"),
        ("first", "its the source failed: no space", "source"),
        ("behind", "its the source failed: no space", "source"),
    ]
    order.end("alone", "")
    assert order.is_over


def test_what_was_lost_comes_again_in_its_place():
    order = Order([work("short", 1), work("long", 9), work("middle", 5)])
    assert order.next().name == "long"
    order.again("long")
    assert begun(order) == ["long", "middle", "short"]


@pytest.mark.parametrize(
    ("works", "said"),
    [
        ([work("a"), work("a")], "one name"),
        ([work("a", 1, "b")], "waits for b, which is not"),
        ([work("a", 1, "b"), work("b", 1, "a")], "in a circle"),
    ],
)
def test_works_that_cannot_be_ordered_are_refused(works, said):
    with pytest.raises(ValueError, match=said):
        Order(works)


def test_what_is_ready_is_told_and_begun_in_one_go():
    order = Order(WORKS)
    assert [one.name for one in order.ready] == ["source", "alone"]
    order.begin(order.ready)
    assert order.ready == []
    assert order.next() is None
    order.end("source", "")
    assert [one.name for one in order.ready] == ["second", "first"]
    order.begin(order.ready[1:])
    assert begun(order) == ["second"]


def test_ten_thousand_works_are_ordered_without_looking_at_all_for_each():
    works = [work("source", 10), *(work(f"{number}", 1.0, "source") for number in range(10_000))]
    order = Order(works)
    assert begun(order) == ["source"]
    order.end("source", "")
    assert begun(order) == [one.name for one in works[1:]]
    for one in works[1:]:
        assert len(order.end(one.name, "")) == 1
    assert order.is_over
