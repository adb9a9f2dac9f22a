import json

import pytest

from tests.fuzz.harness import fuzz
from tests.fuzz.mutations import mutate
from tests.fuzz.reader import Choices, Reader
from tests.fuzz.registry import READERS
from transferpain.core.errors import UserError

QUICK = ("task", "--set", "UNBC FACS", "manifest", "skops array", "picture .png", "cached features")


def parse(folder, content: bytes) -> object:
    try:
        return json.loads(content.decode("ascii"))
    except ValueError as error:
        raise UserError("No JSON.") from error


def reader(read, change=lambda choices, seed: b"[2]") -> Reader:
    return Reader("list", (b"[1]",), read, change, 50)


def test_the_harness_sees_what_it_is_for():
    whole = fuzz(reader(parse), 60)
    assert whole.inputs == 60
    assert whole.read + whole.refused + whole.changed == 60
    assert min(whole.read, whole.refused, whole.changed) > 0
    assert set(whole.faults) <= {"RecursionError in the harness"}
    careless = fuzz(reader(lambda folder, content: content.decode("ascii")), 60)
    assert "UnicodeDecodeError in the harness" in careless.faults
    blind = fuzz(reader(lambda folder, content: len(content)), 60)
    assert blind.faults.keys() == {"a change was not noticed"}


def test_the_same_inputs_come_again():
    given: list[list[bytes]] = [[], []]
    for inputs in given:
        fuzz(reader(lambda folder, content, inputs=inputs: inputs.append(content)), 40)
    assert given[0] == given[1]
    assert len(set(given[0])) > 20


def test_damage_is_told_by_the_bytes_that_were_drawn():
    one, other = (mutate(Choices(bytes([value]) * 40), b"a,b\n1,2\n", ()) for value in (3, 91))
    assert one != other


@pytest.mark.parametrize("one", [one for one in READERS if one.name in QUICK], ids=lambda one: one.name)
def test_a_reader_refuses_or_reads(one):
    assert fuzz(one, 40).faults == {}


@pytest.mark.slow
def test_every_reader_refuses_or_reads():
    faults = {one.name: faults for one in READERS if (faults := fuzz(one, 60).faults)}
    assert faults == {}
    assert sum(one.inputs for one in READERS) >= 100_000
