import asyncio
import threading
from collections.abc import Sequence

import numpy as np

from tests.apps.serve.drawn import FACTS
from transferpain.apps.serve.batching import LARGEST_BATCH, Batcher
from transferpain.apps.serve.refusals import Refusal

PICTURES = [np.full((2, 2, 3), number, np.uint8) for number in range(20)]


class Counter:
    """Answers a picture with the number in it, once `go` is set; refuses 13 and fails on 7."""

    def __init__(self):
        self.facts = FACTS
        self.go = threading.Event()
        self.batches: list[list[int]] = []

    def assess(self, pictures: Sequence[np.ndarray]) -> list:
        self.go.wait(30)
        numbers = [int(picture[0, 0, 0]) for picture in pictures]
        self.batches.append(numbers)
        if 7 in numbers:
            raise RuntimeError("seven")
        return [Refusal(422, "thirteen", "Thirteen.") if number == 13 else number for number in numbers]


def ask(numbers: list[int], cancelled: tuple[int, ...] = ()) -> tuple[list, list[list[int]]]:
    """Return what all get who ask one after the other while the first is looked at, and what went together."""
    counter = Counter()
    batcher = Batcher(counter)

    async def all_of_them() -> list:
        batcher.start()
        tasks = []
        for number in numbers:
            tasks.append(asyncio.ensure_future(batcher.assess(PICTURES[number])))
            await asyncio.sleep(0.1 if len(tasks) == 1 else 0)
        for position in cancelled:
            tasks[position].cancel()
        await asyncio.sleep(0)
        counter.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(all_of_them())
    batcher.stop()
    return answers, counter.batches


def test_what_waits_goes_together_and_everybody_gets_the_own_answer():
    answers, batches = ask([*range(7), *range(8, 13)])
    assert answers == [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    assert batches == [[0], [1, 2, 3, 4, 5, 6, 8, 9], [10, 11, 12]]
    assert max(map(len, batches)) == LARGEST_BATCH


def test_a_refusal_is_for_one_only():
    answers, batches = ask([1, 12, 13, 14])
    assert batches == [[1], [12, 13, 14]]
    assert (answers[1], answers[3]) == (12, 14)
    assert answers[2].error == "thirteen"


def test_after_a_fault_the_next_are_served():
    answers, _ = ask([7, 1, 2])
    assert isinstance(answers[0], RuntimeError)
    assert answers[1:] == [1, 2]


def test_who_gave_up_costs_nothing():
    answers, batches = ask([1, 2, 3], cancelled=(1,))
    assert batches == [[1], [3]]
    assert isinstance(answers[1], asyncio.CancelledError)
    assert answers[2] == 3


def test_stopping_ends_the_thread():
    before = set(threading.enumerate())
    batcher = Batcher(Counter())
    batcher.start()
    assert set(threading.enumerate()) > before
    batcher.stop()
    assert set(threading.enumerate()) <= before
