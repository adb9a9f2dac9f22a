"""Schedules that can be played by hand."""

import pytest

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny
from transferpain.core.contracts import Stage
from transferpain.experiments.executors.base import Work
from transferpain.experiments.schedule import START_SECONDS, Played, play, schedule_rows, works_of_stages

EXPERIMENT = tiny(EXPERIMENTS, threads=1)


def work(name: str, seconds: float, *after: str) -> Work:
    return Work(name, EXPERIMENT, after=after, seconds=seconds)


# A source of 10 s and two cells of 4 s behind it; three cells of 6 s by themselves.
WORKS = [work("source", 10), work("a", 4, "source"), work("b", 4, "source"), *(work(one, 6) for one in "cde")]
SECONDS = {one.name: one.seconds for one in WORKS}


@pytest.mark.parametrize(
    ("slots", "seconds", "busy"),
    [
        (1, 36.0, 1.0),
        # The first: source 0-10, e 10-16, b 16-20; the second: c 0-6, d 6-12, a 12-16, and then nothing.
        (2, 20.0, 36 / 40),
        # The longest way: the source and a cell.
        (6, 14.0, 36 / 84),
        (1000, 14.0, 36 / 14000),
    ],
)
def test_a_schedule_takes_what_it_takes_by_hand(slots, seconds, busy):
    played = play(WORKS, SECONDS, slots)
    assert played == Played(seconds, pytest.approx(busy))


def test_nothing_takes_no_time():
    assert play([], {}, 4) == Played(0.0, 0.0)
    assert [row[1] for row in schedule_rows([], [1, 8], 1)] == ["0.00", "0.00"]


def test_more_processors_are_never_slower_and_end_at_the_longest_way():
    works = [work("source", 3600), *(work(str(number), 1800, "source") for number in range(50))]
    rows = schedule_rows(works, [1, 2, 8, 64, 1000], 1)
    hours = [float(row[1]) for row in rows]
    assert hours == sorted(hours, reverse=True)
    longest = (3600 + 1800 + 2 * START_SECONDS) / 3600
    assert {row[3] for row in rows} == {f"{longest:.2f}"}
    assert rows[-1][1] == f"{longest:.2f}"
    assert all(float(row[2]) >= longest for row in rows[-1:])
    assert hours[0] == pytest.approx((3600 + 50 * 1800 + 51 * START_SECONDS) / 3600, abs=0.01)


def test_a_work_of_two_threads_takes_two_processors():
    works = [work(str(number), 3600 - START_SECONDS) for number in range(4)]
    assert [row[1] for row in schedule_rows(works, [4, 8], 2)] == ["2.00", "1.00"]


def stage(experiment: str, name: str, seconds: float, of: str = "") -> Stage:
    return Stage(experiment, name, "work", seconds, 0.0, of)


def test_shared_stages_are_one_work_and_long_ones_are_dealt_out():
    source = [stage("source", "faces (mediapipe)", 120.0), stage("source", "training", 500.0, "source")]
    faces = stage("cell", "faces (dlib)", 30.0)
    chains = []
    for number in range(2):
        own = [faces, stage("cell", "features (vgg16)", 60.0, "source"), stage("cell", "head", 5.0, str(number))]
        chains.append((EXPERIMENT, [*source, *own]))
    works = works_of_stages(chains)
    # Estimates are of two processors, and a work has one thread here: twice as long; in shares of 120 s.
    assert [one.seconds for one in works] == [120.0, 120.0, 1000.0, 60.0, 120.0, 10.0, 10.0]
    names = [one.name for one in works]
    assert works[2].after == tuple(names[:2])
    assert works[3].after == ()
    assert set(works[4].after) == {names[2], names[3]}
    assert works[5].after == works[6].after == (names[4],)
